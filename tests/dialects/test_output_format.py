"""The demand for JSON: every API's spelling means the same, and a schema that cannot be applied is refused."""

from typing import Any

import pytest

from gateway.conversation import OutputFormat
from gateway.dialects.output_format import FLAT, FLAT_OR_TEXT, NESTED, output_format
from gateway.errors import GatewayError

SCHEMA = {"type": "object", "properties": {"a": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("check", "value", "meaning"),
    [
        (FLAT, {"type": "json_schema", "schema": SCHEMA}, OutputFormat(SCHEMA)),
        (FLAT_OR_TEXT, {"type": "json_schema", "name": "x", "schema": SCHEMA, "strict": True}, OutputFormat(SCHEMA)),
        (FLAT_OR_TEXT, {"type": "json_object"}, OutputFormat()),
        (FLAT_OR_TEXT, {"type": "text"}, None),
        (NESTED, {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}, OutputFormat(SCHEMA)),
        (NESTED, {"type": "json_schema", "json_schema": {"name": "x"}}, OutputFormat()),
        (NESTED, {"type": "json_object"}, OutputFormat()),
        (NESTED, {"type": "text"}, None),
    ],
)
def test_each_spelling_has_its_meaning(check: Any, value: dict[str, Any], meaning: OutputFormat | None) -> None:
    assert check(value) is None
    assert output_format(value, "format") == meaning


def test_nothing_asked_is_nothing_meant() -> None:
    assert output_format(None, "format") is None


@pytest.mark.parametrize("check", [FLAT, FLAT_OR_TEXT, NESTED])
@pytest.mark.parametrize("value", [{}, {"type": "xml"}, {"type": "json_schema", "schema": 5, "json_schema": 5}, "json"])
def test_another_shape_is_refused(check: Any, value: Any) -> None:
    assert check(value)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "objekt"},
        {"properties": []},
        {"$schema": ["odd"]},
        {"items": {"$ref": "http://127.0.0.1/elsewhere"}},
        {"anyOf": [{"$ref": "file:///etc/passwd"}]},
    ],
)
def test_a_schema_that_is_none_or_reaches_outside_is_refused_with_its_path(schema: dict[str, Any]) -> None:
    with pytest.raises(GatewayError) as caught:
        output_format({"type": "json_schema", "schema": schema}, "output_config.format")
    assert caught.value.kind.status == 400
    assert caught.value.path == "output_config.format.schema"


def test_a_property_may_be_called_like_a_reference() -> None:
    schema = {"properties": {"$ref": {"type": "string"}}}
    assert output_format({"type": "json_schema", "schema": schema}, "format") == OutputFormat(schema)
