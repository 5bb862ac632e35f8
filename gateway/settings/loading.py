"""From the sources to Settings: command line > environment > ``.env`` > ``config.toml`` > default."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gateway.settings import dotenv
from gateway.settings.access import complaints
from gateway.settings.files import Unreadable, read
from gateway.settings.problems import Problem, SettingsError, WrongValue
from gateway.settings.sources import (
    CONFIG_VARIABLE,
    Given,
    Source,
    from_dotenv,
    from_environment,
    from_flags,
    from_toml,
)
from gateway.settings.table import Settings, build
from gateway.settings.values import accept, from_text, located


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a start is given.

    folder: the working folder, where ``.env`` and ``config.toml`` may be; user_folder: the user's own settings folder.
    flags: the command line, full key → text; config: the file it names.
    """

    folder: Path
    user_folder: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    config: str | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings; where each one that is no default came from (full key → place); what is worth a warning."""

    settings: Settings
    origins: Mapping[str, str]
    warnings: tuple[str, ...]


Judge = Callable[[Settings], Iterable[tuple[str, str]]]
"""Finds what this package cannot know to be wrong: (setting, what is wrong with it)."""


def load(around: Surroundings, judge: Judge = lambda _settings: ()) -> Loaded:
    """Read everything. Raises SettingsError with all that is wrong, never only the first.

    judge: has its say on values that are right by themselves; where one is wrong, it sees the default instead.
    """
    layers = (
        _config_file(around),
        from_dotenv(around.folder),
        from_environment(around.environment, around.folder),
        from_flags(around.flags, around.folder),
    )
    problems = [problem for layer in layers for problem in layer.problems]
    values: dict[str, Any] = {}
    taken: dict[str, Given] = {}
    for given in (given for layer in layers for given in layer.given):
        if _left_empty(given):
            continue
        try:
            values[given.row.key] = _read(given)
            taken[given.row.key] = given
        except WrongValue as wrong:
            problems.append(Problem(given.place, given.key, wrong.message, wrong.suggestion, given.line))
    settings = build(values, layers[0].accounts)
    if not problems:  # what follows from a fault is no second one
        problems = [_placed(taken, key, message) for key, message in complaints(settings)]
    problems += [_placed(taken, key, message) for key, message in judge(settings)]
    if problems:
        raise SettingsError(problems)
    origins = {key: _origin(given) for key, given in taken.items()}
    warnings = tuple(warning for layer in reversed(layers) for warning in layer.warnings)
    return Loaded(settings, MappingProxyType(origins), warnings)


def _left_empty(given: Given) -> bool:
    """``NAME=`` means "not set", as in the templates of compose files; but an empty key is a mistake to be told."""
    return given.is_text and not given.value.strip() and given.row.key != "server.api_keys"


def _read(given: Given) -> Any:
    reader = from_text if given.is_text else accept
    return reader(given.row.facts, given.value, given.folder)


def _placed(taken: Mapping[str, Given], key: str, message: str) -> Problem:
    given = taken.get(key)
    return Problem(given.place, given.key, message, None, given.line) if given else Problem("settings", key, message)


def _origin(given: Given) -> str:
    place = given.place if given.line is None else f"{given.place}:{given.line}"
    return f"{place} {given.key}" if given.is_text else place


def _config_file(around: Surroundings) -> Source:
    """The file that was named, else ``./config.toml``, else the one in the user's settings folder."""
    named = around.config or around.environment.get(CONFIG_VARIABLE) or _named_in_dotenv(around.folder)
    if named:
        try:
            return from_toml(located(named, around.folder), wanted=True)
        except WrongValue as wrong:
            return Source(problems=[Problem(named, "", wrong.message)])
    local = around.folder / "config.toml"
    if local.exists() or around.user_folder is None:
        return from_toml(local, wanted=False)
    return from_toml(around.user_folder / "config.toml", wanted=False)


def _named_in_dotenv(folder: Path) -> str | None:
    try:
        entries, _ = dotenv.parse(read(folder / ".env"))
    except (FileNotFoundError, Unreadable):
        return None  # told where the file itself is read
    return next((entry.value for entry in entries if entry.name == CONFIG_VARIABLE), None)
