"""Notices silence on a stream that is being written, and breaks it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from gateway.supervision import background_task

Beat = Callable[[], Coroutine[Any, Any, None]]


class Heartbeat:
    """Calls ``beat`` after ``first`` seconds without a ``touch``, and from then on after every ``interval`` seconds.

    One timer a stream, moved only when it fires: a time-out around every read would cost more than the read. It is
    never set farther ahead than an interval, so that no touch need move it. A beat may be written while the pump waits
    for the upstream: each write of the pump is whole events, so a beat always falls between two of them.
    """

    __slots__ = ("_beat", "_beating", "_clock", "_due", "_interval", "_loop", "_timer")

    def __init__(self, beat: Beat, *, first: float, interval: float) -> None:
        self._beat = beat
        self._interval = interval
        self._loop = asyncio.get_running_loop()
        self._clock = self._loop.time
        now = self._clock()
        self._due = now + first
        self._timer = self._loop.call_at(now + min(first, interval), self._look)
        self._beating: asyncio.Task[None] | None = None

    def touch(self) -> None:
        """Something was written."""
        self._due = self._clock() + self._interval

    def _look(self) -> None:
        if self._clock() >= self._due:
            self.touch()
            if self._beating is None or self._beating.done():  # a client that does not read gets no pile of pings
                self._beating = background_task("heartbeat", self._beat())
        self._timer = self._loop.call_at(min(self._due, self._clock() + self._interval), self._look)

    async def begin(self) -> None:
        """The answer begins: ``interval`` counts from now on. Waits for a beat that is being written."""
        self.touch()
        await self._settle()

    async def stop(self) -> None:
        """No more beats."""
        self._timer.cancel()
        await self._settle()

    async def _settle(self) -> None:
        if self._beating is not None and not self._beating.done():
            await asyncio.wait({self._beating})
