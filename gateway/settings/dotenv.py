"""``.env`` files: quotes and ``export`` are understood; nothing is expanded, so Windows backslashes survive."""

import re
from dataclasses import dataclass
from typing import Final

_LINE: Final = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=\s*(.*?)\s*")
_COMMENT: Final = re.compile(r"\s#")


@dataclass(frozen=True, slots=True)
class Entry:
    """One ``NAME=value`` line. ``value`` is None where a quote is not closed."""

    name: str
    value: str | None
    line: int


def parse(text: str) -> tuple[list[Entry], list[int]]:
    """The entries in order, and the numbers of the lines that are none."""
    entries: list[Entry] = []
    strange: list[int] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if match := _LINE.fullmatch(line):
            entries.append(Entry(match[1], _value(match[2]), number))
        else:
            strange.append(number)
    return entries, strange


def _value(text: str) -> str | None:
    """Quotes go, a comment after a blank goes. A quote closes where nothing but a comment follows it."""
    if text[:1] not in ('"', "'"):
        return _COMMENT.split(f" {text}", maxsplit=1)[0].strip()
    quote = text[0]
    end = text.find(quote, 1)
    while end != -1:
        rest = text[end + 1 :].strip()
        if not rest or rest.startswith("#"):
            inner = text[1:end]
            return inner.replace('\\"', '"') if quote == '"' else inner
        end = text.find(quote, end + 1)
    return None
