"""Small secret files: replaced whole or not at all, readable by their owner only unless they were open to others.

Everything here blocks; callers on the event loop use a thread.
"""

import contextlib
import os
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from gateway import jsontext

LIMIT: Final = 1 << 20
"""A credential file is some kilobytes; more is another file given by mistake."""

_RESERVE: Final = 16 * 1024
"""Bytes the writability test writes: more than any credential file has, so that a full disk shows."""


OLD: Final = 60.0
"""Seconds after which a file that was to replace another is a rest: that takes milliseconds."""

_NEW: Final = ".new"


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file. Raises OSError, or jsontext.JsonError when it is not one."""
    with path.open("rb") as file:
        raw = file.read(LIMIT + 1)
    if len(raw) > LIMIT:
        raise jsontext.JsonError("the file is larger than 1 MiB")
    found = jsontext.decode(raw.removeprefix(b"\xef\xbb\xbf"))
    if not isinstance(found, dict):
        raise jsontext.JsonError("the file does not hold a JSON object")
    return found


def stamps(files: Sequence[Path]) -> tuple[tuple[int, int, int] | None, ...]:
    """What tells a changed file from an unchanged one: time, size and inode; None for a file that cannot be seen."""

    def stamp(path: Path) -> tuple[int, int, int] | None:
        try:
            found = path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    return tuple(map(stamp, files))


def replace(path: Path, content: bytes, *, keep_mode: bool = False) -> None:
    """Put ``content`` in place of the file, atomically and durably (S16).

    A symbolic link stays: the file it points to is replaced. The owner stays too where we may set it, so that a
    gateway run as root does not lock the user's own program out. keep_mode: the mode stays as well, since another
    user's program may read the file through its group; without it, and for a new file, only the owner can read it.
    Raises OSError, with the old file untouched.
    """
    target = path.resolve()
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=_NEW, dir=target.parent)  # made 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            _keep_owner(file.fileno(), target)
            if keep_mode:
                _keep_mode(file.fileno(), target)
            os.fsync(file.fileno())
            _remove_rests(target, os.fstat(file.fileno()).st_mtime - OLD)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def _remove_rests(target: Path, before: float) -> None:
    """Secrets that a process killed in ``replace`` left behind, by the folder's own clock."""
    for path in target.parent.iterdir():
        if path.name.startswith(f".{target.name}.") and path.name.endswith(_NEW):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < before:
                    path.unlink()


def _keep_owner(descriptor: int, target: Path) -> None:
    if hasattr(os, "fchown"):
        with contextlib.suppress(OSError):
            old = target.stat()
            os.fchown(descriptor, old.st_uid, old.st_gid)


def _keep_mode(descriptor: int, target: Path) -> None:
    """The group's part only where the group stayed: else another group would get to read the file."""
    if hasattr(os, "fchmod"):
        with contextlib.suppress(FileNotFoundError):
            old, new = target.stat(), os.fstat(descriptor)
            mode = stat.S_IMODE(old.st_mode) & 0o777
            os.fchmod(descriptor, mode if old.st_gid == new.st_gid else mode & ~0o070)


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names in a folder."""
    if os.name == "nt":
        return  # a folder cannot be opened there; NTFS journals the rename
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def prove_writable(path: Path) -> None:
    """Raise OSError unless ``replace`` would find room and permission beside the file now (S15)."""
    folder = path.resolve().parent
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(_RESERVE))
        file.flush()
        os.fsync(file.fileno())


def private_folder(path: Path) -> None:
    """Make a folder that only its owner may enter."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def close_to_others(path: Path) -> None:
    """Take a secret file away from everyone but its owner: a copy or a restored backup may have opened it (S24)."""
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
