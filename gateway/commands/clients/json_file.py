"""Settings in a JSON file: members are merged by their values. A file with comments is left alone."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from gateway.commands.clients.client import CannotEdit
from gateway.jsontext import JsonError, decode, encode


class JsonFile:
    """A JSON object in a file."""

    def applied(self, text: str, settings: Mapping[str, Any]) -> str:
        """The text with these members; others stay."""
        return _text(merged(_object(text), settings))

    def undone(self, text: str, settings: Mapping[str, Any], original: str) -> str:
        """Members that the original had get its values, others go; what was added since stays."""
        had = _object(original)
        left = without(_object(text), settings, had)
        return original if left == had else _text(left)


def merged(values: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The values with the settings laid over them, member by member."""
    result = dict(values)
    for name, member in settings.items():
        old = result.get(name)
        result[name] = merged(old, member) if isinstance(old, Mapping) and isinstance(member, Mapping) else member
    return result


def without(values: Mapping[str, Any], settings: Mapping[str, Any], had: Mapping[str, Any]) -> dict[str, Any]:
    """The values without the settings, and with what was there before.

    An object whose members' names are filled in (a model's name) is taken out whole.
    """
    result = dict(values)
    for name in settings.keys() & values.keys():
        ours, now, before = settings[name], values[name], had.get(name)
        within = isinstance(ours, Mapping) and isinstance(now, Mapping) and not any("$" in key for key in ours)
        kept = without(now, ours, before if isinstance(before, Mapping) else {}) if within else {}
        if kept:
            result[name] = kept
        elif name in had:
            result[name] = before
        else:
            del result[name]
    return result


def _object(text: str) -> dict[str, Any]:
    try:
        value = decode(text) if text.strip() else {}
    except JsonError as error:
        raise CannotEdit(f"it is not plain JSON ({error})") from None
    if not isinstance(value, dict):
        raise CannotEdit("it holds no JSON object")
    return value


def _text(value: Mapping[str, Any]) -> str:
    return msgspec.json.format(encode(value), indent=2).decode() + "\n"


JSON: Final = JsonFile()
