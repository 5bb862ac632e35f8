"""A client's JSON Schema as Kiro takes it (upstream rules 19 to 22).

Kiro refuses null members and, on some hosts, an empty ``required`` and ``additionalProperties``. The walk knows where
a schema stands: a property may well be called ``required``. It is linear, and what needs no change is not copied.
"""

from collections.abc import Mapping
from typing import Any, Final

_DROPPED: Final = frozenset({"additionalProperties", "$schema"})
_NAMED_SCHEMAS: Final = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
_SCHEMA: Final = frozenset({"items", "additionalItems", "contains", "not", "if", "then", "else", "propertyNames"})
_SCHEMAS: Final = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_MUST_DIFFER: Final = frozenset({*_DROPPED, *_NAMED_SCHEMAS, "required"})
"""Keywords that a plain string is no value of, or that go whatever they say."""

_GONE: Final = object()


def clean(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a tool's input: always an object with ``properties``."""
    result: dict[str, Any] = _schema(schema if isinstance(schema, dict) else dict(schema))
    if result.get("type") == "object" and "properties" in result:
        return result
    return {**result, "type": "object", "properties": result.get("properties", {})}


def _schema(schema: Any) -> Any:
    """A schema, or whatever stands where one should (``true``; a null becomes the schema of anything)."""
    if schema is None:
        return {}
    if not isinstance(schema, dict):
        return _value(schema) if isinstance(schema, list) else schema
    changes: dict[str, Any] = {}
    for key, value in schema.items():
        if isinstance(value, str) and key not in _MUST_DIFFER:
            continue
        kept = _member(key, value)
        if kept is not value:
            changes[key] = kept
    return _merged(schema, changes) if changes else schema


def _member(key: str, value: Any) -> Any:
    """What becomes of one keyword of a schema; _GONE when it must go."""
    if value is None or key in _DROPPED:
        return _GONE
    if key in _NAMED_SCHEMAS:
        return _named(value) if isinstance(value, dict) else _GONE
    if key in _SCHEMA and isinstance(value, dict):
        return _schema(value)
    if key in _SCHEMAS or (key in _SCHEMA and isinstance(value, list)):
        return _listed(value)
    if key == "required" and not (isinstance(value, list) and any(name is not None for name in value)):
        return _GONE
    return _value(value)


def _named(schemas: dict[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name, schema in schemas.items():
        kept = _schema(schema)
        if kept is not schema:
            changes[name] = kept
    return _merged(schemas, changes) if changes else schemas


def _listed(schemas: Any) -> Any:
    if not isinstance(schemas, list):
        return _value(schemas)
    kept = [_schema(schema) for schema in schemas]
    return schemas if all(new is old for new, old in zip(kept, schemas, strict=True)) else kept


def _value(value: Any) -> Any:
    """Data (enum, default, examples): the same without any null."""
    if isinstance(value, dict):
        changes = {key: _GONE if item is None else _value(item) for key, item in value.items()}
        return value if all(changes[key] is value[key] for key in value) else _merged(value, changes)
    if isinstance(value, list):
        kept = [_value(item) for item in value if item is not None]
        same = len(kept) == len(value) and all(new is old for new, old in zip(kept, value, strict=True))
        return value if same else kept
    return value


def _merged(original: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = {**original, **changes}
    for key, value in changes.items():
        if value is _GONE:
            del merged[key]
    return merged
