"""Keeps an answer within ``max_tokens``, and gives the usage of a turn that was ended here."""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from gateway.events import ArgumentsDelta, BlockEnd, Event, Stop, StopReason, TextDelta, ThinkingDelta, Usage
from gateway.honour.late_count import LateCount

TOLERANCE: Final = 1.25
"""A turn is cut only past so many times its limit: the vocabulary is not the model's own, its counts are estimates."""

_NO_LIMIT: Final = float("inf")

Delta = TextDelta | ThinkingDelta | ArgumentsDelta


class Length:
    """Cuts an answer at the character with which its counted tokens pass the limit. The limit may be absent.

    Text, arguments and, if it counts, thinking are counted together, and only where they may be too much by their
    bytes; most turns end uncounted. What has gone out stays: of the delta that passes the limit the beginning is given.
    """

    __slots__ = ("_aside", "_index", "_input", "_most", "_said", "_thinking", "_told")

    def __init__(
        self, limit: int | None, count: Callable[[str], int], *, input_estimate: int, thinking: bool = True
    ) -> None:
        """limit: tokens the client allows. count: tokens of a text. thinking: whether it counts towards the limit."""
        self._most = _NO_LIMIT if limit is None else limit * TOLERANCE
        self._input = input_estimate
        self._thinking = thinking
        self._said = LateCount(count)
        self._aside = LateCount(count)  # thinking that does not count towards the limit
        self._index = -1  # of the block that was counted last
        self._told = False

    def feed(self, events: list[Event]) -> list[Event]:
        """The events up to the character that goes too far. A Stop that comes without usage gets one."""
        for number, event in enumerate(events):
            match event:
                case TextDelta() | ArgumentsDelta() | ThinkingDelta():
                    fitting = self._take(event)
                case Usage():
                    self._told = True
                    continue
                case Stop() if not self._told:
                    return [*events[:number], self._usage(), event]
                case _:
                    continue
            if fitting is not None:
                return [*events[:number], *fitting, BlockEnd(event.index), self._usage(), Stop(StopReason.MAX_TOKENS)]
        return events

    def _take(self, delta: Delta) -> list[Event] | None:
        """Count a delta; None where all of it may pass, else what may."""
        text = delta.json if isinstance(delta, ArgumentsDelta) else delta.text
        if isinstance(delta, ThinkingDelta) and not self._thinking:
            self._aside.take(text, _NO_LIMIT)
            return None
        if delta.index != self._index:
            self._said.part()
            self._index = delta.index
        fits = self._said.take(text, self._most)
        if fits == len(text):
            return None
        if not fits:
            return []
        return [replace(delta, **{"json" if isinstance(delta, ArgumentsDelta) else "text": text[:fits]})]

    def _usage(self) -> Usage:
        """Counted: Kiro tells its figures at the end of a turn, which nobody has waited for."""
        return Usage(self._input, self._said.total() + self._aside.total(), estimated=True)
