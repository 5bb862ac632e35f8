"""The SQLite store of kiro-cli and of Amazon Q: a row of JSON for each kind of login, which those programs refresh too.

Table ``auth_kv(key, value)`` holds the tokens, ``state(key, value)`` the profile and the company's start page.
A refresh token ends at its first use. So a login of kiro-cli's (``kirocli:…``) is refreshed by kiro-cli's own rules,
under its lock, and not at all where the database cannot be written. Amazon Q knows no lock: what its token rotates to
is kept in the state folder when it has no other place.
"""

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from errno import EIO
from pathlib import Path
from typing import Any, Final

from gateway.accounts import store
from gateway.accounts.credentials import Credentials, bad_login, spelled_like
from gateway.accounts.journal import Journal
from gateway.accounts.sources.kiro_cli_places import refresh_locks
from gateway.accounts.sources.kiro_cli_rows import Row, credentials_of
from gateway.accounts.sources.kiro_ide import RENEW
from gateway.accounts.sources.source import RefreshRules, Wanted, guarded_beside, lock_in, settle
from gateway.errors import GatewayError, Kind
from gateway.jsontext import JsonError, decode, encode

KEYS: Final = (
    "kirocli:social:token",
    "kirocli:odic:token",
    "kirocli:external-idp:token",
    "codewhisperer:odic:token",
)
"""In the order they are looked for; the spelling ``odic`` is theirs."""

OF_AMAZON_Q: Final = "codewhisperer:"
"""How the rows of Amazon Q begin."""

OF_THE_GATEWAY: Final = "gateway:"
"""The origin of tokens that the gateway alone has: earlier versions refreshed logins of a read-only database too."""

LEAD: Final = 210.0
"""Seconds before its expiry from which on kiro-cli refreshes a token: its agent refuses one with 180 s left."""

BUDGET: Final = 90.0
"""Seconds that kiro-cli takes at most to wait for its lock, refresh and save. We do as it does."""

FORCED_KEY: Final = "kirocli:auth:last-forced-refresh-at"
"""The row that says when a token was last refreshed before its time: Unix seconds."""

FORCED_EVERY: Final = 30
"""Seconds between two such refreshes, by whichever program."""

PATIENCE: Final = 5.0
"""Its writers hold the database for milliseconds; whoever holds it for longer is stuck."""


class NoLogin(GatewayError):
    """The database can be read, and does not hold the login."""


