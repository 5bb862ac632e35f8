"""The gateway's own store: the folder ``logins/`` with a JSON file for each login that was made by the gateway itself.

``{"name", "kind", "created", "accessToken", "refreshToken", "expiresAt", "region", "clientId"?, "clientSecret"?,
"clientExpiresAt"?, "startUrl"?, "provider"?, "profileArn"?}``, for an API key ``{"name", "kind", "created", "apiKey",
"region"}``. Members of others are kept.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final, get_args

from gateway.accounts import filelocks, store
from gateway.accounts.credentials import (
    Credentials,
    bad_login,
    checked_arn,
    checked_region,
    checked_token,
    epoch,
    in_one_partition,
    spelled_like,
)
from gateway.accounts.journal import Journal
from gateway.accounts.login.device import NewLogin
from gateway.accounts.sources.source import RefreshRules, Wanted, guarded_beside, settle
from gateway.jsontext import JsonError, encode
from gateway.kiro.endpoints import LoginKind

FOLDER: Final = "logins"
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9@._-]{0,63}")
"""What a login may be called: it becomes a file name on every system."""

LOCK_WAIT: Final = 15.0
"""Seconds to wait for a refresh of the login that is under way: it takes one, and its two time-outs of 15 are rare."""

_KINDS: Final[Mapping[Any, LoginKind]] = {kind: kind for kind in get_args(LoginKind)}
_ABOUT: Final = {"name", "kind", "created", "region", "provider", "startUrl"}
_CLIENT: Final = {"clientId", "clientSecret", "clientExpiresAt"}
_TOKENS: Final = {"accessToken", "refreshToken", "expiresAt", "profileArn", "apiKey"}
_OURS: Final = _ABOUT | _CLIENT | _TOKENS


@dataclass(frozen=True, slots=True)
class OwnLogin:
    """One login of the store. api_region: of Kiro's hosts, where it is to be another than the profile's."""

    path: Path
    api_region: str | None = None

    @property
    def title(self) -> str:
        """What the user called it."""
        return self.path.stem

    @property
    def name(self) -> str:
        """For logs and messages."""
        return f"login {self.title} of the gateway's own store"

    @property
    def key(self) -> str:
        """The path: a login that is made anew under its name stays the same one."""
        return f"own:{self.path.absolute()}"

    @property
    def login_again(self) -> str:
        """The command to run."""
        return f"Log in again: kiro-gateway login --name {self.title}; the gateway notices by itself."

    @property
    def files(self) -> tuple[Path, ...]:
        """The file itself."""
        return (self.path,)

    @property
    def journal(self) -> Journal:
        """In the gateway's folder, beside that of the logins."""
        return Journal(self.path.parent.parent, self.key)

    def rules(self, credentials: Credentials) -> RefreshRules:
        """Guarded by a lock beside the file, in the gateway's own folder: each login has its own."""
        return guarded_beside(self.path, self.path.parent.parent, self.key)

    def load(self) -> Credentials:
        """The login as the file has it now, or as the journal has it."""
        return self.journal.over(self._credentials(self._read()))

    def prove_writable(self) -> None:
        """Raise OSError unless the folder takes files."""
        store.prove_writable(self.path)

    def save(self, credentials: Credentials, seen: tuple[str, str]) -> None:
        """Merge rotated tokens into the file, unless it has other ones by now, or the user has logged out."""
        found = self._read()

        def write() -> None:
            store.replace(self.path, encode(found | dict(_tokens(credentials))))

        settle(self.journal, self._credentials(found), credentials, seen, write)

    def _read(self) -> dict[str, Any]:
        try:
            store.close_to_others(self.path)
            return store.read_json(self.path)
        except FileNotFoundError as error:
            raise bad_login(f"there is no login {self.title} in the gateway's store any more") from error
        except OSError as error:
            raise bad_login(f"the login {self.title} cannot be read: {error.strerror}") from error
        except JsonError as error:
            raise bad_login(f"the file of the login {self.title} is damaged: {error}. {self.login_again}") from error

    def _credentials(self, found: dict[str, Any]) -> Credentials:
        kind = _KINDS.get(str(found.get("kind")))
        if kind is None:
            raise bad_login(f"the file of the login {self.title} names no kind of login that is known")
        api_key = checked_token(found.get("apiKey"), "apiKey") if kind == "api_key" else ""
        refresh = checked_token(found.get("refreshToken"), "refreshToken")
        if not (api_key or refresh):
            raise bad_login(f"the file of the login {self.title} has no refreshToken. {self.login_again}")
        login = Credentials(
            kind,
            refresh,
            api_key or checked_token(found.get("accessToken"), "accessToken"),
            expires_at=epoch(found.get("expiresAt")),
            profile_arn=None if kind == "api_key" else checked_arn(found.get("profileArn")),
            region=checked_region(found.get("region"), "region", "us-east-1"),
            configured_api_region=self.api_region,
            client_id=checked_token(found.get("clientId"), "clientId") or None,
            client_secret=checked_token(found.get("clientSecret"), "clientSecret") or None,
        )
        return in_one_partition(login)


