"""The SQLite store of kiro-cli and of Amazon Q: a row of JSON for each kind of login, which those programs refresh too.

Table ``auth_kv(key, value)`` holds the tokens, ``state(key, value)`` the profile and the company's start page.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from errno import EIO
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from gateway.accounts import store
from gateway.accounts.credentials import Credentials, bad_login, spelled_like
from gateway.accounts.journal import Journal
from gateway.accounts.sources.kiro_cli_rows import Row, credentials_of
from gateway.accounts.sources.source import Wanted, settle
from gateway.errors import GatewayError
from gateway.jsontext import JsonError, decode, encode

KEYS: Final = (
    "kirocli:social:token",
    "kirocli:odic:token",
    "kirocli:external-idp:token",
    "codewhisperer:odic:token",
)
"""In the order they are looked for; the spelling ``odic`` is theirs."""

PATIENCE: Final = 5.0
"""Its writers hold the database for milliseconds; whoever holds it for longer is stuck."""


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
    def lock_path(self) -> Path:
        """The database, or a name in the state folder when nothing beside it may be written."""
        if not self.wanted.read_only:
            return self.path
        return self.wanted.state / f"database-{sha256(self.key.encode()).hexdigest()[:16]}"

    @property
    def files(self) -> tuple[Path, ...]:
        """The database, and the log that what is written goes into first."""
        return self.path, self.path.with_name(f"{self.path.name}-wal")

    @property
    def journal(self) -> Journal:
        """In the state folder."""
        return Journal(self.wanted.state, self.key)

    def load(self) -> Credentials:
        """The login in the database, with the tokens it has rotated to where the database could not be written."""
        return self.journal.over(self._in_database())

    def prove_writable(self) -> None:
        """Raise OSError unless the database or the state folder takes a rotated token."""
        try:
            self._prove_database()
        except OSError:
            self.journal.prove_writable()

    def save(self, credentials: Credentials, seen: tuple[str, str]) -> None:
        """Merge the tokens into the row as it is now, in one transaction; else keep them in the state folder.

        A row that has other tokens than those seen is somebody else's newer login, and stays.
        """
        original = self._in_database()

        def write() -> None:
            self._write(original, credentials)

        settle(self.journal, original, credentials, seen, write)

    def _in_database(self) -> Credentials:
        with self._translated():
            try:
                return self._read("ro")
            except sqlite3.OperationalError:
                if self.wanted.read_only:
                    raise
                # A program killed in a commit has left it half done, and only who may write can undo that.
                return self._read("rw")

    def _read(self, mode: str) -> Credentials:
        with self._open(mode) as database:
            return credentials_of(self._row(database), self.wanted)

    def _row(self, database: sqlite3.Connection) -> Row:
        """The first login there is. Raises GatewayError when there is none."""
        state = _values(database, "state")
        rows = _values(database, "auth_kv")
        for key in KEYS:
            token = _object(rows.get(key))
            if token.get("refresh_token"):
                registration = _object(rows.get(key.replace(":token", ":device-registration")))
                return Row(key, token, registration, {name: _json(value) for name, value in state.items()})
        raise bad_login(f"the database {self.path} holds no login. Log in with `kiro-cli login`")

    def _write(self, original: Credentials, credentials: Credentials) -> None:
        if self.wanted.read_only:
            raise PermissionError("read-only by the settings")
        with self._writable() as database:
            database.execute("PRAGMA synchronous = FULL")
            database.execute("BEGIN IMMEDIATE")
            row = self._row(database)
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


def standard_places(system: str, environment: Callable[[str], str | None], home: Path) -> tuple[Path, ...]:
    """Where the programs keep it: ``KIRO_DATA_DIR``, then each system's place for data.

    system: as ``sys.platform`` has it. environment: a variable's value by its name.
    """
    named = environment("KIRO_DATA_DIR")
    if system == "win32":
        base = Path(environment("LOCALAPPDATA") or home / "AppData" / "Local")
        folders = [base / "Kiro-Cli", base / "Amazon-Q"]
    elif system == "darwin":
        base = home / "Library" / "Application Support"
        folders = [base / "kiro-cli", base / "amazon-q"]
    else:
        base = Path(environment("XDG_DATA_HOME") or home / ".local" / "share")
        folders = [base / "kiro-cli", base / "amazon-q"]
    return tuple(folder / "data.sqlite3" for folder in [*([Path(named)] if named else []), *folders])
