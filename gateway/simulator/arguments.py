"""Arguments for a tool call that fit the tool's JSON schema, with values taken from the prompt where it has some."""

import re
from collections.abc import Mapping
from typing import Any, Final

_MAX_DEPTH: Final = 8
"""Recursive schemas end here with an empty value."""

_MOST_ITEMS: Final = 10
"""A schema that wants a billion items must not keep the simulator busy for hours."""

_QUOTED: Final = re.compile(r"`([^`]+)`|\"([^\"]+)\"|“([^”]+)”|(?<![A-Za-z0-9])'([^']+)'")
_SAMPLES: Final = (
    ("path", "README.md"),
    ("file", "README.md"),
    ("command", "echo simulator"),
    ("url", "https://example.org/"),
    ("city", "Paris"),
    ("location", "Paris"),
    ("pattern", "simulator"),
    ("expression", "1 + 1"),
)
"""What a string property gets by a part of its name when the prompt has no value for it."""

_FORMATS: Final = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "email": "user@example.org",
    "uri": "https://example.org/",
    "uuid": "11111111-2222-4333-8444-555555555555",
}


def fill(schema: Mapping[str, Any], words: str) -> dict[str, Any]:
    """Arguments for a tool of this schema, asked for in these words.

    ``name=value`` and ``name: "value"`` go to the property of that name; quoted values go to the required strings
    that are left, in order; the rest is made up by type.
    """
    filler = _Filler(schema, words)
    made = filler.value(schema, "", 0)
    return made if isinstance(made, dict) else {}


class _Filler:
    """Fills one schema; ``_quoted`` shrinks as its values are used."""

    def __init__(self, root: Mapping[str, Any], words: str) -> None:
        self._root = root
        self._words = words
        named = {name for name in root.get("properties") or {} if self._named(name) is not None}
        taken = {self._named(name) for name in named}
        self._quoted = [text for text in map(_inner, _QUOTED.finditer(words)) if text not in taken]

    def value(self, schema: Mapping[str, Any], name: str, depth: int) -> Any:
        """A value that fits."""
        schema = self._resolved(schema)
        if depth > _MAX_DEPTH:
            return None
        for fixed in ("const", "default"):
            if fixed in schema and (fixed == "const" or self._named(name) is None):
                return schema[fixed]
        if schema.get("enum"):
            return self._chosen(schema["enum"], name)
        for union in ("anyOf", "oneOf"):
            if schema.get(union):
                branches = [branch for branch in schema[union] if branch.get("type") != "null"]
                return self.value(branches[0], name, depth + 1) if branches else None
        return self._typed(schema, name, depth)

    def _typed(self, schema: Mapping[str, Any], name: str, depth: int) -> Any:
        match _type(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, name, depth)
            case "integer" | "number" as kind:
                return self._number(schema, name, whole=kind == "integer")
            case "boolean":
                return (self._named(name) or "true").lower() not in ("false", "no", "0")
            case "null":
                return None
        return self._string(schema, name)

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties = dict(schema.get("properties") or {})
        for part in schema.get("allOf") or ():
            properties |= self._resolved(part).get("properties") or {}
        required = set(schema.get("required") or ())
        wanted = [name for name in properties if name in required or self._named(name) is not None]
        return {name: self.value(properties[name], name, depth + 1) for name in wanted}

    def _array(self, schema: Mapping[str, Any], name: str, depth: int) -> list[Any]:
        items = schema.get("items")
        least = schema.get("minItems")
        count = min(max(1, least), _MOST_ITEMS) if isinstance(least, int) else 1
        return [self.value(items, name, depth + 1) for _ in range(count)] if isinstance(items, dict) else []

    def _number(self, schema: Mapping[str, Any], name: str, *, whole: bool) -> float:
        found = re.search(r"-?\d+(?:\.\d+)?", self._named(name) or "")
        number = float(found[0]) if found else float(schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1))
        number = min(number, schema.get("maximum", number))
        return int(number) if whole else number

    def _string(self, schema: Mapping[str, Any], name: str) -> str:
        named = self._named(name)
        if named is not None:
            return named
        if self._quoted:
            return self._quoted.pop(0)
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        sample = next((value for part, value in _SAMPLES if part in name.lower()), None)
        return sample or " ".join(self._words.split()[:8]) or "simulator"

    def _chosen(self, choices: list[Any], name: str) -> Any:
        named = self._named(name)
        by_word = (choice for choice in choices if isinstance(choice, str) and choice.lower() in self._words.lower())
        return named if named in choices else next(by_word, choices[0])

    def _named(self, name: str) -> str | None:
        """The value the prompt gives for this property: ``name=value``, ``name: "value"``."""
        if not name:
            return None
        value = r"(?:`([^`]+)`|\"([^\"]+)\"|'([^']+)'|([^\s,;]+))"
        found = re.search(rf"(?<![\w-]){re.escape(name)}\s*=\s*{value}", self._words)
        found = found or re.search(
            rf"(?<![\w-]){re.escape(name)}\s*:\s*(?:`([^`]+)`|\"([^\"]+)\"|'([^']+)')", self._words
        )
        return _inner(found) if found else None

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """The schema behind a local ``$ref``; an empty one when it cannot be found."""
        for _ in range(_MAX_DEPTH):
            reference = schema.get("$ref")
            if not isinstance(reference, str):
                return schema
            target: Any = self._root
            for step in reference.removeprefix("#/").split("/"):
                target = target.get(step, {}) if isinstance(target, dict) else {}
            schema = target if isinstance(target, dict) else {}
        return {}


def _inner(match: re.Match[str]) -> str:
    return next(group for group in match.groups() if group is not None)


def _type(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "string")
    return str(kind or ("object" if "properties" in schema else "string"))
