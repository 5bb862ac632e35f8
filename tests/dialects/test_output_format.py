"""The demand for JSON: every spelling means the same; a schema over a limit or with outside references is refused."""

from typing import Any

import pytest

from gateway import jsontext
from gateway.conversation import OutputFormat
from gateway.dialects.output_format import FLAT, FLAT_OR_TEXT, MOST_BYTES, MOST_NODES, NESTED, output_format
from gateway.errors import GatewayError

SCHEMA = {"type": "object", "properties": {"a": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"type": "integer"}}}
JSON = jsontext.encode(SCHEMA)


def demand(schema: dict[str, Any]) -> OutputFormat | None:
    return output_format({"type": "json_schema", "schema": schema}, "output_config.format")


def refusal(schema: dict[str, Any]) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        demand(schema)
    assert (caught.value.kind.status, caught.value.path) == (400, "output_config.format.schema")
    return caught.value


@pytest.mark.parametrize(
    ("check", "value", "meaning"),
    [
        (FLAT, {"type": "json_schema", "schema": SCHEMA}, OutputFormat(JSON, "format.schema")),
        (
            FLAT_OR_TEXT,
            {"type": "json_schema", "name": "x", "schema": SCHEMA, "strict": True},
            OutputFormat(JSON, "format.schema"),
        ),
        (FLAT_OR_TEXT, {"type": "json_object"}, OutputFormat()),
        (FLAT_OR_TEXT, {"type": "text"}, None),
        (
            NESTED,
            {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}},
            OutputFormat(JSON, "format.json_schema.schema"),
        ),
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
    "schema", [{"items": {"$ref": "http://127.0.0.1/elsewhere"}}, {"anyOf": [{"$ref": "file:///etc/passwd"}]}]
)
def test_a_reference_outside_the_schema_is_refused_with_its_path(schema: dict[str, Any]) -> None:
    assert "Only references within the schema" in refusal(schema).message


def test_a_property_may_be_called_like_a_reference() -> None:
    assert demand({"properties": {"$ref": {"type": "string"}}}) is not None


@pytest.mark.parametrize("letter", ["a", "é", "\n"])
def test_the_largest_schema_has_512_kilobytes_as_it_is_written(letter: str) -> None:
    written = len(jsontext.encode(letter)) - 2
    empty = len(jsontext.encode({"title": ""}))
    number, odd = divmod(MOST_BYTES - empty, written)
    largest = {"title": letter * number + "x" * odd}
    found = demand(largest)
    assert found is not None and found.schema is not None and len(found.schema) == MOST_BYTES
    assert "larger than 512 KB" in refusal({"title": f"{largest['title']}x"}).message


@pytest.mark.parametrize(
    "wrap", [lambda items: {"enum": items}, lambda items: {str(i): 0 for i, _ in enumerate(items)}]
)
def test_the_largest_schema_has_20000_nodes(wrap: Any) -> None:
    outer = 1 + len(wrap([0])) if "enum" in wrap([0]) else 1
    assert demand(wrap([0] * (MOST_NODES - outer))) is not None
    assert "more than 20000 nodes" in refusal(wrap([0] * (MOST_NODES - outer + 1))).message


def test_nodes_count_at_every_depth() -> None:
    pair = {"a": [0, {}]}  # five with the number in it, and itself
    schema = {"enum": [pair] * 4999, "x": 0, "y": 0}
    assert demand(schema) is not None
    assert "nodes" in refusal({**schema, "z": 0}).message


@pytest.mark.parametrize("sign", [1, -1])
def test_an_integer_beyond_a_double_is_refused_without_writing_it(sign: int) -> None:
    assert demand({"maximum": sign * ((1 << 1024) - 1)}) is not None
    assert "integer beyond" in refusal({"items": {"maximum": [0, sign * (1 << 1024)]}}).message
