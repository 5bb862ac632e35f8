from typing import Any

import pytest

from gateway.simulator.arguments import fill


def of(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {name: schema}, "required": [name]}


@pytest.mark.parametrize(
    ("schema", "words", "value"),
    [
        ({"type": "string"}, "say `hi there`", "hi there"),
        ({"type": "string"}, 'say "hi"', "hi"),
        ({"type": "string"}, "say 'hi'", "hi"),
        ({"type": "string"}, "don't say it's so", "don't say it's so"),
        ({"type": "string"}, "x=1,y=2", "1"),
        ({"type": "string"}, 'x: "one two"', "one two"),
        ({"type": "string", "format": "date"}, "when", "2026-01-31"),
        ({"type": "integer"}, "x=42", 42),
        ({"type": "integer", "minimum": 5}, "go", 5),
        ({"type": "number", "maximum": 0.5}, "go", 0.5),
        ({"type": "boolean"}, "x=false", False),
        ({"type": "boolean"}, "go", True),
        ({"type": ["null", "integer"]}, "x=3", 3),
        ({"type": "null"}, "go", None),
        ({"enum": ["red", "blue"]}, "make it blue", "blue"),
        ({"enum": ["red", "blue"]}, "go", "red"),
        ({"const": 7}, "x=8", 7),
        ({"type": "string", "default": "d"}, "go", "d"),
        ({"type": "string", "default": "d"}, "x=e", "e"),
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, "`v`", "v"),
        ({"type": "array", "items": {"type": "string"}}, "`a`", ["a"]),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, "go", [1, 1]),
        ({"type": "array"}, "go", []),
    ],
)
def test_a_required_property_is_filled_by_its_type(schema: dict[str, Any], words: str, value: Any) -> None:
    assert fill(of("x", schema), words) == {"x": value}


def test_quoted_values_go_to_the_strings_that_have_no_value_of_their_own() -> None:
    schema = {
        "type": "object",
        "properties": {"path": {"type": "string"}, "text": {"type": "string"}, "mode": {"type": "string"}},
        "required": ["path", "text"],
    }
    assert fill(schema, 'write "hello" to path=`a.txt`') == {"path": "a.txt", "text": "hello"}


def test_a_property_that_is_not_required_is_filled_only_when_named() -> None:
    schema = {"type": "object", "properties": {"unit": {"type": "string"}}}
    assert (fill(schema, "go"), fill(schema, "unit=C")) == ({}, {"unit": "C"})


@pytest.mark.parametrize(("name", "value"), [("file_path", "README.md"), ("command", "echo simulator"), ("q", "go")])
def test_a_string_without_a_value_gets_one_that_suits_its_name(name: str, value: str) -> None:
    assert fill(of(name, {"type": "string"}), "go") == {name: value}


def test_references_are_followed_and_recursion_ends() -> None:
    node = of("next", {"$ref": "#/$defs/Node"})
    filled = fill({"$ref": "#/$defs/Node", "$defs": {"Node": node}}, "go")
    assert isinstance(filled["next"], dict)


@pytest.mark.parametrize("schema", [{}, {"$ref": "#/nowhere"}, {"type": "string"}])
def test_a_schema_that_says_nothing_gets_no_arguments(schema: dict[str, Any]) -> None:
    assert fill(schema, "go") == {}


def test_parts_of_all_of_are_filled_together() -> None:
    schema = {
        "type": "object",
        "allOf": [{"properties": {"a": {"type": "integer"}}}, {"properties": {"b": {"type": "string"}}}],
        "required": ["a", "b"],
    }
    assert fill(schema, "a=2 b=c") == {"a": 2, "b": "c"}


def test_no_schema_makes_it_write_for_hours() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string"}, "minItems": 10**12}}}
    assert fill({**schema, "required": ["a"]}, "go") == {"a": ["go"] * 10}
