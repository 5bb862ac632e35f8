"""What the account asks of a place that holds a login."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol

from gateway.accounts.credentials import Credentials
from gateway.accounts.filelocks import LockTarget, side_file
from gateway.accounts.journal import Journal


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the settings say about the login, and where this system keeps one.

    file: of JSON, or a folder of such files. databases: the standard places of kiro-cli and Amazon Q, best first.
    read_only: no database is written. kiro_cli: the folder of kiro-cli's own files, with its refresh lock; None: where
    it is on Linux.
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
    kiro_cli: Path | None = None

    @property
    def kiro_cli_folder(self) -> Path:
        """Where kiro-cli keeps its refresh lock and its token file."""
        return self.kiro_cli or self.home / ".local" / "share" / "kiro-cli"


LOCK_WAIT: Final = 35.0
"""Seconds to wait for another process that refreshes the same login, then we go on without its lock: longer than two
calls to a token server take at most, so that a process that holds it for longer is stuck."""


class SharedStore(Protocol):
    """What a store shared with kiro-cli does besides, all of it while kiro-cli's refresh lock is held. It blocks."""

    def same_login(self, credentials: Credentials) -> Credentials:
        """The login of the same row as it is now. Raises GatewayError when the row is gone."""
        ...

    def prove_store(self) -> None:
        """Raise OSError unless the store itself takes a rotated token now."""
        ...

    def claim_forced_refresh(self, now: float) -> float:
        """Seconds until a living token may be refreshed again; 0: now, and the store says so to others.

        now: epoch seconds. Raises OSError when the store cannot be written.
        """
        ...


@dataclass(frozen=True, slots=True)
class RefreshRules:
    """How the tokens of a login are refreshed.

    locks: sets of what is locked together, of which the first that can be locked is taken. wait: seconds to wait for
    them. lead: seconds before its expiry from which on a token is refreshed; None: as the settings say.
    store: where the login is shared with kiro-cli; its rules then hold, and nothing is refreshed without the lock.
    read_only: why the gateway never refreshes the login, "" where it does. renew: what the user does to renew it.
    """

    locks: tuple[tuple[LockTarget, ...], ...]
    wait: float = LOCK_WAIT
    lead: float | None = None
    store: SharedStore | None = None
    read_only: str = ""
    renew: str = ""


def lock_in(state: Path, key: str) -> LockTarget:
    """A lock in the gateway's own folder, for a source whose own place cannot be locked. Never removed."""
    return LockTarget(state / f".lock-{sha256(f'kiro-gateway lock{key}'.encode()).hexdigest()[:32]}")


def guarded_beside(path: Path, state: Path, key: str) -> RefreshRules:
    """The rules of a login whose lock lies beside its file, else in the gateway's own folder."""
    return RefreshRules(((side_file(path),), (lock_in(state, key),)))


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
    def files(self) -> tuple[Path, ...]:
        """What changes when another program, or the user, changes the login; empty where nobody can."""
        ...

    @property
    def journal(self) -> Journal:
        """Where rotated tokens go first, and stay when the place takes none."""
        ...

    def rules(self, credentials: Credentials) -> RefreshRules:
        """How this login of the source is refreshed. Reads nothing."""
        ...

    def load(self) -> Credentials:
        """The login as it is there now, or as the journal has it. Raises GatewayError(AUTHENTICATION)."""
        ...

    def prove_writable(self) -> None:
        """Raise OSError unless a rotated token could be kept now."""
        ...

    def save(self, credentials: Credentials, seen: tuple[str, str]) -> None:
        """Keep rotated tokens, unless the source no longer holds the ``seen`` ones: then somebody else's are newer.

        Done again it does nothing. Raises OSError when they could not be kept.
        """
        ...


def settle(
    journal: Journal,
    original: Credentials,
    credentials: Credentials,
    seen: tuple[str, str],
    write: Callable[[], None],
    *,
    shared: bool = False,
) -> None:
    """Bring tokens from the journal to their place by ``write``; what cannot be written there stays in the journal.

    original: what the place itself holds now. When that is neither the ``seen`` tokens nor these nor what they came
    from, it is somebody else's newer login, and stays. Raises OSError when the tokens could be kept nowhere, and for a
    shared place also when they are in the journal only: others would refresh with the old token.
    """
    if journal.over(original).tokens not in (seen, credentials.tokens):
        return
    if original.tokens != credentials.tokens:
        try:
            write()
        except OSError:
            if shared:
                raise
            journal.keep(original.refresh_token, credentials)
            return
    journal.forget(original.refresh_token, credentials.refresh_token)
