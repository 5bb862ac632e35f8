"""marshmallow's errors as ours."""

from typing import Any

import pytest
from marshmallow import ValidationError, fields, validate

from gateway.dialects import shape
from gateway.dialects.fields import Checked, RequestSchema, refusal
from gateway.errors import GatewayError, Kind


class Example(RequestSchema):
    name = Checked(shape.word, required=True)
    items = Checked(shape.list_of(shape.record({"text": shape.string})))


EXAMPLE = Example()


def refused(body: Any) -> GatewayError:
    with pytest.raises(ValidationError) as caught:
        EXAMPLE.load(body)
    return refusal(caught.value)


def test_values_are_returned_as_the_very_objects_that_came() -> None:
    items = [{"text": "a", "cache_control": {"type": "ephemeral"}}]
    assert EXAMPLE.load({"name": "n", "items": items})["items"] is items


def test_unknown_fields_pass_even_with_names_like_paths() -> None:
    EXAMPLE.load({"name": "n", "name.more": 1, "": 2, "\ud800": 3, "a.b.c": None})


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ({}, "name", "Field required"),
        ({"name": None}, "name", "Input should not be null"),
        ({"name": 5}, "name", "Input should be a valid string"),
        ({"name": "n", "items": [{"text": "a"}, {}]}, "items.1.text", "Field required"),
        ({"name": "n", "items": {}}, "items", "Input should be a valid list"),
        ([], None, "The request body must be a JSON object"),
    ],
)
def test_a_refusal_has_the_path_and_a_sentence(body: Any, path: str | None, message: str) -> None:
    error = refused(body)
    assert (error.kind, error.path, error.message) == (Kind.INVALID_REQUEST, path, message)


def test_null_stands_for_an_absent_optional_field() -> None:
    EXAMPLE.load({"name": "n", "items": None})


CANARY = "c4n4ry-0123456789"


@pytest.mark.parametrize(
    "body",
    [
        {"name": [CANARY]},
        {"name": "n", "items": [{CANARY: 1}]},
        {"name": "n", "items": CANARY},
        {"name": "n", "items": [CANARY]},
        {CANARY: CANARY},
    ],
)
def test_nothing_of_the_input_is_in_a_refusal(body: Any) -> None:
    error = refused(body)
    assert CANARY not in f"{error.path} {error.message}"


class _Mixed(RequestSchema):
    whole = Checked(shape.boolean)
    loose = fields.String(validate=validate.Length(max=3))


@pytest.mark.parametrize("body", [{"loose": "long text"}, {"loose": 7}, {"whole": 1}, []])
def test_a_schema_with_other_fields_than_our_checks_is_walked_by_marshmallow(body: object) -> None:
    with pytest.raises(ValidationError):
        _Mixed().load(body)
