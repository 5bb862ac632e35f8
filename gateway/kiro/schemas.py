"""A client's JSON Schema as Kiro takes it (upstream rules 19 to 22).

Kiro refuses null members and, on some hosts, an empty ``required`` and ``additionalProperties``. The walk knows where
a schema stands: a property may well be called ``required``. It is linear, and what needs no change is not copied.
"""

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, Final

from msgspec import Raw

from gateway import jsontext

Clean = Callable[[Mapping[str, Any]], Mapping[str, Any] | Raw]
"""Makes of a client's schema what Kiro is sent: the object, or its JSON."""

KEPT_BYTES: Final = 4 << 20
"""Of schemas that are remembered, as the clients wrote them; those of an agent with 25 tools take 60 KB."""

_DROPPED: Final = frozenset({"additionalProperties", "$schema"})
_NAMED_SCHEMAS: Final = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
_DATA: Final = frozenset({"default", "enum", "const", "examples"})
_MUST_DIFFER: Final = frozenset({*_DROPPED, *_NAMED_SCHEMAS, "required"})
"""Keywords that a plain string is no value of, or that go whatever they say."""

_GONE: Final = object()


def clean(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a tool's input: always an object with ``properties``."""
    result = _schema(schema if isinstance(schema, dict) else dict(schema))
    if result.get("type") == "object" and "properties" in result:
        return result
    return {**result, "type": "object", "properties": result.get("properties", {})}


class KnownSchemas:
    """Cleans as ``clean`` does, and remembers the outcome as JSON: a client sends the same tools with every turn.

    25 schemas of 14 properties cost 110 µs to clean and 30 µs to find again. The oldest make room.
    """

    def __init__(self, most_bytes: int = KEPT_BYTES) -> None:
        self._most = most_bytes
        self._known: dict[bytes, Raw] = {}
        self._bytes = 0
        self._lock = Lock()

    def clean(self, schema: Mapping[str, Any]) -> Raw:
        """The cleaned schema, written. Found by the client's own JSON to the byte: ``true`` is not 1 there."""
        own = jsontext.encode(schema)
        found = self._known.get(own)
        if found is None:
            found = Raw(jsontext.encode(clean(schema)))
            self._remember(own, found)
        return found

    def _remember(self, own: bytes, cleaned: Raw) -> None:
        with self._lock:  # large requests are laid out in a thread
            if own in self._known:
                return
            self._known[own] = cleaned
            self._bytes += len(own)
            while self._bytes > self._most:
                oldest = next(iter(self._known))
                del self._known[oldest]
                self._bytes -= len(oldest)


def _schema(schema: dict[str, Any]) -> dict[str, Any]:
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
    if key == "required" and not (isinstance(value, list) and any(name is not None for name in value)):
        return _GONE
    return _value(value) if key in _DATA else _below(value)


def _below(value: Any) -> Any:
    """A schema, a list of them, or a plain value; what an unknown keyword holds counts as a schema."""
    if isinstance(value, dict):
        return _schema(value)
    return _list(value, _below) if isinstance(value, list) else value


def _named(schemas: dict[str, Any]) -> dict[str, Any]:
    """Schemas by name; a null becomes the schema of anything, since ``required`` may name it."""
    changes: dict[str, Any] = {}
    for name, schema in schemas.items():
        kept = {} if schema is None else _below(schema)
        if kept is not schema:
            changes[name] = kept
    return _merged(schemas, changes) if changes else schemas


def _list(values: list[Any], change: Callable[[Any], Any]) -> list[Any]:
    kept = [change(value) for value in values if value is not None]
    same = len(kept) == len(values) and all(new is old for new, old in zip(kept, values, strict=True))
    return values if same else kept


def _value(value: Any) -> Any:
    """Data (enum, default, examples): the same without any null."""
    if isinstance(value, dict):
        changes = {key: _GONE if item is None else _value(item) for key, item in value.items()}
        return value if all(changes[key] is value[key] for key in value) else _merged(value, changes)
    return _list(value, _value) if isinstance(value, list) else value


def _merged(original: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = {**original, **changes}
    for key, value in changes.items():
        if value is _GONE:
            del merged[key]
    return merged