def logins(own_folder: Path, api_region: str | None = None) -> tuple[OwnLogin, ...]:
    """All logins of the store, by name; none when there is no store."""
    with contextlib.suppress(OSError):
        paths = sorted((own_folder / FOLDER).glob("*.json"))
        return tuple(OwnLogin(path, api_region) for path in paths if NAME.fullmatch(path.stem) and path.is_file())
    return ()


def standard_place(wanted: Wanted) -> OwnLogin | None:
    """The first login of the store, by name."""
    return next(iter(logins(wanted.state, wanted.api_region)), None)


def keep(own_folder: Path, login: NewLogin, name: str | None, created: float, *, wait: float = LOCK_WAIT) -> OwnLogin:
    """Put a new login into the store: in place of the one of this name, which keeps what it has besides the login.

    name: None takes the login's own with a number where it is taken, so that no other login is lost. created: epoch
    seconds. wait: seconds for each of its two locks; on an event loop 0, with ``locks.retried`` around it. Raises
    GatewayError for a name that cannot be one, OSError when it cannot be kept, of which LockTaken when a lock is taken.
    """
    folder = own_folder / FOLDER
    store.private_folder(own_folder)
    store.private_folder(folder)
    with filelocks.held(folder / "names", wait):
        title = name or _free(folder, login.name)
        if not NAME.fullmatch(title):
            raise bad_login("a login's name has letters, digits and . _ - @ only, 64 at most, a letter or digit first")
        own = OwnLogin(folder / f"{title}.json")
        with filelocks.held(own.path, wait):
            store.replace(own.path, encode({**_kept(own.path), **_members(login, title, created)}))
    return own


def way_of(own_folder: Path, name: str) -> dict[str, Any]:
    """How a login of the store was made, to make it again: ``social``, ``start_url`` and ``region``, or ``api_key``.

    Nothing for a Builder ID, and where there is no such login.
    """
    if not NAME.fullmatch(name):
        return {}
    with contextlib.suppress(OSError, JsonError):
        found = store.read_json(own_folder / FOLDER / f"{name}.json")
        if found.get("kind") == "api_key":
            return {"api_key": True}
        if found.get("kind") == "social":
            return {"social": str(found.get("provider") or "google").lower()}
        if found.get("kind") == "idc":
            return {"start_url": found.get("startUrl"), "region": found.get("region")}
    return {}


def _free(folder: Path, name: str) -> str:
    taken = {path.stem for path in folder.glob("*.json")}
    return next(free for number in count(1) if (free := name if number == 1 else f"{name}-{number}") not in taken)


def discard(login: OwnLogin, *, wait: float = LOCK_WAIT) -> None:
    """Remove a login from the store, under its lock: a refresh that is under way is waited for. Raises OSError.

    wait: as for ``keep``.
    """
    with filelocks.held(login.path, wait):
        with contextlib.suppress(OSError, JsonError):
            token = str(store.read_json(login.path).get("refreshToken") or "")
            login.journal.forget(token, token)
        login.path.unlink(missing_ok=True)


def _kept(path: Path) -> dict[str, Any]:
    """What a file has besides the members of a login, which the new one replaces as a whole."""
    with contextlib.suppress(OSError, JsonError):
        return {name: value for name, value in store.read_json(path).items() if name not in _OURS}
    return {}


def _members(login: NewLogin, title: str, created: float) -> dict[str, Any]:
    mine = login.credentials
    about = {
        "name": title,
        "kind": mine.kind,
        "created": _moment(created),
        "region": mine.region,
        "provider": login.provider,
        "startUrl": login.start_url,
        "clientId": mine.client_id,
        "clientSecret": mine.client_secret,
        "clientExpiresAt": _moment(login.client_expires_at),
    }
    tokens = {"apiKey": mine.access_token} if mine.kind == "api_key" else dict(_tokens(mine))
    return {name: value for name, value in {**about, **tokens}.items() if value is not None}


def _tokens(credentials: Credentials) -> Iterator[tuple[str, Any]]:
    yield "accessToken", credentials.access_token
    yield "refreshToken", credentials.refresh_token
    if credentials.expires_at is not None:
        yield "expiresAt", _moment(credentials.expires_at)
    if credentials.profile_arn:
        yield "profileArn", credentials.profile_arn


def _moment(epoch_seconds: float | None) -> str | int | None:
    return None if epoch_seconds is None else spelled_like(None, epoch_seconds)
