"""Tokens and credits of a turn: Kiro's own figures first, counted ones where it told none."""

from collections import deque
from collections.abc import Callable
from typing import Final

from gateway.events import Usage
from gateway.kiro.parts import Metering, TokenUsage

_BACKLOG: Final = 16 * 1024
"""Characters that may wait uncounted: up to here nothing is counted while Kiro may still tell the figure. At the end of
an answer all of them are counted at once, in 1.5 ms."""

_STEP: Final = 4096
"""Characters counted at once: under a millisecond, so that counting never holds up other streams."""


_AT_ONCE: Final = 64
"""Steps that one piece, or the end of an answer, may take: 16 ms for 256 KB. A frame may bring 16 MiB of text; what is
left of such a one at the end is taken to be as dense as what was counted."""

CREDIT_DIGITS: Final = 12
"""Digits kept of a sum of credits: far more than Kiro gives, and without the rounding errors of binary fractions."""


class Tally:
    """Counts a text that comes in pieces, in steps cut at white space, independent of how it came.

    Of pieces larger than all the steps a part is estimated.
    """

    __slots__ = ("_count", "_counted", "_length", "_pieces", "_size")

    def __init__(self, count: Callable[[str], int]) -> None:
        self._count = count
        self._counted = 0
        self._length = 0  # characters that were counted
        self._pieces: deque[str] = deque()
        self._size = 0

    def add(self, text: str) -> None:
        """Take the next piece; of what goes beyond the backlog a limited part is counted now."""
        self._size += len(text)
        if len(text) > _BACKLOG:  # a step off the front of a giant would copy all the rest of it, every time
            self._pieces.extend(text[start : start + _STEP] for start in range(0, len(text), _STEP))
        else:
            self._pieces.append(text)
        if self._size > _BACKLOG:
            self._count_down_to(_BACKLOG)

    def total(self) -> int:
        """Tokens of all pieces; at least 1 for a text that is not empty."""
        seen = self._size > 0 or self._counted > 0
        self._count_down_to(0)
        left = round(self._counted * self._size / self._length) if self._size else 0
        return max(self._counted + left, 1) if seen else 0

    def _count_down_to(self, backlog: int) -> None:
        """Count in steps, a limited number of them, until no more than the backlog is left."""
        for _ in range(_AT_ONCE):
            if self._size <= backlog:
                return
            step = self._next_step()
            self._size -= len(step)
            self._length += len(step)
            self._counted += self._count(step)

    def _next_step(self) -> str:
        """At most _STEP characters from the front, up to and without the last white space among them."""
        taken: list[str] = []
        length = 0
        while self._pieces and length < _STEP:
            piece = self._pieces.popleft()
            taken.append(piece)
            length += len(piece)
        text = "".join(taken)
        if length <= _STEP and not self._pieces:
            return text
        cut = max(text.rfind(" ", 1, _STEP), text.rfind("\n", 1, _STEP))
        cut = cut if cut > 0 else _STEP
        self._pieces.appendleft(text[cut:])
        return text[:cut]


class Figures:
    """What Kiro told of a turn's cost. Metering events add up; any other later figure replaces an earlier one.

    input_tokens: the whole input, cached or not, by Kiro's figures; known with the usage, None where it is an estimate.
    """

    __slots__ = ("_credits", "_credits_beside", "_tokens", "input_tokens", "percent")

    def __init__(self) -> None:
        self.percent: float | None = None
        self.input_tokens: int | None = None
        self._credits: float | None = None
        self._credits_beside: float | None = None
        self._tokens = TokenUsage()

    @property
    def credits(self) -> float | None:
        """The sum of the metering events; what another event said only counts where there were none."""
        return self._credits_beside if self._credits is None else self._credits

    def meter(self, metering: Metering) -> None:
        """Take credits."""
        if metering.beside:
            self._credits_beside = metering.credits
        else:
            self._credits = round((self._credits or 0) + metering.credits, CREDIT_DIGITS)

    def add(self, told: TokenUsage) -> None:
        """Take token counts; those it does not have stay as they are."""
        old = self._tokens
        self._tokens = TokenUsage(
            old.input if told.input is None else told.input,
            old.output if told.output is None else told.output,
            old.cache_read if told.cache_read is None else told.cache_read,
            old.cache_write if told.cache_write is None else told.cache_write,
        )

    def usage(self, tally: Tally, *, window: int, estimate: int) -> Usage:
        """The turn's usage.

        ``window`` turns the percentage, which covers the whole context after the turn, into tokens; ``estimate`` is the
        input's size when Kiro tells neither. The output is counted only when Kiro did not tell it.
        """
        told = self._tokens
        read, write = told.cache_read or 0, told.cache_write or 0
        output = tally.total() if told.output is None else told.output
        whole = round((self.percent or 0) / 100 * window)
        covered = whole - output - read - write  # less than nothing: the counted output or the window is not Kiro's
        fresh = told.input
        if fresh is None and covered > 0:
            fresh = covered
        if fresh is not None:
            self.input_tokens = fresh + read + write
        estimated = told.output is None or fresh is None
        return Usage(estimate if fresh is None else fresh, output, read, write, self.credits, estimated)
