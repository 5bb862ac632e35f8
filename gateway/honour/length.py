"""Keeps an answer within ``max_tokens``, and gives the usage of a turn that was ended here."""

from collections.abc import Callable
from typing import Final

from gateway.events import ArgumentsDelta, BlockEnd, Event, Stop, StopReason, TextDelta, ThinkingDelta, Usage

TOLERANCE: Final = 1.25
"""A turn is cut only past so many times its limit: the vocabulary is not the model's own, its counts are estimates."""

_DENSEST: Final = 2
"""Bytes of a token in the densest real texts (prose has 4 to 5, JSON 3): fewer bytes than that need no counting."""

_WORD: Final = 32
"""Characters after which a text without white space is no unfinished word."""


class Length:
    """Counts what the model says, where it may have said too much; most turns end uncounted. The limit may be absent.

    Words are counted whole, so that the count does not depend on where the deltas end.
    """

    __slots__ = (
        "_aside",
        "_bearable",
        "_count",
        "_counted",
        "_input",
        "_most",
        "_thinking",
        "_told",
        "_waiting",
        "_weight",
    )

    def __init__(
        self, limit: int | None, count: Callable[[str], int], *, input_estimate: int, thinking: bool = True
    ) -> None:
        """limit: tokens the client allows. count: tokens of a text. thinking: whether it counts towards the limit."""
        self._most = float("inf") if limit is None else limit * TOLERANCE
        self._bearable = self._most * _DENSEST  # bytes that may wait uncounted: they cannot be too many tokens
        self._count = count
        self._input = input_estimate
        self._thinking = thinking
        self._counted = 0
        self._waiting: list[str] = []  # said, not yet counted
        self._weight = 0  # bytes of it
        self._aside: list[str] = []  # thinking that does not count towards the limit
        self._told = False

    def feed(self, events: list[Event]) -> list[Event]:
        """The events up to the one that goes too far. A Stop that comes without usage gets one."""
        said = [event.text for event in events if type(event) is TextDelta]
        if len(said) == len(events):  # text alone, as in most chunks of most answers: it is weighed as one
            text = "".join(said)
            weight = self._weight + _size(text)
            if weight <= self._bearable:
                self._waiting.append(text)
                self._weight = weight
                return events
        return self._one_by_one(events)

    def _one_by_one(self, events: list[Event]) -> list[Event]:
        for number, event in enumerate(events):
            match event:
                case TextDelta(_, said) | ArgumentsDelta(_, said):
                    over = self._add(said)
                case ThinkingDelta(_, said):
                    over = self._think(said)
                case Usage():
                    self._told = True
                    continue
                case Stop() if not self._told:
                    return [*events[:number], self._usage(), event]
                case _:
                    continue
            if over:
                return [*events[: number + 1], BlockEnd(event.index), self._usage(), Stop(StopReason.MAX_TOKENS)]
        return events

    def _think(self, said: str) -> bool:
        if self._thinking:
            return self._add(said)
        self._aside.append(said)
        return False

    def _add(self, said: str) -> bool:
        """Take what was said; whether it is too much."""
        self._take(said)
        return self._weight > self._bearable and self._over()

    def _take(self, said: str) -> None:
        self._waiting.append(said)
        self._weight += _size(said)

    def _over(self) -> bool:
        """Count the words that are whole by now."""
        text = "".join(self._waiting)
        end = max(text.rfind(" "), text.rfind("\n"))
        if end <= 0 and text.isascii() and len(text) < _WORD:
            return False
        end = end if end > 0 else len(text)
        self._counted += self._count(text[:end])
        self._bearable = (self._most - self._counted) * _DENSEST
        self._waiting = [text[end:]]
        self._weight = _size(text[end:])
        return self._counted > self._most

    def _usage(self) -> Usage:
        """Counted: Kiro tells its figures at the end of a turn, which nobody has waited for."""
        output = self._counted + self._count("".join(self._waiting)) + self._count("".join(self._aside))
        return Usage(self._input, output, estimated=True)


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
