"""What the account asks of a place that holds a login, and the gateway's own place for rotated tokens."""

import contextlib
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from gateway.accounts import store
from gateway.accounts.credentials import Credentials, checked_arn, checked_token, epoch, spelled_like
from gateway.errors import GatewayError
from gateway.jsontext import JsonError, encode


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the settings say about the login, and where this system keeps one.

    file: of JSON, or a folder of such files. databases: the standard places of kiro-cli and Amazon Q, best first.
    read_only: no database is written; what a token rotates to is kept in the state folder.
    """

    file: Path | None
    refresh_token: str | None
    profile_arn: str | None
    region: str
    api_region: str | None
    home: Path
    state: Path
    database: Path | None = None
    databases: tuple[Path, ...] = ()
    read_only: bool = False
    api_key: str | None = None


class Source(Protocol):
    """A place that holds one login. Its methods block (files) and are called in a thread."""

    @property
    def name(self) -> str:
        """Where it is, for logs and messages."""
        ...

    @property
    def key(self) -> str:
        """Stays the same for as long as this is the same login."""
        ...

    @property
    def login_again(self) -> str:
        """What the user has to do when the login has died; a sentence."""
        ...

    @property
    def lock_path(self) -> Path:
        """The file whose lock guards a refresh."""
        ...

    def load(self) -> Credentials:
        """The login as it is there now. Raises GatewayError(AUTHENTICATION)."""
        ...

    def prove_writable(self) -> None:
        """Raise OSError unless a rotated token could be kept now."""
        ...

    def save(self, credentials: Credentials, seen: tuple[str, str]) -> None:
        """Keep rotated tokens, unless the source no longer holds the ``seen`` ones: then somebody else's are newer.

        Raises OSError when they could not be kept.
        """
        ...


class Rotated:
    """The gateway's own file of tokens that came from a refresh token it may not or cannot write back.

    Named by the fingerprint of the token in the source, so that a new token put there by the user wins (S25).
    """

    def __init__(self, state: Path) -> None:
        self._state = state

    def path(self, original: str) -> Path:
        """The file for the tokens that grew out of ``original``."""
        fingerprint = sha256(b"kiro-gateway refresh token\0" + original.encode()).hexdigest()[:32]
        return self._state / f"login-{fingerprint}.json"

    def prove_writable(self) -> None:
        """Raise OSError unless the folder takes files."""
        store.private_folder(self._state)
        store.prove_writable(self._state / "login")

    def over(self, original: Credentials) -> Credentials:
        """``original`` with the newest tokens known to have come from it."""
        try:
            kept = store.read_json(self.path(original.refresh_token))
            refresh = checked_token(kept.get("refreshToken"), "refreshToken")
            access = checked_token(kept.get("accessToken"), "accessToken")
            arn = original.profile_arn or checked_arn(kept.get("profileArn"))
        except (OSError, JsonError, GatewayError):
            return original
        if not refresh:
            return original
        return replace(
            original,
            refresh_token=refresh,
            access_token=access,
            expires_at=epoch(kept.get("expiresAt")),
            profile_arn=arn,
        )

    def save(self, original: str, credentials: Credentials) -> None:
        """Keep the tokens. Raises OSError."""
        store.private_folder(self._state)
        kept = {"accessToken": credentials.access_token, "refreshToken": credentials.refresh_token}
        if credentials.expires_at is not None:
            kept["expiresAt"] = str(spelled_like(None, credentials.expires_at))
        if credentials.profile_arn:
            kept["profileArn"] = credentials.profile_arn
        store.replace(self.path(original), encode(kept))

    def forget(self, original: str) -> None:
        """Drop the file: the source itself holds newer tokens now."""
        with contextlib.suppress(OSError):
            self.path(original).unlink()
