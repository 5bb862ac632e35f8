"""Locks between processes that are held by open files: ``flock(2)`` on Unix, one locked byte on Windows.

A lock's file is made when it is missing, with mode 0600, and is then neither written to nor removed: a lock on a file
that another program has removed would exclude nobody. A folder is locked as it is, and nothing is made in it. On
Windows, where folders cannot be locked, the byte lies at the file's start; that ``LockFileEx`` of other programs on the
whole file excludes it follows from Microsoft's documentation and was not tried.

Everything here blocks for microseconds, but for ``held``.
"""

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

FOLDERS: Final = sys.platform != "win32"
"""Whether this system can lock a folder."""

_POLL: Final = 0.05
"""Seconds between two tries of ``held``."""

_FILE: Final = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)


class LockTaken(TimeoutError):
    """Somebody else has the lock: another process, or another task of this one."""


FOLDER: Final = ""
"""A target's ``beside``: the folder itself."""

SIDE_FILE: Final = ".{name}.lock"
"""A target's ``beside``: a file named after the other one."""


@dataclass(frozen=True, slots=True)
class LockTarget:
    """What is locked: the file ``path``, or what ``beside`` names in the folder that holds it, links followed.

    dispensable: it need not be locked where its folder is missing and cannot be made. No other program that runs here
    as the same user can have it then.
    """

    path: Path
    beside: str | None = None
    dispensable: bool = False

    @property
    def folder(self) -> bool:
        """Whether it is a folder, which must be there."""
        return self.beside == FOLDER

    def place(self) -> Path:
        """Where it is. Follows links, so it blocks."""
        if self.beside is None:
            return self.path
        target = self.path.resolve()
        return target.parent / self.beside.format(name=target.name)


class HeldLock:
    """Locked files, until ``release``. targets: which."""

    def __init__(self) -> None:
        self.targets: tuple[LockTarget, ...] = ()
        self._descriptors: list[int] = []

    def add(self, target: LockTarget) -> None:
        """Lock one more. Raises LockTaken, OSError."""
        place = target.place()
        descriptor = _opened(target, place)
        if descriptor is None:
            return
        mine = os.fstat(descriptor)
        if any(os.path.samestat(mine, os.fstat(other)) for other in self._descriptors):
            os.close(descriptor)  # two names of one file, which is locked already
            return
        self._descriptors.append(descriptor)
        _lock(descriptor)
        self.targets = (*self.targets, target)
        try:
            there = place.stat()
        except FileNotFoundError as error:
            raise LockTaken("the lock's file was removed meanwhile") from error
        if not os.path.samestat(mine, there):
            raise LockTaken("the lock's file was replaced meanwhile")

    def release(self) -> None:
        """Unlock, explicitly: a child process may have inherited the descriptors. May be called twice."""
        while self._descriptors:
            descriptor = self._descriptors.pop()
            try:
                with contextlib.suppress(OSError):
                    _unlock(descriptor)
            finally:
                os.close(descriptor)


def side_file(path: Path) -> LockTarget:
    """The lock of a file of the gateway's own: beside it, since the file itself is replaced."""
    return LockTarget(path, SIDE_FILE)


def taken(targets: Sequence[LockTarget]) -> HeldLock:
    """Lock all of these, or none: who waits for one of them holds no other, so nobody waits in a circle.

    Raises LockTaken, and OSError where a lock cannot exist.
    """
    lock = HeldLock()
    try:
        for target in targets:
            lock.add(target)
    except BaseException:
        lock.release()
        raise
    return lock


def first_taken(choices: Sequence[Sequence[LockTarget]]) -> HeldLock:
    """Lock the first of these that can be locked. Raises LockTaken, and OSError where none can."""
    last = OSError("there is nothing to lock")
    for targets in choices:
        try:
            return taken(targets)
        except LockTaken:
            raise
        except OSError as error:
            last = error
    raise last


@contextlib.contextmanager
def held(path: Path, wait: float) -> Iterator[None]:
    """The lock of a file of the gateway's own. This thread sleeps for up to ``wait`` seconds. Raises as ``taken``."""
    until = time.monotonic() + wait
    while True:
        try:
            lock = taken([side_file(path)])
            break
        except LockTaken:
            if time.monotonic() >= until:
                raise
            time.sleep(_POLL)
    try:
        yield
    finally:
        lock.release()


def _opened(target: LockTarget, place: Path) -> int | None:
    if target.folder:
        return os.open(place, os.O_RDONLY)
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        if target.dispensable:
            return None
        raise
    return os.open(place, _FILE, 0o600)


if sys.platform == "win32":

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise LockTaken("another process has the lock") from error

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:

    def _lock(descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LockTaken("another process has the lock") from error

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
