"""JSON as the client APIs demand it of an answer: the shape of the demand, and its meaning."""

from collections.abc import Mapping
from itertools import chain
from typing import Any, Final

from gateway import jsontext
from gateway.conversation import OutputFormat
from gateway.dialects.shape import Check, mapping, nullable, record, string, tagged
from gateway.errors import GatewayError, Kind

MOST_BYTES: Final = 512 * 1024
"""Of a schema's JSON as we write it. It goes into the prompt: this is more than most models' whole context."""

MOST_NODES: Final = 20_000
"""Values in a schema, it included. Checking one costs 10 to 50 µs a node; honest schemas have 7 nodes to 100 bytes."""

MOST_BITS: Final = 1024
"""Of an integer: beyond it no double holds its value, and reading and writing it takes time by its length squared."""

_WITHIN: Final = "#"
"""What a reference begins with that stays within its schema; none is ever fetched."""

_OUTSIDE: Final = "Only references within the schema ('#/$defs/…') are supported"
_TOO_LARGE: Final = f"The JSON Schema is larger than {MOST_BYTES // 1024} KB, this gateway's limit"
_TOO_MANY: Final = f"The JSON Schema has more than {MOST_NODES} nodes, this gateway's limit"
_TOO_LONG: Final = "The JSON Schema has an integer beyond the range of a double, this gateway's limit"

FLAT: Final[Check] = tagged({"json_schema": record({"schema": mapping})})
"""``{"type": "json_schema", "schema": {…}}``: ``output_config.format`` and ``output_format`` of the Messages API."""

FLAT_OR_TEXT: Final[Check] = tagged(
    {"text": record({}), "json_object": record({}), "json_schema": record({"schema": mapping}, {"name": string})}
)
"""As ``FLAT``, and plain text or any object: ``text.format`` of the Responses API."""

NESTED: Final[Check] = tagged(
    {
        "text": record({}),
        "json_object": record({}),
        "json_schema": record({"json_schema": record({}, {"name": string, "schema": nullable(mapping)})}),
    }
)
"""The schema one level deeper and optional: ``response_format`` of the chat API."""


def output_format(value: Mapping[str, Any] | None, path: str) -> OutputFormat | None:
    """A demand of any of the shapes above. Raises INVALID_REQUEST for a schema that is over a limit or refers outside.

    path: where the demand stands in the client's body. Its description becomes the schema's, where that has none.
    Whether the schema is valid is not looked at here: that can take any time.
    """
    if value is None or value.get("type") not in ("json_object", "json_schema"):
        return None
    schema, place = _schema(value, path)
    description = (value.get("json_schema") or value).get("description")
    if isinstance(description, str) and description:
        schema = {"description": description, **(schema or {"type": "object"})}
    return OutputFormat() if schema is None else _written(schema, place)


def _schema(value: Mapping[str, Any], path: str) -> tuple[dict[str, Any] | None, str]:
    """The schema of a demand, if it has one, and where it stands."""
    match value:
        case {"type": "json_schema", "json_schema": {"schema": dict(schema)}}:
            return schema, f"{path}.json_schema.schema"
        case {"type": "json_schema", "schema": dict(schema)}:
            return schema, f"{path}.schema"
    return None, path


def _written(schema: dict[str, Any], path: str) -> OutputFormat:
    fault = _fault(schema)
    if fault is None:
        written = jsontext.encode(schema)
        if len(written) <= MOST_BYTES:
            return OutputFormat(written, path)
        fault = _TOO_LARGE
    raise GatewayError(Kind.INVALID_REQUEST, fault, path=path)


def _fault(schema: dict[str, Any]) -> str | None:
    """What is wrong with a schema, as far as it can be seen without writing it; no more is looked at than is allowed.

    Level by level, since the built-in functions do the work so: 2 ms for the most nodes. The depth of a body is
    bounded where it is read. A property may be called ``$ref``, too.
    """
    nodes = 1
    objects: list[dict[str, Any]] = [schema]
    lists: list[list[Any]] = []
    while objects or lists:
        nodes += sum(map(len, objects)) + sum(map(len, lists))
        if nodes > MOST_NODES:
            return _TOO_MANY
        targets = [item["$ref"] for item in objects if "$ref" in item]
        if not all(target.startswith(_WITHIN) for target in targets if isinstance(target, str)):
            return _OUTSIDE
        inner = [*chain.from_iterable(map(dict.values, objects)), *chain.from_iterable(lists)]
        integers = [value for value in inner if type(value) is int]
        if max(max(integers, default=0), -min(integers, default=0)).bit_length() > MOST_BITS:
            return _TOO_LONG
        objects = [value for value in inner if type(value) is dict]
        lists = [value for value in inner if type(value) is list]
    return None
