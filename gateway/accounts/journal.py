"""The gateway's own record of what a refresh token was exchanged for, so that no crash and no full disk loses a login.

A file for each token that is spent, named by its fingerprint: ``{"place", "accessToken", "refreshToken", "expiresAt",
"profileArn"?}`` with blanks behind; place: a mark of the source. It is made, with room, before the token is sent; the
answer goes into it by one write, before anything else is done with it. What cannot be closed is the time between the
server's exchange and that write: whoever ends the process then has the answer die with it.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Protocol

from gateway.accounts import store
from gateway.accounts.credentials import Credentials, checked_arn, checked_token, epoch, spelled_like
from gateway.errors import GatewayError
from gateway.jsontext import JsonError, encode

ROOM: Final = 16 * 1024
"""Bytes made ready for an answer; the longest tokens known, those of Entra, have four thousand."""

_LONGEST: Final = 1000
"""Exchanges in a row that are followed: they become one whenever the tokens reach their place."""

_FLAGS: Final = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class Entry(Protocol):
    """Where an answer goes first. ``close`` removes it when nothing came into it."""

    def write(self, credentials: Credentials) -> None:
        """Put the new tokens down, at once and without waiting for the disk. Raises OSError."""
        ...

    def sync(self) -> None:
        """Wait for the disk. Raises OSError."""
        ...

    def close(self) -> None:
        """It is needed no more by this refresh."""
        ...


class Unkept:
    """Where no journal can be kept and the source itself is writable: the crash between answer and write is a risk."""

    def write(self, credentials: Credentials) -> None:
        """Nothing is kept."""

    def sync(self) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Nothing is kept."""


class Opened:
    """The file of one exchange, open and with room in it."""

    def __init__(self, path: Path, mark: str) -> None:
        """Make it, or take the one that is there, whose content stays until ``write``. Raises OSError."""
        self._path = path
        self._mark = mark
        self._file = os.open(path, _FLAGS, 0o600)
        try:
            self._size = max(ROOM, os.fstat(self._file).st_size)
            os.lseek(self._file, 0, os.SEEK_END)
            _write(self._file, b" " * (self._size - os.fstat(self._file).st_size))
            os.fsync(self._file)
            store.sync_folder(path.parent)
            os.lseek(self._file, 0, os.SEEK_SET)
        except BaseException:
            self.close()
            raise

    def write(self, credentials: Credentials) -> None:
        """One system call, over room that is there already: neither a full disk nor a signal comes between."""
        _write(self._file, encode(_members(credentials, self._mark)).ljust(self._size))

    def sync(self) -> None:
        """Wait for the disk."""
        os.fsync(self._file)

    def close(self) -> None:
        """Close the file, and remove it when it is blank."""
        os.close(self._file)
        with contextlib.suppress(OSError):
            if not self._path.read_bytes().strip():
                self._path.unlink()


class Journal:
    """The entries in one folder. Everything here blocks; callers on the event loop use a thread.

    A login whose source may not or cannot be written lives here for good, named by the token in the source, so that a
    new token put there by the user wins (S25).
    """

    def __init__(self, folder: Path, key: str) -> None:
        """key: of the source whose tokens these are."""
        self.folder = folder
        self._mark = sha256(b"kiro-gateway journal\0" + key.encode()).hexdigest()[:16]

    def path(self, refresh_token: str) -> Path:
        """The file of what a token was exchanged for."""
        return self.folder / entry_name(refresh_token)

    def prove_writable(self) -> None:
        """Raise OSError unless the folder takes files."""
        store.private_folder(self.folder)
        store.prove_writable(self.folder / "login")

    def reserve(self, refresh_token: str) -> Opened:
        """Make ready for what a token will be exchanged for. Raises OSError when there is no room."""
        store.private_folder(self.folder)
        return Opened(self.path(refresh_token), self._mark)

    def over(self, original: Credentials) -> Credentials:
        """``original`` with the newest tokens known to have come from it.

        A server may exchange a refresh token for itself: then the access token that lives longer is the newer one,
        whoever put it where it is.
        """
        newest = original
        for _ in range(_LONGEST):
            found = self._after(newest)
            if found is None:
                return newest
            if found.refresh_token == newest.refresh_token:
                return found if (found.expires_at or 0.0) > (newest.expires_at or 0.0) else newest
            newest = found
        return newest

    def keep(self, original: str, credentials: Credentials) -> None:
        """Keep the tokens here for good, as what ``original`` was exchanged for. Raises OSError."""
        store.private_folder(self.folder)
        between = self._files(original)[1:]
        store.replace(self.path(original), encode(_members(credentials, self._mark)))
        _remove(between)
        _remove(path for path in self._left(credentials.refresh_token) if path != self.path(original))

    def forget(self, original: str, now: str) -> None:
        """Drop what came from a token, and what led to the one that its source itself holds ``now``."""
        _remove(self._files(original))
        _remove(self._left(now))

    def _after(self, before: Credentials) -> Credentials | None:
        """What one exchange gave; None for none, or one that was cut off."""
        try:
            kept = store.read_json(self.path(before.refresh_token))
            refresh = checked_token(kept.get("refreshToken"), "refreshToken")
            access = checked_token(kept.get("accessToken"), "accessToken")
            arn = before.profile_arn or checked_arn(kept.get("profileArn"))
        except (OSError, JsonError, GatewayError):
            return None
        if not refresh:
            return None
        expires_at = epoch(kept.get("expiresAt"))
        return replace(before, refresh_token=refresh, access_token=access, expires_at=expires_at, profile_arn=arn)

    def _files(self, original: str) -> list[Path]:
        """The files of a token and of all that came from it, oldest first."""
        files: list[Path] = []
        now: Credentials | None = Credentials("social", original)
        while now is not None and (path := self.path(now.refresh_token)) not in files and len(files) < _LONGEST:
            files.append(path)
            now = self._after(now)
        return files

    def _left(self, refresh_token: str) -> Iterator[Path]:
        """Entries of this source that lead to a token, left by a crash after the token had reached its place."""
        for path in list(self.folder.glob("login-*.json")):
            with contextlib.suppress(OSError, JsonError):
                entry = store.read_json(path)
                if (entry.get("refreshToken"), entry.get("place")) == (refresh_token, self._mark):
                    yield path


def entry_name(refresh_token: str) -> str:
    """The name of the file of what a token was exchanged for; tells nothing of the token."""
    fingerprint = sha256(b"kiro-gateway refresh token\0" + refresh_token.encode()).hexdigest()[:32]
    return f"login-{fingerprint}.json"


def _remove(files: Iterable[Path]) -> None:
    """Oldest first: what is left of a removal that was cut off is not reached any more."""
    for path in files:
        with contextlib.suppress(OSError):
            path.unlink()


def _members(credentials: Credentials, mark: str) -> dict[str, Any]:
    tokens = {"accessToken": credentials.access_token, "refreshToken": credentials.refresh_token}
    members = {"place": mark, **tokens}
    if credentials.expires_at is not None:
        members["expiresAt"] = str(spelled_like(None, credentials.expires_at))
    if credentials.profile_arn:
        members["profileArn"] = credentials.profile_arn
    return members


def _write(descriptor: int, content: bytes) -> None:
    """All of it: a signal or a quota may cut a write short."""
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]
