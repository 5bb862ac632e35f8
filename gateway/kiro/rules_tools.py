"""Rules about the declared tools (12 to 15, 19 to 22, 35, 37); the evidence stands in rules.RULES."""

import re
from collections.abc import Iterator
from typing import Any, Final

from gateway.kiro.body import Body, Finding

DESCRIPTION_BYTES: Final = 10_240
MANY_TOOLS: Final = 100
SERVER_TOOLS: Final = ("web_search", "web_fetch")
_NAME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]{0,63}")

_NAMED_SCHEMAS: Final = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
_DATA: Final = frozenset({"default", "enum", "const", "examples"})

Spot = tuple[str, Any, bool, bool]
"""(path, value, whether keywords stand here, whether schemas stand below); a property may be called ``required``"""


def tool_name(body: Body) -> Iterator[Finding]:
    """Rule 12."""
    for path, spec in body.tools:
        name = spec.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            yield f"{path}.name", "a tool name is a letter and up to 63 of a-z, A-Z, 0-9, _ and -"


def tool_description(body: Body) -> Iterator[Finding]:
    """Rule 13."""
    for path, spec in body.tools:
        description = spec.get("description")
        if not isinstance(description, str) or not description:
            yield f"{path}.description", "a tool needs a description"


def tool_description_length(body: Body) -> Iterator[Finding]:
    """Rule 14."""
    for path, spec in body.tools:
        description = spec.get("description")
        if isinstance(description, str) and len(description.encode("utf-8", "replace")) > DESCRIPTION_BYTES:
            yield f"{path}.description", f"shorten it to {DESCRIPTION_BYTES} bytes; the rest fits the system prompt"


def tool_count(body: Body) -> Iterator[Finding]:
    """Rule 15."""
    if len(body.tools) > MANY_TOOLS:
        yield f"{body.current.context_path}.tools", f"send at most {MANY_TOOLS} tools"


def schema_shape(body: Body) -> Iterator[Finding]:
    """Rule 19: an object with an object ``properties``, and no null anywhere."""
    for path, schema in _schemas(body):
        if not isinstance(schema, dict):
            yield path, "the schema must be an object"
            continue
        properties = schema.get("properties", 0)
        if properties is not None and not isinstance(properties, dict):
            yield f"{path}.properties", "the schema needs an object of properties, if only an empty one"
        for place, value, _, _ in _walk(path, schema):
            if value is None:
                yield place, "a schema must not hold null: leave the member out"


def schema_empty_required(body: Body) -> Iterator[Finding]:
    """Rule 20."""
    for place, value in _keywords(body):
        if value.get("required") == []:
            yield f"{place}.required", "leave an empty required out"


def schema_additional_properties(body: Body) -> Iterator[Finding]:
    """Rule 21."""
    for place, value in _keywords(body):
        if "additionalProperties" in value:
            yield f"{place}.additionalProperties", "leave additionalProperties out"


def schema_type(body: Body) -> Iterator[Finding]:
    """Rule 22."""
    for path, schema in _schemas(body):
        if isinstance(schema, dict) and schema.get("type") != "object":
            yield f"{path}.type", "the type of a tool's input is object"


def duplicate_tool(body: Body) -> Iterator[Finding]:
    """Rule 35."""
    seen: set[str] = set()
    for path, spec in body.tools:
        name = spec.get("name")
        if isinstance(name, str):
            if name in seen:
                yield f"{path}.name", "another tool has this name: drop one or rename it"
            seen.add(name)


def server_tool(body: Body) -> Iterator[Finding]:
    """Rule 37."""
    for path, spec in body.tools:
        if spec.get("name") in SERVER_TOOLS:
            yield f"{path}.name", "Kiro has a tool of this name itself: rename this one"


def _schemas(body: Body) -> Iterator[tuple[str, Any]]:
    for path, spec in body.tools:
        holder = spec.get("inputSchema")
        if isinstance(holder, dict):
            yield f"{path}.inputSchema.json", holder.get("json", 0)
        else:
            yield f"{path}.inputSchema", 0


def _keywords(body: Body) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema inside the schemas, with its path."""
    for path, schema in _schemas(body):
        for place, value, keywords, _ in _walk(path, schema):
            if keywords and isinstance(value, dict):
                yield place, value


def _walk(path: str, schema: Any) -> Iterator[Spot]:
    """Everything in a schema that is an object, a list or null, in order."""
    waiting: list[Spot] = [(path, schema, True, True)]
    while waiting:
        spot = waiting.pop()
        yield spot
        waiting.extend(reversed(list(_inside(spot))))


def _inside(spot: Spot) -> Iterator[Spot]:
    path, value, keywords, schemas = spot
    if isinstance(value, dict):
        for name, item in value.items():
            if item is None or isinstance(item, dict | list):
                below = schemas and not (keywords and name in _DATA)
                yield f"{path}.{name}", item, below and not (keywords and name in _NAMED_SCHEMAS), below
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if item is None or isinstance(item, dict | list):
                yield f"{path}[{index}]", item, keywords, schemas
