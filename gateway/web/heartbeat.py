"""Notices silence on a stream that is being written, and breaks it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

Beat = Callable[[], Coroutine[Any, Any, None]]


class Heartbeat:
    """Calls ``beat`` after every ``interval`` seconds without a ``touch``.

    One timer a stream, moved only when it fires: a time-out around every read costs more than the read itself. A beat
    may be written while the pump waits for the upstream: every write of the pump is whole events, so a beat always
    falls between two of them.
    """

    __slots__ = ("_beat", "_beating", "_clock", "_interval", "_last", "_loop", "_timer")

    def __init__(self, interval: float, beat: Beat) -> None:
        self._interval = interval
        self._beat = beat
        self._loop = asyncio.get_running_loop()
        self._clock = self._loop.time
        self._last = self._clock()
        self._timer = self._loop.call_at(self._last + interval, self._look)
        self._beating: asyncio.Task[None] | None = None

    def touch(self) -> None:
        """Something was written."""
        self._last = self._clock()

    def _look(self) -> None:
        now = self._clock()
        if now >= self._last + self._interval:
            self._last = now
            if self._beating is None or self._beating.done():  # a client that does not read gets no pile of pings
                self._beating = self._loop.create_task(self._beat(), name="heartbeat")
        self._timer = self._loop.call_at(self._last + self._interval, self._look)

    async def stop(self) -> None:
        """No more beats; one that is being written is waited for."""
        self._timer.cancel()
        if self._beating is not None and not self._beating.done():
            await asyncio.wait({self._beating})
