"""What the account asks of a place that holds a login."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gateway.accounts.credentials import Credentials
from gateway.accounts.journal import Journal


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

    @property
    def files(self) -> tuple[Path, ...]:
        """What changes when another program, or the user, changes the login; empty where nobody can."""
        ...

    @property
    def journal(self) -> Journal:
        """Where rotated tokens go first, and stay when the place takes none."""
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
) -> None:
    """Bring tokens from the journal to their place by ``write``; what cannot be written there stays in the journal.

    original: what the place itself holds now. When that is neither the ``seen`` tokens nor these nor what they came
    from, it is somebody else's newer login, and stays. Raises OSError when the tokens could be kept nowhere.
    """
    if journal.over(original).tokens not in (seen, credentials.tokens):
        return
    if original.tokens != credentials.tokens:
        try:
            write()
        except OSError:
            journal.keep(original.refresh_token, credentials)
            return
    journal.forget(original.refresh_token, credentials.refresh_token)
