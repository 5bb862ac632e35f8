"""Threads by purpose, so that work of one kind never waits behind work of another.

The event loop's own threads are left to what Python itself does there (names of hosts). Each ``Threads`` is made and
closed by its owner; its threads start with the first job and end by themselves when there is nothing to do. They do not
hold up the end of the process: a thread that hangs on a dead network drive is left behind. What must be finished before
that, the owner waits for. This module stands beside ``supervision``, below the accounts.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Any, Final, TypeVar

from gateway.errors import GatewayError, Kind

IDLE_SECONDS: Final = 30.0
"""After so long without a job a thread ends: a hundred accounts keep no hundred threads."""

RETRY_AFTER: Final = 1.0
"""Seconds after which a client may ask again when too much work waits; one job takes less, as a rule."""

_T = TypeVar("_T")


class TooMuchWork(GatewayError):
    """More jobs wait than may."""

    def __init__(self, purpose: str) -> None:
        message = f"Too much work waits for {purpose} in the gateway. Send the request again in a moment."
        super().__init__(Kind.OVERLOADED, message, retry_after=RETRY_AFTER, should_retry=True)


class Threads:
    """At most ``size`` threads for one purpose. waiting: jobs that may wait for a thread; None for any number.

    ``run`` and ``submit`` are called on the event loop; jobs see the context variables of their caller.
    """

    def __init__(self, purpose: str, size: int, *, waiting: int | None = None) -> None:
        self.purpose = purpose
        self._size = size
        self._waiting = waiting
        self._jobs: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._changed = threading.Condition()
        self._running = 0
        self._idle = 0
        self._busy = 0
        self._closed = False

    async def run(self, work: Callable[..., _T], *arguments: Any) -> _T:
        """Do it in a thread and give its result. Raises what it raises, and TooMuchWork.

        Cancelled before a thread has begun it, it is not done at all; afterwards its result is dropped.
        """
        return await self.submit(work, *arguments)

    async def run_to_end(self, work: Callable[..., _T], *arguments: Any) -> _T:
        """The same, but once asked for it is done, even if the caller is cancelled before a thread has begun it."""
        return await asyncio.shield(self.submit(work, *arguments))

    def submit(self, work: Callable[..., _T], *arguments: Any) -> "asyncio.Future[_T]":
        """The same without waiting: the caller looks at the future. Raises TooMuchWork."""
        loop = asyncio.get_running_loop()
        outer: asyncio.Future[_T] = loop.create_future()
        inner: Future[_T] = Future()
        self._put(inner, partial(copy_context().run, work, *arguments))
        outer.add_done_callback(lambda ended: ended.cancelled() and inner.cancel())
        inner.add_done_callback(partial(_deliver, loop, outer))
        return outer

    def close(self) -> None:
        """Refuse the jobs that wait, and let the threads end after the jobs they have begun. Waits for nothing."""
        with self._changed:
            self._closed = True
            left, self._jobs = self._jobs, deque()
            self._changed.notify_all()
        for future, _ in left:
            if future.set_running_or_notify_cancel():
                future.set_exception(_stopping())

    def _put(self, future: Future[Any], job: Callable[[], Any]) -> None:
        with self._changed:
            if self._closed:
                raise _stopping()
            if self._full():
                self._jobs = deque(waiting for waiting in self._jobs if not waiting[0].cancelled())
                if self._full():
                    raise TooMuchWork(self.purpose)
            self._jobs.append((future, job))
            if self._idle < len(self._jobs) and self._running < self._size:
                self._start()
            self._changed.notify()

    def _start(self) -> None:
        """One more thread. Where the system has none, those that run must do; without any the job is refused."""
        try:
            threading.Thread(target=self._work, name=f"gateway {self.purpose}", daemon=True).start()
        except RuntimeError:
            if not self._running:
                self._jobs.pop()
                raise TooMuchWork(self.purpose) from None
        else:
            self._running += 1

    def _full(self) -> bool:
        return self._waiting is not None and len(self._jobs) + self._busy >= self._size + self._waiting

    def _work(self) -> None:
        """A thread's life: job after job, until none has come for a while."""
        while (job := self._next()) is not None:
            future, work = job
            if future.set_running_or_notify_cancel():
                _do(future, work, self._free)
            else:
                self._free()
            del job, future, work  # a job may hold a body of many megabytes while the thread waits for the next

    def _free(self) -> None:
        with self._changed:
            self._busy -= 1

    def _next(self) -> tuple[Future[Any], Callable[[], Any]] | None:
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._jobs or self._closed, IDLE_SECONDS)
            self._idle -= 1
            if self._jobs:
                self._busy += 1
                return self._jobs.popleft()
            self._running -= 1
            return None


def _do(future: Future[Any], work: Callable[[], Any], free: Callable[[], None]) -> None:
    """free: called before the result is given, so that who has it finds the thread's place free."""
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001 - the waiter gets it, as from any thread pool
        free()
        future.set_exception(error)
    else:
        free()
        future.set_result(result)
    finally:
        del future, work  # an error's traceback leads here, and would make a circle with them


def _deliver(loop: asyncio.AbstractEventLoop, outer: "asyncio.Future[_T]", inner: "Future[_T]") -> None:
    """Called in the thread. A loop that is closed by now has nobody who waits."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(_hand_over, outer, inner)


def _hand_over(outer: "asyncio.Future[_T]", inner: "Future[_T]") -> None:
    if outer.done():
        return  # cancelled meanwhile
    if (error := inner.exception()) is not None:
        outer.set_exception(error)
    else:
        outer.set_result(inner.result())


def _stopping() -> GatewayError:
    return GatewayError(Kind.OVERLOADED, "The gateway is being stopped. Send the request again in a moment.")
