"""A client program as a row of data: what to install, how to set it up, how to ask it something without a screen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Literal

DRIVERS = Path(__file__).parent / "drivers"
MODEL = "claude-sonnet-4.5"

READ = "Use the tool {tool} with {argument}=`cat word.txt`"
"""Asks for a call by which a shell tool reads the word; the simulator calls the tool it finds named."""


@dataclass(frozen=True, slots=True)
class Also:
    """Something only this program can do: a name for it, the command, and a path of the gateway that it must call."""

    name: str
    command: tuple[str, ...]
    calls: str


@dataclass(frozen=True, slots=True)
class Program:
    """One client. Texts may hold the names of ``Place.names`` with a dollar sign.

    packages: as the registry's own client wants them, pinned; the first one's version is the program's.
    setup: the name by which ``kiro-gateway setup`` knows it; it is then set up by that command alone.
    files: path in its home → text, put there before that. driver: a file of ``drivers/``.
    command: run in a folder that holds ``word.txt``. also: a command beside the scenes.
    tool: the prompt that makes it read that file by a tool; "" when it has no tools.
    live: shows text while it comes. patience: seconds until it is ended.
    """

    id: str
    name: str
    registry: Literal["npm", "pypi", "here"]
    packages: tuple[str, ...]
    api: str
    command: tuple[str, ...]
    tool: str
    setup: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    also: Also | None = None
    driver: str = ""
    live: bool = True
    patience: float = 90.0

    @property
    def version(self) -> str:
        """The pinned version of its first package."""
        return self.packages[0].replace("==", "@").rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Place:
    """Where one run of a program happens: its environment, an empty home, a folder to work in, and the gateway."""

    installed: Path
    home: Path
    work: Path
    driver: Path
    url: str
    key: str

    def names(self, prompt: str, scene: str) -> dict[str, str]:
        """What a row may name: $url $key $model $prompt $scene $home $work $driver."""
        paths = {"home": self.home, "work": self.work, "driver": self.driver}
        texts = {"url": self.url, "key": self.key, "model": MODEL, "prompt": prompt, "scene": scene}
        return {**{name: str(path) for name, path in paths.items()}, **texts}


def filled(text: str, names: Mapping[str, str]) -> str:
    """The text with its names replaced. Raises KeyError for one that is unknown."""
    return Template(text).substitute(names)
