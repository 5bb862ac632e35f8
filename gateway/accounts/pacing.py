"""Calm pacing: how many requests run at once, and how far apart they begin. First come, first served."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol


class Pacer(Protocol):
    """A gate that every request passes and leaves again. Whoever is cancelled while it waits holds no place."""

    @property
    def full(self) -> bool:
        """Whether a request would have to wait now."""
        ...

    def enter_now(self) -> bool:
        """Pass without waiting; False when that is not possible."""
        ...

    async def enter(self) -> None:
        """Pass, after all who came before."""
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

    def enter_now(self) -> bool:
        """Always."""
        return True

    async def enter(self) -> None:
        """At once."""

    def leave(self) -> None:
        """Nothing is held."""

    def pause(self, seconds: float) -> None:
        """Nothing to pause."""


UNLIMITED = Unlimited()


class Turnstile:
    """A gate with limits.

    concurrent: requests at once, 0 for any number. interval: least seconds between two beginnings.
    clock, call_at: those of the running loop unless handed in; only differences of times count.
    """

    def __init__(
        self,
        concurrent: int = 0,
        interval: float = 0.0,
        *,
        clock: Callable[[], float] | None = None,
        call_at: Callable[[float, Callable[[], None]], asyncio.TimerHandle] | None = None,
    ) -> None:
        loop = asyncio.get_running_loop()
        self._concurrent = concurrent or float("inf")
        self._interval = interval
        self._clock = clock or loop.time
        self._call_at = call_at or loop.call_at
        self._loop = loop
        self._running = 0
        self._not_before = float("-inf")
        self._queue: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def full(self) -> bool:
        """Whether a request would have to wait now."""
        return bool(self._queue) or not self._free()

    @property
    def running(self) -> int:
        """Requests that have passed and not left."""
        return self._running

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        return len(self._queue)

    def enter_now(self) -> bool:
        """Pass without waiting; False when others wait or the limits do not allow it."""
        if self.full:
            return False
        self._begin()
        return True

    async def enter(self) -> None:
        """Pass, after all who came before. Cancelled, it leaves no trace in the queue and no place taken."""
        if self.enter_now():
            return
        place = self._loop.create_future()
        self._queue.append(place)
        self._advance()
        try:
            await place
        except asyncio.CancelledError:
            if place.cancelled():
                with suppress(ValueError):  # the gate may have met it first
                    self._queue.remove(place)
                self._advance()
            else:  # let in at the very moment it left
                self.leave()
            raise

    def leave(self) -> None:
        """Give the place back; the next in the queue passes."""
        self._running -= 1
        self._advance()

    def pause(self, seconds: float) -> None:
        """Let nobody in for so long; whoever is in stays."""
        self._not_before = max(self._not_before, self._clock() + seconds)

    def _free(self) -> bool:
        return self._running < self._concurrent and self._clock() >= self._not_before

    def _begin(self) -> None:
        self._running += 1
        if self._interval:
            self._not_before = self._clock() + self._interval

    def _advance(self) -> None:
        """Let in as many of the queue as the limits allow; for the rest a timer, if it is time that is missing."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._queue and (self._queue[0].cancelled() or self._free()):
            place = self._queue.popleft()
            if not place.cancelled():
                self._begin()
                place.set_result(None)
        if self._queue and self._running < self._concurrent:
            self._timer = self._call_at(self._not_before, self._advance)


def pacer(concurrent: int, interval: float, pause_after_429: float = 0.0) -> Pacer:
    """A gate with these limits; one without any limit costs nothing. Must be called inside the running loop."""
    return Turnstile(concurrent, interval) if concurrent or interval or pause_after_429 else UNLIMITED
