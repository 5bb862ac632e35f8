"""JSON as the client APIs demand it of an answer: the shape of the demand, and its meaning."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.conversation import OutputFormat
from gateway.dialects.shape import Check, mapping, nullable, record, string, tagged
from gateway.errors import GatewayError, Kind

_WITHIN: Final = "#"
"""What a reference begins with that stays within its schema; none is ever fetched."""

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
    """A demand of any of the shapes above. Raises INVALID_REQUEST for a schema that is none.

    path: where the demand stands in the client's body. Its description becomes the schema's, where that has none.
    """
    found = _demanded(value, path)
    description = None if value is None else (value.get("json_schema") or value).get("description")
    if found is None or not isinstance(description, str) or not description:
        return found
    return OutputFormat({"description": description, **(found.schema or {"type": "object"})})


def _demanded(value: Mapping[str, Any] | None, path: str) -> OutputFormat | None:
    match value:
        case {"type": "json_object"}:
            return OutputFormat()
        case {"type": "json_schema", "json_schema": {"schema": dict(schema)}}:
            return _checked(schema, f"{path}.json_schema.schema")
        case {"type": "json_schema", "schema": dict(schema)}:
            return _checked(schema, f"{path}.schema")
        case {"type": "json_schema"}:
            return OutputFormat()
    return None


def _checked(schema: dict[str, Any], path: str) -> OutputFormat:
    # Loaded by the first client that demands JSON (0.06 s), not by every start.
    from jsonschema import Draft202012Validator, SchemaError  # noqa: PLC0415
    from jsonschema.validators import validator_for  # noqa: PLC0415

    try:
        dialect = validator_for(schema, default=Draft202012Validator)
        dialect.check_schema(schema)
    except (SchemaError, TypeError, RecursionError) as error:
        raise GatewayError(Kind.INVALID_REQUEST, "Input should be a valid JSON Schema", path=path) from error
    if not all(target.startswith(_WITHIN) for target in _references(schema)):
        message = "Only references within the schema ('#/$defs/…') are supported"
        raise GatewayError(Kind.INVALID_REQUEST, message, path=path)
    return OutputFormat(schema)


def _references(value: Any) -> Iterator[str]:
    """Targets of ``$ref``; the body's depth is bounded where it is read. A property may be called ``$ref``, too."""
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
    elif isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from _references(item)
