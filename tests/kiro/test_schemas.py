"""What is cleaned out of a schema, and what only looks as if it should be."""

from typing import Any

import pytest

from gateway import jsontext
from gateway.kiro.schemas import KEPT, KnownSchemas, clean

OBJECT: dict[str, Any] = {"type": "object", "properties": {}}


def within(schema: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"p": schema}}


@pytest.mark.parametrize(
    ("schema", "cleaned"),
    [
        ({}, OBJECT),
        ({"type": "object"}, OBJECT),
        ({"type": ["object", "null"], "properties": {}}, OBJECT),
        ({"type": "string"}, OBJECT),
        ({"properties": None, "type": "object"}, OBJECT),
        ({"properties": [], "type": "object"}, OBJECT),
        ({**OBJECT, "$schema": "x", "additionalProperties": False, "required": []}, OBJECT),
        ({**OBJECT, "required": None}, OBJECT),
        ({**OBJECT, "required": "p"}, OBJECT),
        ({**OBJECT, "description": None}, OBJECT),
        ({**OBJECT, "anyOf": [{"required": []}]}, {**OBJECT, "anyOf": [{}]}),
    ],
)
def test_the_root_is_an_object_with_properties(schema: dict[str, Any], cleaned: dict[str, Any]) -> None:
    assert clean(schema) == cleaned


@pytest.mark.parametrize(
    ("schema", "cleaned"),
    [
        (None, {}),
        (True, True),
        ({"type": "object", "additionalProperties": {"type": "string"}}, {"type": "object"}),
        ({"items": {"additionalProperties": True, "type": "object"}}, {"items": {"type": "object"}}),
        ({"items": [{"default": None}, {}]}, {"items": [{}, {}]}),
        ({"anyOf": [{"required": []}, {"type": "null"}]}, {"anyOf": [{}, {"type": "null"}]}),
        ({"enum": ["a", None]}, {"enum": ["a"]}),
        ({"const": None, "default": None}, {}),
        ({"default": {"a": None, "b": 1}}, {"default": {"b": 1}}),
        (
            {"default": {"required": [], "additionalProperties": 1}},
            {"default": {"required": [], "additionalProperties": 1}},
        ),
        ({"$defs": {"x": {"additionalProperties": False}}}, {"$defs": {"x": {}}}),
        ({"not": {"required": []}, "$ref": "#/$defs/x"}, {"not": {}, "$ref": "#/$defs/x"}),
        ({"required": ["a", None]}, {"required": ["a"]}),
    ],
)
def test_every_level_is_cleaned(schema: Any, cleaned: Any) -> None:
    assert clean(within(schema)) == within(cleaned)


def test_a_property_may_have_the_name_of_a_keyword() -> None:
    names = ("required", "additionalProperties", "$schema", "properties", "enum", "items")
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in names}, "required": ["required"]}
    assert clean(schema) == schema


def test_a_property_called_properties_is_walked_as_a_schema() -> None:
    schema = within({"properties": {"properties": {"additionalProperties": False}}})
    assert clean(schema) == within({"properties": {"properties": {}}})


def test_a_clean_schema_is_not_copied() -> None:
    schema = within({"type": "array", "items": {"enum": ["a", 1]}, "minItems": 0})
    assert clean(schema) is schema


def test_the_clients_schema_is_never_changed() -> None:
    schema = within({"additionalProperties": False, "enum": [None]})
    clean(schema)
    assert schema == within({"additionalProperties": False, "enum": [None]})


SCHEMAS = [within({"minimum": 1}), within({"minimum": True}), within({"default": None}), {}, {"$schema": "x"}]


def test_a_known_schema_is_the_cleaned_one_as_json() -> None:
    known = KnownSchemas()
    for schema in SCHEMAS * 2:
        assert jsontext.encode(known.clean(schema)) == jsontext.encode(clean(schema))


def test_a_schema_is_cleaned_once() -> None:
    known = KnownSchemas()
    assert known.clean(within({"minimum": 1})) is known.clean(within({"minimum": 1}))


def test_the_oldest_schemas_make_room() -> None:
    small, other, large = within({"minimum": 1}), within({"minimum": 2}), within({"title": "x" * 60})
    known = KnownSchemas(most_bytes=120)
    first, second = known.clean(small), known.clean(other)
    assert known.clean(other) is second
    known.clean(large)
    assert known.clean(small) is not first and known.clean(large) == known.clean(large)


def test_a_schema_larger_than_the_memory_drops_no_other() -> None:
    known = KnownSchemas(most_bytes=120)
    small = within({"minimum": 1})
    first = known.clean(small)
    known.clean(within({"title": "x" * 200}))
    assert known.clean(small) is first


def test_only_so_many_schemas_are_remembered() -> None:
    known = KnownSchemas()
    first, second = (known.clean(within({"minimum": number})) for number in range(2))
    for number in range(2, KEPT + 1):
        known.clean(within({"minimum": number}))
    assert known.clean(within({"minimum": 1})) is second
    assert known.clean(within({"minimum": 0})) is not first
