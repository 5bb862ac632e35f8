"""Calm pacing: how many requests run at once, and how far apart they begin. Who waits for it is in ``queue``."""

import asyncio
from collections.abc import Callable
from math import inf
from typing import Protocol


class Pacer(Protocol):
    """A gate that every request passes and leaves again."""

    @property
    def full(self) -> bool:
        """Whether a request would have to wait now."""
        ...

    @property
    def opens_at(self) -> float:
        """When an interval or a pause is over, on the loop's clock; ``-inf`` when it is not time that is missing."""
        ...

    def enter_now(self) -> bool:
        """Pass without waiting; False when that is not possible."""
        ...

    def leave(self) -> None:
        """Give the place back, at the end of the answer."""
        ...

    def pause(self, seconds: float) -> None:
        """Let nobody in for so long."""
        ...


class Unlimited:
    """No limit at all."""

    full = False
    opens_at = -inf

    def enter_now(self) -> bool:
        """Always."""
        return True

    def leave(self) -> None:
        """Nothing is held."""

    def pause(self, seconds: float) -> None:
        """Nothing to pause."""


UNLIMITED = Unlimited()


class Turnstile:
    """A gate with limits.

    concurrent: requests at once, 0 for any number. interval: least seconds between two beginnings.
    clock: that of the running loop unless handed in; only differences of times count.
    """

    def __init__(self, concurrent: int = 0, interval: float = 0.0, *, clock: Callable[[], float] | None = None) -> None:
        self._concurrent = concurrent or inf
        self._interval = interval
        self._clock = clock or asyncio.get_running_loop().time
        self._running = 0
        self._not_before = -inf

    @property
    def full(self) -> bool:
        """Whether a request would have to wait now."""
        return self._running >= self._concurrent or self._clock() < self._not_before

    @property
    def opens_at(self) -> float:
        """When the interval or the pause is over; ``-inf`` while places are missing."""
        return self._not_before if self._running < self._concurrent else -inf

    @property
    def running(self) -> int:
        """Requests that have passed and not left."""
        return self._running

    def enter_now(self) -> bool:
        """Pass; False when the limits do not allow it."""
        if self.full:
            return False
        self._running += 1
        if self._interval:
            self._not_before = self._clock() + self._interval
        return True

    def leave(self) -> None:
        """Give the place back."""
        self._running -= 1

    def pause(self, seconds: float) -> None:
        """Let nobody in for so long; whoever is in stays."""
        self._not_before = max(self._not_before, self._clock() + seconds)


def pacer(concurrent: int, interval: float, pause_after_429: float = 0.0) -> Pacer:
    """A gate with these limits; one without any limit costs nothing. Must be called inside the running loop."""
    return Turnstile(concurrent, interval) if concurrent or interval or pause_after_429 else UNLIMITED
