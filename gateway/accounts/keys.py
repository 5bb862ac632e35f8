"""The gateway's own keys: made at the first start, each kept in a file that only its owner can read (S1).

The API key is for clients. The admin key opens what clients have no business with: logins, accounts, usage.
"""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.accounts import filelocks, store

NAME: Final = "api-key"
ADMIN_NAME: Final = "admin-key"
LEAST_LENGTH: Final = 24
"""Characters; a shorter text in the file was not written by the gateway and is too easy to try out."""

_BYTES: Final = 32
_WAIT: Final = 10.0
_INSTEAD: Final = {
    NAME: "server.api_keys (PROXY_API_KEY)",
    ADMIN_NAME: "server.admin_keys (PROXY_ADMIN_KEY)",
}


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


def read_or_make(folder: Path, name: str = NAME) -> ApiKey:
    """The key of this folder; of two gateways started at once both get the same. Raises KeyFileError."""
    path = folder / name
    try:
        if text := _read(path):
            return ApiKey(text, path, new=False)
        store.private_folder(folder)
        return _make(path)
    except OSError as error:
        message = f"the file of the gateway's key, {path}, cannot be used: {error.strerror or 'input/output error'}"
        raise KeyFileError(f"{message}; set {_INSTEAD[name]} instead") from None


def read(folder: Path, name: str = NAME) -> str:
    """The key's text, for commands that speak to a gateway; empty when none was made. Raises KeyFileError."""
    try:
        return _read(folder / name)
    except OSError as error:
        raise KeyFileError(
            f"the file of the gateway's key, {folder / name}, cannot be read: {error.strerror}"
        ) from None


def _make(path: Path) -> ApiKey:
    with filelocks.held(path, _WAIT):
        if text := _read(path):
            return ApiKey(text, path, new=False)
        store.replace(
            path, f"kg-{secrets.token_urlsafe(_BYTES)}\n".encode()
        )  # a new file, O_EXCL and 0600, then renamed
        return ApiKey(_read(path), path, new=True)


def _read(path: Path) -> str:
    """The key; empty when there is none, or only what a full disk left of one."""
    try:
        store.close_to_others(path)
        text = path.read_bytes().decode("ascii").strip()
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise KeyFileError(f"{path} does not hold a key; remove it, and the next start makes one") from None
    if text and (len(text) < LEAST_LENGTH or not text.isprintable() or " " in text):
        raise KeyFileError(f"{path} does not hold a key of the gateway; remove it, and the next start makes one")
    return text
