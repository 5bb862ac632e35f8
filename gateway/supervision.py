"""Tasks in the background: none ends unseen.

A ``Supervised`` task runs for as long as its owner and is restarted when it fails. A ``background_task`` runs once.
Both log an unforeseen error with its traceback under one event, ``background_task_failed``. This module stands on a
floor between the pure ones, which know no event loop, and the accounts, which are the lowest that have tasks.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from time import monotonic
from typing import Any, Final, TypeVar

import structlog

from gateway.errors import GatewayError, Kind

_log: Final = structlog.get_logger("gateway.tasks")

FIRST_DELAY: Final = 1.0
"""Seconds until a failed task is restarted; doubled with each failure that follows."""

LONGEST_DELAY: Final = 300.0
"""Five minutes: a task that fails each time writes twelve tracebacks an hour and no more."""

RAN_WELL: Final = 300.0
"""Seconds after which a run counts as a good one, and the next failure is a first one: longer than the longest delay,
so that a task cannot get its short delays back by failing slowly."""

Sleep = Callable[[float], Awaitable[Any]]
Work = Callable[[], Coroutine[Any, Any, None]]

_T = TypeVar("_T")


class Supervised:
    """A task that is restarted when it meets an unforeseen error. It ends when its work returns, and with ``close``.

    Must be made inside the running event loop. name: for the log. work: called for each start. task: for those who wait
    for the end of work that has one.
    """

    def __init__(
        self,
        name: str,
        work: Work,
        *,
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._name = name
        self._work = work
        self._sleep = sleep
        self._clock = clock
        self.task = background_task(name, self._run())

    async def close(self) -> None:
        """Cancel the task and wait for its end. May be called twice."""
        self.task.cancel()
        await asyncio.wait({self.task})

    async def _run(self) -> None:
        delay = FIRST_DELAY
        while True:
            began = self._clock()
            try:
                await self._work()
            except Exception:  # noqa: BLE001 - the one place for errors that a background task did not foresee
                if self._clock() - began >= RAN_WELL:
                    delay = FIRST_DELAY
                log_failure(self._name, restart_in=delay)
            else:
                return
            await self._sleep(delay)
            delay = min(2 * delay, LONGEST_DELAY)


def supervise(
    name: str, work: Work, *, sleep: Sleep = asyncio.sleep, clock: Callable[[], float] = monotonic
) -> Supervised:
    """Start a task that runs for as long as its owner, who closes it."""
    return Supervised(name, work, sleep=sleep, clock=clock)


def background_task(name: str, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
    """Start a task that runs once. The caller keeps it. An unforeseen error is logged in any case."""
    task = asyncio.get_running_loop().create_task(work, name=name)
    task.add_done_callback(_log_end)
    return task


async def outcome(task: asyncio.Task[_T]) -> _T:
    """Wait for a ``background_task`` without cancelling it when the caller is cancelled.

    Raises its GatewayError; GatewayError(INTERNAL) for an error that was not foreseen, which is in the log already, and
    GatewayError(OVERLOADED) for a task that was ended before it was done.
    """
    await asyncio.wait({task})
    if task.cancelled():
        raise GatewayError(Kind.OVERLOADED, "The gateway ended this work before it was done. Send the request again.")
    error = task.exception()
    if isinstance(error, Exception) and not isinstance(error, GatewayError):
        raise internal_error() from error
    return task.result()


def internal_error() -> GatewayError:
    """What a caller gets for an error that was not foreseen and has been logged."""
    return GatewayError(Kind.INTERNAL, "The gateway itself failed; its log has the reason.")


def log_failure(name: str, error: BaseException | None = None, **facts: Any) -> None:
    """Log an unforeseen error with its traceback. error: the one that is being handled, if not given."""
    _log.error("background_task_failed", task=name, exc_info=error or True, **facts)


def _log_end(task: asyncio.Task[Any]) -> None:
    """Takes the error out of the task as well: asyncio complains of one that nobody has seen."""
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, GatewayError):
        log_failure(task.get_name(), error)