@dataclass(frozen=True, slots=True)
class Database:
    """The login in one database. patience: seconds to wait for a program that writes to it."""

    path: Path
    wanted: Wanted
    patience: float = PATIENCE

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def key(self) -> str:
        """The path."""
        return f"database:{self.path.absolute()}"

    @property
    def login_again(self) -> str:
        """What to do when the login has died."""
        return "Log in again with `kiro-cli login`; the gateway notices by itself."

    @property
    def files(self) -> tuple[Path, ...]:
        """The database, and the log that what is written goes into first."""
        return self.path, self.path.with_name(f"{self.path.name}-wal")

    @property
    def journal(self) -> Journal:
        """In the state folder."""
        return Journal(self.wanted.state, self.key)

    def rules(self, credentials: Credentials) -> RefreshRules:
        """kiro-cli's for a login of kiro-cli's, and for one that could not be read yet."""
        if credentials.origin.startswith((OF_AMAZON_Q, OF_THE_GATEWAY)):
            if self.wanted.read_only:
                return RefreshRules(((lock_in(self.wanted.state, self.key),),))
            return guarded_beside(self.path, self.wanted.state, self.key)
        return RefreshRules(
            (refresh_locks(self.wanted.kiro_cli_folder, self.path),),
            wait=BUDGET,
            lead=LEAD,
            store=self,
            read_only="the database of kiro-cli is read-only by the settings" if self.wanted.read_only else "",
            renew=RENEW,
        )

    def load(self) -> Credentials:
        """The first login in the database, with the tokens it has rotated to where it could not be written."""
        return self._newest(self._in_database(""))

    def same_login(self, credentials: Credentials) -> Credentials:
        """The login of the same row as it is now. Raises GatewayError when the row is gone."""
        return self._newest(self._in_database(credentials.origin))

    def _newest(self, original: Credentials) -> Credentials:
        newest = self.journal.over(original)
        ours = self.wanted.read_only and newest is not original and not original.origin.startswith(OF_AMAZON_Q)
        return replace(newest, origin=f"{OF_THE_GATEWAY}{original.origin}") if ours else newest

    def prove_store(self) -> None:
        """Raise OSError unless the database takes a rotated token now."""
        self._prove_database()

    def claim_forced_refresh(self, now: float) -> float:
        """Seconds until a living token may be refreshed again; 0: now, and the mark is set.

        A mark in the future is a clock's error: it is overwritten.
        """
        with self._writable() as database:
            database.execute("BEGIN IMMEDIATE")
            found = database.execute("SELECT value FROM auth_kv WHERE key = ?", (FORCED_KEY,)).fetchone()
            passed = int(now) - _unix_seconds(found[0] if found else None)
            if 0 <= passed < FORCED_EVERY:
                return float(FORCED_EVERY - passed)
            database.execute("DELETE FROM auth_kv WHERE key = ?", (FORCED_KEY,))
            database.execute("INSERT INTO auth_kv (key, value) VALUES (?, ?)", (FORCED_KEY, str(int(now))))
            database.execute("COMMIT")
        return 0.0

    def prove_writable(self) -> None:
        """Raise OSError unless the database or the state folder takes a rotated token."""
        try:
            self._prove_database()
        except OSError:
            self.journal.prove_writable()

    def save(self, credentials: Credentials, seen: tuple[str, str]) -> None:
        """Merge the tokens into the row as it is now, in one transaction; else keep them in the state folder.

        A row that has other tokens than those seen is somebody else's newer login, and stays. What kiro-cli shares is
        kept in the database or nowhere: the journal alone would leave it an ended token.
        """
        try:
            original = self._in_database(credentials.origin.removeprefix(OF_THE_GATEWAY))
        except NoLogin:
            return  # the user has logged out

        def write() -> None:
            self._write(original, credentials)

        shared = self.rules(credentials).store is not None
        settle(self.journal, original, credentials, seen, write, shared=shared)

    def _in_database(self, key: str) -> Credentials:
        """The login of this row; "": the first there is."""
        with self._translated():
            try:
                return self._read("ro", key)
            except sqlite3.OperationalError:
                if self.wanted.read_only:
                    raise
                # A program killed in a commit has left it half done, and only who may write can undo that.
                return self._read("rw", key)

    def _read(self, mode: str, key: str) -> Credentials:
        with self._open(mode) as database:
            return credentials_of(self._row(database, key), self.wanted)

    def _row(self, database: sqlite3.Connection, only: str) -> Row:
        """The login of a row; "": the first there is. Raises GatewayError when there is none."""
        state = _values(database, "state")
        rows = _values(database, "auth_kv")
        for key in [only] if only else KEYS:
            token = _object(rows.get(key))
            if token.get("refresh_token"):
                registration = _object(rows.get(key.replace(":token", ":device-registration")))
                return Row(key, token, registration, {name: _json(value) for name, value in state.items()})
        what = "does not hold this login any more" if only else "holds no login"
        raise NoLogin(Kind.AUTHENTICATION, f"the database {self.path} {what}. Log in with `kiro-cli login`")

    def _write(self, original: Credentials, credentials: Credentials) -> None:
        if self.wanted.read_only:
            raise PermissionError("read-only by the settings")
        with self._writable() as database:
            database.execute("PRAGMA synchronous = FULL")
            database.execute("BEGIN IMMEDIATE")
            row = self._row(database, original.origin)
            if credentials_of(row, self.wanted).tokens == original.tokens:
                value = encode(_merged(row.token, credentials)).decode()
                database.execute("UPDATE auth_kv SET value = ? WHERE key = ?", (value, row.key))
            database.execute("COMMIT")

    def _prove_database(self) -> None:
        if self.wanted.read_only:
            raise PermissionError("read-only by the settings")
        store.prove_writable(self.path)
        with self._writable() as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute("ROLLBACK")

    @contextlib.contextmanager
    def _open(self, mode: str) -> Iterator[sqlite3.Connection]:
        """Transactions are ours to begin and end; what is not committed when it closes is rolled back."""
        address = f"{self.path.absolute().as_uri()}?mode={mode}"
        database = sqlite3.connect(address, uri=True, timeout=self.patience, isolation_level=None)
        try:
            yield database
        finally:
            database.close()

    @contextlib.contextmanager
    def _writable(self) -> Iterator[sqlite3.Connection]:
        """Raises OSError for whatever keeps it from being written."""
        try:
            with self._open("rw") as database:
                yield database
        except sqlite3.Error as error:
            raise OSError(EIO, str(error)) from error

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if not self.path.is_file():
                raise bad_login(f"there is no database {self.path}") from error
            raise bad_login(f"the database {self.path} cannot be read: {error}") from error


def _values(database: sqlite3.Connection, table: str) -> dict[str, Any]:
    """A table of keys and values; Amazon Q's oldest databases have no ``state``."""
    known = database.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)).fetchone()
    if known is None:
        return {}
    return dict(database.execute(f"SELECT key, value FROM {table}").fetchall())  # noqa: S608 - one of two names of ours


def _json(value: Any) -> Any:
    """What a column holds, which may be text or a blob; None for what is no JSON."""
    try:
        return decode(value) if isinstance(value, str | bytes) else None
    except JsonError:
        return None


def _unix_seconds(value: Any) -> int:
    """A whole number, as text or not; for anything else a moment long ago."""
    try:
        return int(float(value))
    except (TypeError, ValueError, OverflowError):
        return 0


def _object(value: Any) -> dict[str, Any]:
    found = _json(value)
    return found if isinstance(found, dict) else {}


def _merged(token: Mapping[str, Any], credentials: Credentials) -> dict[str, Any]:
    """The row's object with new tokens; every other member, and the order, stay."""
    merged = {**token, "access_token": credentials.access_token, "refresh_token": credentials.refresh_token}
    if credentials.expires_at is not None:
        merged["expires_at"] = spelled_like(token.get("expires_at"), credentials.expires_at)
    return merged


def configured(wanted: Wanted) -> Database | None:
    """The database the settings name."""
    return Database(wanted.database, wanted) if wanted.database else None


def standard_place(wanted: Wanted) -> Database | None:
    """The first database of kiro-cli or Amazon Q that holds a login."""
    for path in wanted.databases:
        with contextlib.suppress(OSError, GatewayError):
            database = Database(path, wanted)
            if path.is_file() and database.load().refresh_token:
                return database
    return None
