"""A client program as a row: the file it reads its settings from, and what has to stand there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any, Protocol


class CannotEdit(Exception):
    """The file is not of a form that can be changed without harm; the message says why."""


class Format(Protocol):
    """How settings are put into a file of some form, and taken out again."""

    def applied(self, text: str, settings: Mapping[str, Any]) -> str:
        """The text with the settings in it; all else stays. Raises CannotEdit."""

    def undone(self, text: str, settings: Mapping[str, Any], original: str) -> str:
        """The text with what the original had in place of the settings. Raises CannotEdit."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a client needs to know. url: of the gateway, without ``/v1``."""

    url: str
    key: str = field(repr=False)
    model: str


@dataclass(frozen=True, slots=True)
class Client:
    """One client. Texts of the settings name $url, $key and $model.

    folder, file: where the settings stand, below the home, or below the folder that the variable names.
    api: what the check calls. start: how it is used then. Without a format there is no file: the settings are for
    the reader, and ``start`` says where they go.
    """

    name: str
    title: str
    api: str
    settings: Mapping[str, Any]
    start: str
    folder: str = ""
    file: str = ""
    variable: str = ""
    format: Format | None = None

    def path(self, home: Path, environment: Mapping[str, str]) -> Path:
        """Its settings file."""
        moved = environment.get(self.variable, "") if self.variable else ""
        return (Path(moved) if moved else home / self.folder) / self.file

    def filled(self, access: Access) -> Mapping[str, Any]:
        """The settings with address, key and model."""
        filled: Mapping[str, Any] = _filled(
            self.settings, {"url": access.url, "key": access.key, "model": access.model}
        )
        return filled


def _filled(value: Any, names: Mapping[str, str]) -> Any:
    match value:
        case str():
            return Template(value).substitute(names)
        case Mapping():
            return {_filled(name, names): _filled(member, names) for name, member in value.items()}
        case tuple() | list():
            return [_filled(item, names) for item in value]
    return value
