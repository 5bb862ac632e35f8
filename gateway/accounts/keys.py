"""The gateway's own API key: made at the first start, kept in a file that only its owner can read (S1)."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.accounts import store

NAME: Final = "api-key"
LEAST_LENGTH: Final = 24
"""Characters; a shorter text in the file was not written by the gateway and is too easy to try out."""

_BYTES: Final = 32
_WAIT: Final = 10.0


class KeyFileError(Exception):
    """The key file cannot be read, made or used; the message names the file, and never its content."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """The key, the file that keeps it, and whether this start made it."""

    text: str
    path: Path
    new: bool

    def __repr__(self) -> str:
        return f"ApiKey(path={str(self.path)!r}, new={self.new})"


def read_or_make(folder: Path) -> ApiKey:
    """The key of this folder; of two gateways started at once both get the same. Raises KeyFileError."""
    path = folder / NAME
    try:
        if text := _read(path):
            return ApiKey(text, path, new=False)
        store.private_folder(folder)
        return _make(path)
    except OSError as error:
        message = f"the file of the gateway's key, {path}, cannot be used: {error.strerror or 'input/output error'}"
        raise KeyFileError(f"{message}; set server.api_keys (PROXY_API_KEY) instead") from None


def _make(path: Path) -> ApiKey:
    with store.lock_for(path).acquire(timeout=_WAIT):
        if text := _read(path):
            return ApiKey(text, path, new=False)
        store.replace(
            path, f"kg-{secrets.token_urlsafe(_BYTES)}\n".encode()
        )  # a new file, O_EXCL and 0600, then renamed
        return ApiKey(_read(path), path, new=True)


def _read(path: Path) -> str:
    """The key; empty when there is none, or only what a full disk left of one."""
    try:
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)  # a copy or a restored backup may have opened it
        text = path.read_bytes().decode("ascii").strip()
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise KeyFileError(f"{path} does not hold a key; remove it, and the next start makes one") from None
    if text and (len(text) < LEAST_LENGTH or not text.isprintable() or " " in text):
        raise KeyFileError(f"{path} does not hold a key of the gateway; remove it, and the next start makes one")
    return text
