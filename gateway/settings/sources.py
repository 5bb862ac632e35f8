"""Where settings come from: command line, environment, ``.env``, ``config.toml``; each gives what it holds, unread."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gateway.settings import dotenv
from gateway.settings.accounts import ARRAY, AccountEntry
from gateway.settings.accounts import read as read_accounts
from gateway.settings.files import Unreadable, lines_of, read
from gateway.settings.problems import Problem, nearest, shown
from gateway.settings.table import ROWS, SECTIONS, Row
from gateway.settings.unused import UNUSED

CONFIG_VARIABLE: Final = "KIRO_GATEWAY_CONFIG"
_KNOWN: Final = {name: row for row in ROWS for name in row.environment}
_BY_KEY: Final = {row.key: row for row in ROWS}
_OF_CLIENTS: Final = frozenset(("KIRO_GATEWAY_URL", "KIRO_GATEWAY_API_KEY", CONFIG_VARIABLE))


@dataclass(frozen=True, slots=True)
class Given:
    """A value for a row, as it stood in its source. ``is_text``: to be read as the environment writes it."""

    row: Row
    value: Any
    place: str
    key: str
    line: int | None
    folder: Path
    is_text: bool = True


@dataclass(slots=True)
class Source:
    """One layer: what it gives, what is wrong with it, what is only worth a warning; a file may list accounts."""

    given: list[Given] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    accounts: tuple[AccountEntry, ...] = ()


def from_flags(flags: Mapping[str, str], folder: Path) -> Source:
    """The command line: full key → text. A secret there could be seen by every user of the machine."""
    source = Source()
    for key, text in flags.items():
        row = _BY_KEY.get(key)
        if row is None:
            source.problems.append(Problem("command line", shown(key), "is no setting", nearest(key, _BY_KEY)))
        elif row.secret:
            message = "is a secret, which other users could read from the command line; use the environment or a file"
            source.problems.append(Problem("command line", key, message))
        elif not text.strip():
            message = "has no value; write it as NAME=VALUE"
            source.problems.append(Problem("command line", row.facts.flag or key, message))
        else:
            source.given.append(Given(row, text, "command line", row.facts.flag or key, None, folder))
    return source


def from_environment(environment: Mapping[str, str], folder: Path) -> Source:
    """The process's environment. Foreign variables are no concern; names near to ours are told."""
    source = Source()
    for row in ROWS:
        if name := next((name for name in row.environment if name in environment), None):
            source.given.append(Given(row, environment[name], "environment", name, None, folder))
    for name in sorted(environment):
        if name in UNUSED:
            source.warnings.append(_without_effect("environment", name))
        elif name.startswith("KIRO_") and name not in _KNOWN and name not in _OF_CLIENTS:
            near = nearest(name, _KNOWN)
            source.warnings.extend([f'environment: {shown(name)} is not known; did you mean "{near}"?'] if near else [])
    return source


def from_dotenv(folder: Path) -> Source:
    """``./.env``, if there is one. Its unknown names are told and do no harm: the file may serve others too."""
    source = Source()
    path = folder / ".env"
    if path.is_dir():  # some keep a virtual environment there
        return source
    try:
        entries, strange = dotenv.parse(read(path))
    except FileNotFoundError:
        return source
    except Unreadable as error:
        source.problems.append(Problem(".env", "", str(error)))
        return source
    if strange:
        source.warnings.append(f".env: no NAME=value in line {', '.join(str(number) for number in strange[:10])}")
    by_name = {entry.name: entry for entry in entries}  # of a name given twice the last one counts, as in a shell
    for row in ROWS:
        entry = next((by_name[name] for name in row.environment if name in by_name), None)
        if entry and entry.value is None:
            source.problems.append(Problem(".env", entry.name, "has a quote that is not closed", line=entry.line))
        elif entry:
            source.given.append(Given(row, entry.value, ".env", entry.name, entry.line, folder))
    source.warnings.extend(_about(entry) for entry in by_name.values() if entry.name not in _KNOWN | _CLIENTS)
    return source


_CLIENTS: Final = dict.fromkeys(_OF_CLIENTS)


def _about(entry: dotenv.Entry) -> str:
    if entry.name in UNUSED:
        return _without_effect(f".env:{entry.line}", entry.name)
    near = nearest(entry.name, _KNOWN)
    hint = f'; did you mean "{near}"?' if near else ""
    return f".env:{entry.line}: {shown(entry.name)} is not known{hint}"


def _without_effect(place: str, name: str) -> str:
    return f"{place}: {name} has no effect: {UNUSED[name]}"


def from_toml(path: Path, *, wanted: bool) -> Source:
    """A ``config.toml``; one that was asked for must be there. Unknown keys are problems."""
    source = Source()
    try:
        text = read(path)
        document = tomllib.loads(text)
    except FileNotFoundError:
        if wanted:
            source.problems.append(Problem(str(path), "", "does not exist"))
        return source
    except Unreadable as error:
        source.problems.append(Problem(str(path), "", str(error)))
        return source
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        source.problems.append(Problem(str(path), "", _toml_fault(text, error)))
        return source
    lines = lines_of(text)
    for section, table in document.items():
        if section == ARRAY:
            source.accounts, problems = read_accounts(path, table, lines)
            source.problems += problems
        elif section in SECTIONS and isinstance(table, dict):
            _section(source, path, section, table, lines)
        else:
            source.problems.append(_unknown_section(path, section, table, lines))
    return source


def _toml_fault(text: str, error: Exception) -> str:
    """tomllib's reason names the line and no value; a key declared twice is named, which is no secret."""
    hint = "; this looks like JSON" if text.lstrip().startswith("{") else ""
    return f"is not valid TOML: {shown(str(error), 120)}{hint}"


def _section(source: Source, path: Path, section: str, table: dict[str, Any], lines: dict[str, int]) -> None:
    names = [row.name for row in ROWS if row.section == section]
    for name, value in table.items():
        key = f"{section}.{name}"
        line = lines.get(key)
        if key in _BY_KEY:
            source.given.append(Given(_BY_KEY[key], value, str(path), key, line, path.parent, is_text=False))
            continue
        elsewhere = next((row.key for row in ROWS if row.name == name), None)
        hint = nearest(name, names) or elsewhere
        source.problems.append(Problem(str(path), shown(key), "is not known", hint, line))


def _unknown_section(path: Path, section: str, table: object, lines: dict[str, int]) -> Problem:
    line = lines.get(section)
    if section in SECTIONS:
        return Problem(str(path), section, f"is a section: write [{section}] above its settings", None, line)
    if isinstance(table, dict):
        return Problem(str(path), f"[{shown(section)}]", "is no section", nearest(section, SECTIONS), line)
    row = next((row for row in ROWS if section in (row.name, *row.environment)), None)
    hint = row.key if row else nearest(section, _BY_KEY)
    return Problem(str(path), shown(section), "stands outside of any section", hint, line)
