"""What is wrong with the settings: all of it at once, and never a value, since any value may be a misplaced secret."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to correct: where it stands, under which name, what is wrong, and what was probably meant."""

    place: str
    key: str
    message: str
    suggestion: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = self.place if self.line is None else f"{self.place}:{self.line}"
        name = f" {self.key}" if self.key else ""
        hint = f'; did you mean "{self.suggestion}"?' if self.suggestion else ""
        return f"{place}:{name} {self.message}{hint}"


class SettingsError(Exception):
    """The settings cannot be used. ``problems`` has all of them, never empty."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class WrongValue(Exception):
    """A value does not fit its setting. The message completes "SETTING …" and shows nothing of the value."""

    def __init__(self, message: str, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.suggestion = suggestion


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, if one is near enough."""
    by_folded = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def shown(name: str, longest: int = 60) -> str:
    """A name out of a file, fit to be printed on one line."""
    clean = "".join(letter if letter.isprintable() else "?" for letter in name)
    return clean if len(clean) <= longest else f"{clean[:longest]}…"
