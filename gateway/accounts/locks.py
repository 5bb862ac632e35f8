"""Waiting for the file lock of a login on the event loop: no thread sleeps on a lock.

A thread only tries the lock, which takes microseconds; between two tries the task sleeps. So accounts that wait for
another program hold up nobody, however many they are.
"""

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from gateway.accounts.clock import Clock
from gateway.accounts.filelocks import HeldLock, LockTaken, LockTarget, first_taken
from gateway.threads import Threads

POLL: Final = 0.05
"""Mean seconds between two tries. A refresh takes some 300 ms, so little of it is lost by looking no more often; and 20
tries a second by each of many gateways are no load for a disk."""

SPREAD: Final = 0.5
"""Part of the poll by which a single wait may be shorter or longer: those who began together do not stay in step."""

PAUSE: Final = 0.15
"""Seconds after a release in which the same login does not try again. It is longer than the longest wait of others
between two tries (75 ms for a gateway, 100 ms for kiro-cli), so that those who wait get a try before the last holder
does: two programs cannot starve each other."""

JOIN: Final = 15.0
"""Seconds for which logins of one folder may join the lock that another login of this process holds on it. After that
other processes get a turn; a call to a token server ends within as long."""

Choices = Sequence[Sequence[LockTarget]]
"""Sets of what is locked together; the first set that can be locked is taken."""

_T = TypeVar("_T")


@dataclass(slots=True)
class FolderLock:
    """A folder that this process has locked, and the logins in it that are refreshed meanwhile."""

    lock: HeldLock
    since: float
    logins: set[str] = field(default_factory=set)


class FolderLocks:
    """The folders that this process has locked for refreshes: logins in one folder are refreshed side by side.

    Without this, one login whose token server hangs would hold up all others in its folder. Used on the event loop.
    """

    def __init__(self) -> None:
        self._held: dict[Path, FolderLock] = {}

    def join(self, choices: Choices, login: str, now: float) -> HeldLock | None:
        """The lock on the login's folder, if another login of this process has it."""
        shared = self._held.get(_folder(choices[0])) if choices else None
        if shared is None or login in shared.logins or now - shared.since > JOIN:
            return None
        shared.logins.add(login)
        return shared.lock

    def add(self, lock: HeldLock, login: str, now: float) -> None:
        """Let others join a lock that was taken just now, if it is one on a folder."""
        folder = _folder(lock.targets)
        if folder != _NONE:
            self._held[folder] = FolderLock(lock, now, {login})

    def leave(self, lock: HeldLock, login: str) -> bool:
        """Whether nobody else needs the lock: then nobody can join it any more, and it is to be released."""
        folder = _folder(lock.targets)
        shared = self._held.get(folder)
        if shared is None or shared.lock is not lock:
            return True
        shared.logins.discard(login)
        if not shared.logins:
            del self._held[folder]
        return not shared.logins


_NONE: Final = Path()


def _folder(targets: Sequence[LockTarget]) -> Path:
    return targets[0].path.parent if targets and targets[0].folder else _NONE


class LoginLock:
    """The lock of one login. Each ``acquire`` stands alone: tasks of one process exclude each other, too."""

    def __init__(
        self,
        threads: Threads,
        clock: Clock,
        *,
        login: str = "",
        folders: FolderLocks | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """login: tells it from others in its folder. folders: those of this process. jitter: in [0, 1)."""
        self._threads = threads
        self._clock = clock
        self._login = login
        self._folders = folders or FolderLocks()
        self._jitter = jitter
        self._not_before = float("-inf")

    async def acquire(self, choices: Choices, *, limit: float, poll: float = POLL, spread: float = SPREAD) -> HeldLock:
        """Wait for the lock. Cancelled, it leaves none held.

        Raises LockTaken after ``limit`` seconds, and another OSError where none of the choices can be locked.
        """
        deadline = self._clock.monotonic() + limit
        if (pause := self._not_before - self._clock.monotonic()) > 0:
            await self._clock.sleep(pause)
        while True:
            if joined := self._folders.join(choices, self._login, self._clock.monotonic()):
                return joined
            try:
                lock = await self._try(choices)
            except LockTaken:
                left = deadline - self._clock.monotonic()
                if left <= 0:
                    raise
                await self._clock.sleep(min(left, poll * (1 + spread * (2 * self._jitter() - 1))))
            else:
                self._folders.add(lock, self._login, self._clock.monotonic())
                return lock

    async def release(self, lock: HeldLock) -> None:
        """Give it back, also when the caller is cancelled meanwhile."""
        self._not_before = self._clock.monotonic() + PAUSE
        if self._folders.leave(lock, self._login):
            await self._threads.run_to_end(lock.release)

    async def _try(self, choices: Choices) -> HeldLock:
        attempt = Attempt(choices)
        try:
            return await self._threads.run(attempt.run)
        except BaseException:
            attempt.abandon()
            raise


class Attempt:
    """One try at a lock in a thread, by a task that may be cancelled meanwhile."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self._guard = threading.Lock()
        self._abandoned = False
        self._lock: HeldLock | None = None

    def run(self) -> HeldLock:
        """In the thread: take the lock, and give it back at once if nobody wants it any more. Raises as ``taken``."""
        lock = first_taken(self._choices)
        with self._guard:
            if not self._abandoned:
                self._lock = lock
                return lock
        lock.release()
        raise LockTaken("nobody waits for it any more")

    def abandon(self) -> None:
        """On the event loop: nobody takes the result. A lock that the thread has got by now is given back here."""
        with self._guard:
            self._abandoned = True
            lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()  # two system calls; the thread may have work that takes long


async def retried(work: Callable[[], _T], *, threads: Threads, clock: Clock, limit: float) -> _T:
    """Do something that takes a lock without waiting for it, again and again until the lock is free.

    Raises LockTaken, an OSError, when it was not free within ``limit`` seconds.
    """
    deadline = clock.monotonic() + limit
    while True:
        try:
            return await threads.run(work)
        except LockTaken:
            if clock.monotonic() >= deadline:
                raise
            await clock.sleep(POLL)
