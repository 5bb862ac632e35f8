"""Waiting for the file lock of a login on the event loop: no thread sleeps on a lock.

A thread only tries the lock, which takes microseconds; between two tries the task sleeps. So accounts that wait for
another program hold up nobody, however many they are.
"""

import random
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from filelock import FileLock, Timeout

from gateway.accounts import store
from gateway.accounts.clock import Clock
from gateway.threads import Threads

POLL: Final = 0.05
"""Mean seconds between two tries. A refresh takes some 300 ms, so little of it is lost by looking no more often; and 20
tries a second by each of many gateways are no load for a disk."""

SPREAD: Final = 0.5
"""Part of ``POLL`` by which a single wait may be shorter or longer: those who began together do not stay in step."""

PAUSE: Final = POLL * (1 + SPREAD)
"""Seconds after a release in which the same login does not try again. It is the longest wait of others between two
tries, so that those who wait get a try before the last holder does: two gateways cannot starve each other."""

_T = TypeVar("_T")


class LoginLock:
    """The lock of one login. Each ``acquire`` stands alone: tasks of one process exclude each other, too."""

    def __init__(
        self,
        threads: Threads,
        clock: Clock,
        *,
        limit: float,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """limit: seconds to wait at most. jitter: in [0, 1)."""
        self._threads = threads
        self._clock = clock
        self._limit = limit
        self._jitter = jitter
        self._not_before = float("-inf")

    async def acquire(self, places: Sequence[Path]) -> FileLock | None:
        """The lock of the first of these files that can have one; None when it was not to be had within the limit.

        Cancelled, it leaves no lock held.
        """
        if (pause := self._not_before - self._clock.monotonic()) > 0:
            await self._clock.sleep(pause)
        deadline = self._clock.monotonic() + self._limit
        while True:
            try:
                return await self._try(places)
            except Timeout:
                left = deadline - self._clock.monotonic()
                if left <= 0:
                    return None
                await self._clock.sleep(min(left, POLL * (1 + SPREAD * (2 * self._jitter() - 1))))

    async def release(self, lock: FileLock) -> None:
        """Give it back, also when the caller is cancelled meanwhile."""
        self._not_before = self._clock.monotonic() + PAUSE
        await self._threads.run_to_end(lock.release)

    async def _try(self, places: Sequence[Path]) -> FileLock | None:
        """None where no lock can exist; raises Timeout when another has it."""
        attempt = Attempt(places)
        try:
            return await self._threads.run(attempt.run)
        except BaseException:
            attempt.abandon()
            raise


class Attempt:
    """One try at a lock in a thread, by a task that may be cancelled meanwhile."""

    def __init__(self, places: Sequence[Path]) -> None:
        self._places = places
        self._guard = threading.Lock()
        self._abandoned = False
        self._lock: FileLock | None = None

    def run(self) -> FileLock | None:
        """In the thread: take the lock, and give it back at once if nobody wants it any more. Raises Timeout."""
        lock = store.locked(self._places)
        with self._guard:
            if not self._abandoned:
                self._lock = lock
                return lock
        if lock is not None:
            lock.release()
        return None

    def abandon(self) -> None:
        """On the event loop: nobody takes the result. A lock that the thread has got by now is given back here."""
        with self._guard:
            self._abandoned = True
            lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()  # two system calls; the thread may have work that takes long


async def retried(work: Callable[[], _T], *, threads: Threads, clock: Clock, limit: float) -> _T:
    """Do something that takes a lock without waiting for it, again and again until the lock is free.

    Raises Timeout, an OSError, when it was not free within ``limit`` seconds.
    """
    deadline = clock.monotonic() + limit
    while True:
        try:
            return await threads.run(work)
        except Timeout:
            if clock.monotonic() >= deadline:
                raise
            await clock.sleep(POLL)
