"""Settings as lines ``name = value`` (TOML, with tables) or ``name: value`` (YAML's plainest form).

Only the lines of our own names are touched, so comments and order stay. The result of TOML is read back and compared.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.commands.clients.client import CannotEdit
from gateway.commands.clients.json_file import merged

_TABLE: Final = re.compile(r"\s*\[")


@dataclass(frozen=True, slots=True)
class Lines:
    """A file of lines. sign: what stands between name and value. tables: it is TOML."""

    sign: str
    tables: bool = False

    def applied(self, text: str, settings: Mapping[str, Any]) -> str:
        """The text with these lines at its top and these tables at its end, in place of old ones."""
        top = [f"{name}{self.sign}{json.dumps(value)}\n" for name, value in _plain(settings)]
        made = _joined(top, self._bare(text, settings), list(self._written(settings)))
        if self.tables:
            _compare(_read(made), merged(_without_tables(_read(text), settings), settings))
        return made

    def undone(self, text: str, settings: Mapping[str, Any], original: str) -> str:
        """The text without these lines and tables, and with those of the original."""
        bare = self._bare(text, settings)
        if "".join(bare).strip() == "".join(self._bare(original, settings)).strip():
            return original
        top, tables = self._ours(original, settings)
        made = _joined(top, bare, tables)
        if self.tables:
            _read(made)
        return made

    def _written(self, settings: Mapping[str, Any]) -> Iterator[str]:
        for name, table in _tables(settings):
            yield f"[{name}]\n"
            yield from (f"{member}{self.sign}{json.dumps(value)}\n" for member, value in table.items())

    def _bare(self, text: str, settings: Mapping[str, Any]) -> list[str]:
        """The lines of others."""
        return [line for line, own in self._told_apart(text, settings) if not own]

    def _ours(self, text: str, settings: Mapping[str, Any]) -> tuple[list[str], list[str]]:
        """The lines of our names: plain ones, and those of tables."""
        own = [line for line, mine in self._told_apart(text, settings) if mine]
        start = next((number for number, line in enumerate(own) if self._is_table(line)), len(own))
        return own[:start], own[start:]

    def _told_apart(self, text: str, settings: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
        """Each line, and whether it is one of ours."""
        sign = re.escape(self.sign.strip())
        names = [re.compile(rf"{re.escape(name)}\s*{sign}") for name, _ in _plain(settings)]
        heads = {f"[{name}]" for name, _ in _tables(settings)}
        table = None
        for line in text.splitlines(keepends=True):
            if self._is_table(line):
                table = line.partition("#")[0].strip()
            top = table is None and any(name.match(line) for name in names)
            yield line, top or table in heads

    def _is_table(self, line: str) -> bool:
        return self.tables and bool(_TABLE.match(line))


def _plain(settings: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in settings.items() if not isinstance(value, Mapping)]


def _tables(settings: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The tables two deep, by their full names: the form ``model_providers.kiro``."""
    outer = ((name, value) for name, value in settings.items() if isinstance(value, Mapping))
    return [(f"{name}.{inner}", table) for name, value in outer for inner, table in value.items()]


def _without_tables(values: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The values without our tables, which are replaced whole."""
    ours = {name: set(value) for name, value in settings.items() if isinstance(value, Mapping)}
    return {
        name: {inner: member for inner, member in value.items() if inner not in ours[name]} if name in ours else value
        for name, value in values.items()
    }


def _joined(top: list[str], middle: list[str], end: list[str]) -> str:
    """The three parts, an empty line before the last one."""
    if end and middle and not middle[-1].endswith("\n"):
        middle = [*middle[:-1], f"{middle[-1]}\n"]
    gap = ["\n"] if end and (middle or top) and (middle or top)[-1].strip() else []
    return "".join([*top, *middle, *gap, *end])


def _read(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CannotEdit(f"it would not be TOML afterwards, or is none now ({error})") from None


def _compare(made: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    if made != wanted:
        raise CannotEdit("its form hides where the settings stand")


TOML: Final = Lines(" = ", tables=True)
YAML: Final = Lines(": ")
