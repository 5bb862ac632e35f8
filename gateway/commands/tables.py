"""Rows as a table for a terminal, or as JSON for programs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from gateway.jsontext import encode

_GAP: Final = "  "
_NOTHING: Final = "-"


def table(columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> str:
    """columns: heading → the row's member. Numbers stand to the right; what is not known is a dash."""
    members = list(columns.values())
    found = [[row.get(member) for member in members] for row in rows]
    lines = [list(columns), *([_cell(value) for value in row] for row in found)]
    widths = [max(len(line[number]) for line in lines) for number in range(len(members))]
    right = [_is_numeric([row[number] for row in found]) for number in range(len(members))]
    return "".join(f"{_line(line, widths, right)}\n" for line in lines)


def json_text(value: Any) -> str:
    """The value as JSON, set in."""
    return msgspec.json.format(encode(value), indent=2).decode()


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = [
        cell.rjust(width) if to_right else cell.ljust(width)
        for cell, width, to_right in zip(cells, widths, right, strict=True)
    ]
    return _GAP.join(padded).rstrip()


def _is_numeric(values: Iterable[Any]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in known)


def _cell(value: Any) -> str:
    match value:
        case None | "":
            return _NOTHING
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:,.2f}".rstrip("0").rstrip(".")
        case list() | tuple():
            return ", ".join(_cell(item) for item in value) or _NOTHING
        case _:
            return "".join(letter if letter.isprintable() else "?" for letter in str(value))
