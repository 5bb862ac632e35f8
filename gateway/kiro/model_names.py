"""How clients spell models: Anthropic's dated names, prefixes, suffixes, families. Knows no catalogue."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

FAMILIES: Final = ("opus", "sonnet", "haiku", "fable")
"""Families of Claude. No alias and no spelling rule ever leads from one to another."""

_KIN: Final = "(haiku|sonnet|opus|fable)"
_WINDOW: Final = re.compile(r"\[\d+[mk]\]$", re.IGNORECASE)
_DATE: Final = r"(?:-(?:\d{8}|latest))?"
_SHORT: Final = re.compile(r"kiro-([osh])-(\d+(?:\.\d+)?)")
_SHORT_FAMILIES: Final = (("o", "opus"), ("s", "sonnet"), ("h", "haiku"))
_SUFFIXES: Final = (("-thinking", "thinking"), ("-agentic", "agentic"), ("-chat", "chat_only"))

_SPELLINGS: Final = (
    # A minor version has one or two digits, so that a date is never read as one.
    (re.compile(rf"claude-{_KIN}-(\d+)[-.](\d{{1,2}})(?:-(?:\d+|latest))?"), r"claude-\1-\2.\3"),
    (re.compile(rf"claude-{_KIN}-(\d+){_DATE}"), r"claude-\1-\2"),
    (re.compile(rf"claude-(\d+)[-.](\d{{1,2}})-{_KIN}{_DATE}"), r"claude-\1.\2-\3"),
    (re.compile(rf"claude-(\d+)[-.](\d{{1,2}})-{_KIN}-(?!.*-?(?:thinking|agentic|chat)$).+"), r"claude-\3-\1.\2"),
)
"""(what clients write, what Kiro calls it); the first that matches the whole name wins."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """A client's model name taken apart. ``base`` has none of the marks the other fields stand for."""

    base: str
    thinking: bool = False
    agentic: bool = False
    chat_only: bool = False
    preferred_endpoint: str | None = None


def claude_name(name: str) -> str | None:
    """Kiro's spelling of a Claude name (``claude-sonnet-4-5-20250929`` → ``claude-sonnet-4.5``); None for others."""
    lowered = name.lower()
    for pattern, kiro in _SPELLINGS:
        if match := pattern.fullmatch(lowered):
            return match.expand(kiro)
    if match := _SHORT.fullmatch(lowered):
        return f"claude-{dict(_SHORT_FAMILIES)[match[1]]}-{match[2]}"
    return None


def family(name: str) -> str | None:
    """The Claude family a name speaks of, in any spelling (``CLAUDE_SONNET_4_…``, ``kiro-s-4.5``), or None."""
    words = re.split(r"[^a-z]+", (claude_name(name) or name).lower())
    return next((kin for kin in FAMILIES if kin in words), None)


def without_window(name: str) -> str:
    """The name without a window mark (``[1m]``, ``[200k]``): Kiro has one window a model."""
    return _WINDOW.sub("", name.strip())


def readings(name: str) -> Iterator[Spelling]:
    """What a name can mean, from the literal reading to the one with every suffix and prefix taken off.

    The caller takes the first whose base it knows, so a model that is really called ``…-chat`` keeps its name.
    """
    spelling = Spelling(without_window(name))
    while True:
        yield spelling
        yield from _without_prefix(spelling)
        shorter = _without_suffix(spelling)
        if shorter is None:
            return
        spelling = shorter


def _without_prefix(spelling: Spelling) -> Iterator[Spelling]:
    lowered = spelling.base.lower()
    if lowered.startswith("amazonq-"):
        yield replace(spelling, base=spelling.base[len("amazonq-") :], preferred_endpoint="amazonq")
    elif lowered.startswith("kiro-"):
        yield replace(spelling, base=spelling.base[len("kiro-") :])


def _without_suffix(spelling: Spelling) -> Spelling | None:
    lowered = spelling.base.lower()
    for suffix, mark in _SUFFIXES:
        if lowered.endswith(suffix) and len(lowered) > len(suffix):
            base = spelling.base[: -len(suffix)]
            return Spelling(
                base,
                spelling.thinking or mark == "thinking",
                spelling.agentic or mark == "agentic",
                spelling.chat_only or mark == "chat_only",
            )
    return None
