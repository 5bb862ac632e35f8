"""Schemas and texts as the worker judges them: what is valid, and what is said of the rest."""

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, SchemaError

from gateway import jsontext
from gateway.json_schema import Job, JobResult, Outcome
from gateway.json_schema.metaschema import flat_validator
from gateway.json_schema.validation import KEPT, KEPT_BYTES, Validators, complaint, validator_of

PERSON: dict[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"$ref": "#/$defs/age"}},
    "required": ["name"],
    "additionalProperties": False,
    "$defs": {"age": {"type": "integer", "minimum": 0}},
}
BAD_SCHEMAS: list[Any] = [
    {"type": "objekt"},
    {"properties": []},
    {"properties": {"a": {"type": "nothing"}}},
    {"allOf": []},
    {"pattern": "("},
    {"pattern": "a{99999999999999}"},
    {"patternProperties": {"[": {}}},
    {"$defs": {"a": {"minLength": -1}}},
    {"required": ["a", "a"]},
    {"$id": "#x"},
    {"$dynamicRef": 5},
    {"contentSchema": 5},
    {"unevaluatedItems": []},
    {"dependencies": {"a": 5}},
]
ODD_SCHEMAS: list[Any] = [{"$schema": ["odd"]}, {"$schema": "http://["}, {"$schema": 5}]
GOOD_SCHEMAS: list[Any] = [
    {},
    PERSON,
    {"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"a": True}},
    {"$schema": "https://json-schema.org/draft/2019-09/schema", "$recursiveRef": "#"},
    {"$schema": "https://example.org/unknown", "type": "string"},
    {"properties": {"$dynamicRef": {"type": "string"}, "$ref": {}, "properties": {"const": None}}},
    {"$ref": "#/$defs/none"},
    {"anyOf": [True, {"not": False}], "dependencies": {"a": ["b"], "c": {}}},
]
VALUES = st.recursive(
    st.sampled_from([None, True, False, 0, 1, 1.0, -0.0, "", "1", "a"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)
FLAT = flat_validator()
KEYWORDS = sorted(FLAT.schema["properties"])
SCHEMAS = st.recursive(
    st.sampled_from([True, False, None, 0, -1, 1.5, "", "#", "string", "a b", "(", [], ["a"], ["a", "a"], {}]),
    lambda inner: (
        st.dictionaries(st.sampled_from(KEYWORDS), inner, max_size=3)
        | st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=8,
)


def job(schema: Any, text: str | None = None, *, known: bool = False) -> Job:
    source = jsontext.encode(schema)
    raw = None if text is None else text.encode()
    return Job(1.0, hashlib.sha256(source).digest(), None if known else source, raw)


def found(text: str, schema: dict[str, Any] | None = PERSON) -> tuple[str, str] | None:
    return complaint(text.encode(), None if schema is None else validator_of(schema))


@pytest.mark.parametrize("schema", GOOD_SCHEMAS)
def test_a_valid_schema_is_ok(schema: Any) -> None:
    assert Validators().answer(job(schema)) == JobResult(Outcome.OK, compiled=True)


@pytest.mark.parametrize("schema", [*BAD_SCHEMAS, *ODD_SCHEMAS])
def test_another_schema_is_invalid_whatever_it_makes_jsonschema_raise(schema: Any) -> None:
    assert Validators().answer(job(schema)) == JobResult(Outcome.INVALID)


@pytest.mark.parametrize("schema", [*BAD_SCHEMAS, *GOOD_SCHEMAS, {"a" * 9: [{}] * 50}, True, False, 5, None, []])
def test_the_flat_metaschema_finds_what_the_official_one_finds(schema: Any) -> None:
    try:
        Draft202012Validator.check_schema(schema)
        valid = True
    except (SchemaError, OverflowError):
        valid = False
    try:
        flat = next(flat_validator().iter_errors(schema), None) is None
    except OverflowError:
        flat = False
    assert flat == valid


@given(SCHEMAS)
def test_the_flat_metaschema_agrees_with_the_official_one(schema: Any) -> None:
    official = Draft202012Validator(
        Draft202012Validator.META_SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    assert FLAT.is_valid(schema) == official.is_valid(schema)


@pytest.mark.parametrize("text", ['{"name": "Ada", "age": 36}', ' {"name":"\\ud83d"} '])
def test_text_that_is_valid_by_its_schema_is_ok(text: str) -> None:
    assert Validators().answer(job(PERSON, text)) == JobResult(Outcome.OK, compiled=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"age": 3}', "$ is not valid by 'required'"),
        ('{"name": "Ada", "age": -1}', "$.age is not valid by 'minimum'"),
        ('{"name": "Ada", "x": 1}', "$ is not valid by 'additionalProperties'"),
        ("[]", "$ is not valid by 'type'"),
        ("Sure! {}", "it is not JSON"),
        ('{"name": "Ada"', "it is not JSON"),
        ("", "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
    ],
)
def test_the_complaint_says_what_is_wrong_and_nothing_of_the_text(text: str, message: str) -> None:
    answer = Validators().answer(job(PERSON, text))
    assert answer.outcome is Outcome.INVALID and message in answer.complaint and "Ada" not in answer.complaint


def test_without_a_schema_any_object_is_valid_and_nothing_else() -> None:
    assert Validators().answer(Job(1.0, text=b'{"anything": [1]}')) == JobResult(Outcome.OK)
    assert "not a JSON object" in Validators().answer(Job(1.0, text=b"[1]")).complaint


def test_the_model_gets_a_longer_reason_than_the_client() -> None:
    assert found('{"name": 5}') == ("$.name is not valid by 'type'", "At $.name: 5 is not of type 'string'")


@pytest.mark.parametrize(
    "schema", [{"$ref": "#/$defs/none"}, {"$ref": "#"}, {"pattern": "("}, {"pattern": "a{9999999999}"}]
)
def test_a_schema_that_cannot_be_applied_is_a_complaint(schema: dict[str, Any]) -> None:
    reason = found('"x"', schema)
    assert reason is not None and "cannot be applied" in reason[0]


def test_a_large_value_is_not_repeated_to_the_model() -> None:
    reason = found('["' + "x" * 10_000 + '"]', {"items": {"type": "integer"}})
    assert reason is not None and len(reason[1]) == 500


@given(st.lists(VALUES, max_size=6))
def test_items_are_unique_as_jsonschema_finds_them(items: list[Any]) -> None:
    official = Draft202012Validator({"uniqueItems": True}).is_valid(items)
    assert (found(jsontext.encode(items).decode(), {"uniqueItems": True}) is None) == official


@pytest.mark.parametrize("draft", ["http://json-schema.org/draft-04/schema#", None])
def test_uniqueness_of_20000_objects_is_found(draft: str | None) -> None:
    many = jsontext.encode([{"a": {"b": number}} for number in range(20_000)]).decode()
    schema = {"items": {}, "uniqueItems": True} | ({"$schema": draft} if draft else {})
    assert found(many, schema) is None
    reason = found(many.replace("19999", "7"), schema)
    assert reason is not None and reason[0] == "$ is not valid by 'uniqueItems'"


def test_a_schema_is_made_ready_once_and_found_by_its_digest() -> None:
    validators = Validators()
    assert validators.answer(job(PERSON, "{}", known=True)) == JobResult(Outcome.UNKNOWN)
    assert validators.answer(job(PERSON)).compiled
    for text in ("{}", '{"name": "Ada"}'):
        answer = validators.answer(job(PERSON, text, known=True))
        assert answer.outcome is not Outcome.UNKNOWN and not answer.compiled


def test_the_oldest_schemas_are_dropped_by_number_and_by_size() -> None:
    validators = Validators()
    first = {"title": "first"}
    validators.answer(job(first))
    for number in range(KEPT - 1):
        validators.answer(job({"title": str(number)}))
    assert validators.answer(job(first, "5", known=True)) == JobResult(Outcome.OK)
    validators.answer(job({"title": "x" * (KEPT_BYTES - 100)}))
    assert validators.answer(job(first, "5", known=True)) == JobResult(Outcome.OK)
    validators.answer(job({"title": "x" * 200}))
    assert validators.answer(job({"title": "0"}, "5", known=True)) == JobResult(Outcome.UNKNOWN)
