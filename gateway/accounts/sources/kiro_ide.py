"""JSON files with a refresh token: the Kiro IDE's, AWS SSO files with a client id and secret, and their like.

``{"accessToken", "refreshToken", "expiresAt", "authMethod", "provider", "profileArn"?, "clientIdHash"?, "region"?}``;
for AWS logins the client's id and secret stand inline or in ``{clientIdHash}.json`` beside the file. A file without the
member ``refreshToken``, as newer versions of kiro-cli write it (``kiro-auth-token-cli.json``), is read and never
refreshed: kiro-cli renews it. The content decides, since older versions wrote a refresh token into a file of that name.
"""

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gateway.accounts import store
from gateway.accounts.credentials import (
    BUILDER_ID_START,
    Credentials,
    bad_login,
    checked_arn,
    checked_region,
    checked_token,
    epoch,
    identity_provider,
    in_one_partition,
    spelled_like,
)
from gateway.accounts.filelocks import FOLDER, FOLDERS, LockTarget
from gateway.accounts.journal import Journal
from gateway.accounts.sources.api_key import key_credentials
from gateway.accounts.sources.source import RefreshRules, Wanted, lock_in, settle
from gateway.errors import GatewayError
from gateway.jsontext import JsonError, encode
from gateway.kiro.endpoints import LoginKind

STANDARD_PLACE: Final = Path(".aws/sso/cache/kiro-auth-token.json")
"""Where the Kiro IDE keeps its login, under the home folder of every system."""

CLI_FILE: Final = "kiro-auth-token-cli.json"
"""The file without a refresh token that kiro-cli keeps in its own folder."""

RENEW: Final = "Run any kiro-cli command, e.g. `kiro-cli whoami`; the gateway picks the new token up by itself."
"""What renews a login that kiro-cli alone refreshes."""

_HASH: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_BUILDER_ID: Final = {"builderid", "builder-id", "builder_id"}


@dataclass(frozen=True, slots=True)
class JsonFile:
    """One login in a JSON file that other programs may read and refresh too."""

    path: Path
    wanted: Wanted

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def key(self) -> str:
        """The path."""
        return f"file:{self.path.absolute()}"

    @property
    def login_again(self) -> str:
        """What to do when the login has died."""
        return f"Log in again in the Kiro IDE, or put a new login into {self.path.name}; the gateway notices by itself."

    @property
    def files(self) -> tuple[Path, ...]:
        """The file itself."""
        return (self.path,)

    @property
    def journal(self) -> Journal:
        """In the state folder."""
        return Journal(self.wanted.state, self.key)

    def rules(self, credentials: Credentials) -> RefreshRules:
        """Guarded by a lock on the open folder of the file, in which nothing is made.

        Where a folder cannot be locked (Windows, some network file systems), by a file in the gateway's own folder.
        """
        folder, other = LockTarget(self.path, FOLDER), lock_in(self.wanted.state, self.key)
        locks = ((folder,), (other,)) if FOLDERS else ((other,),)
        if credentials.kind != "api_key" and credentials.access_token and not credentials.refresh_token:
            return RefreshRules(locks, read_only=f"{self.path} holds no refresh token", renew=RENEW)
        return RefreshRules(locks)

    def load(self) -> Credentials:
        """The login in the file, with the tokens it has rotated to where the file itself could not be written."""
        return self.journal.over(self._in_file(self._read()))

    def prove_writable(self) -> None:
        """Raise OSError unless the file or the state folder takes a rotated token."""
        try:
            store.prove_writable(self.path)
        except OSError:
            self.journal.prove_writable()

    def save(self, credentials: Credentials, seen: tuple[str, str]) -> None:
        """Merge the tokens into the file as it is now, else (a read-only file) keep them in the state folder."""
        found = self._read()

        def write() -> None:
            store.replace(self.path, encode(self._merged(found, credentials)), keep_mode=True)

        settle(self.journal, self._in_file(found), credentials, seen, write)

    def _read(self) -> dict[str, Any]:
        try:
            return store.read_json(self.path)
        except FileNotFoundError as error:
            raise bad_login(f"there is no credentials file {self.path}") from error
        except OSError as error:
            raise bad_login(f"the credentials file {self.path} cannot be read: {error.strerror}") from error
        except JsonError as error:
            raise bad_login(f"the credentials file {self.path} is not usable: {error}") from error

    def _in_file(self, found: Mapping[str, Any]) -> Credentials:
        region = checked_region(found.get("region"), "region", self.wanted.region)
        if found.get("kiroApiKey"):
            return key_credentials(found["kiroApiKey"], region, self.wanted.api_region)
        refresh = checked_token(found.get("refreshToken"), "refreshToken")
        if not refresh and not of_the_cli(found):
            raise bad_login(f"the credentials file {self.path} has no refreshToken")
        registration = found if found.get("clientId") or not refresh else self._registration(found)
        client_id = checked_token(registration.get("clientId"), "clientId") or None
        secret = checked_token(registration.get("clientSecret"), "clientSecret") or None
        arn = checked_arn(found.get("profileArn")) or checked_arn(self.wanted.profile_arn)
        login = Credentials(
            _kind(found, has_client=bool(client_id and secret)),
            refresh,
            checked_token(found.get("accessToken"), "accessToken"),
            epoch(found.get("expiresAt")),
            arn,
            region,
            self.wanted.api_region,
            client_id,
            secret,
            identity_provider(found.get("tokenEndpoint"), found.get("issuerUrl"), found.get("scopes")),
        )
        return in_one_partition(login)

    def _merged(self, found: dict[str, Any], credentials: Credentials) -> dict[str, Any]:
        """The file's object with new tokens; every other member, and the order, stay."""
        merged = {**found, "accessToken": credentials.access_token, "refreshToken": credentials.refresh_token}
        if credentials.expires_at is not None:
            merged["expiresAt"] = spelled_like(found.get("expiresAt"), credentials.expires_at)
        if credentials.profile_arn not in (None, self.wanted.profile_arn) and credentials.kind == "social":
            merged["profileArn"] = credentials.profile_arn
        return merged

    def _registration(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """The client's registration, which the IDE keeps in a file of its own."""
        name = found.get("clientIdHash")
        if not name:
            return {}
        if not isinstance(name, str) or not _HASH.fullmatch(name):
            raise bad_login(f"clientIdHash in {self.path} is not a file name")
        try:
            return store.read_json(self.path.parent / f"{name}.json")
        except (OSError, JsonError) as error:
            raise bad_login(
                f"the login in {self.path} needs its registration file {name}.json beside it,"
                " and that file is missing or not readable"
            ) from error


def _kind(found: Mapping[str, Any], *, has_client: bool) -> LoginKind:
    """By what the file holds; its ``authMethod`` is spelled too freely by the programs that write it to rely on.

    Only a file of kiro-cli's without a refresh token has nothing else to go by.
    """
    method = str(found.get("authMethod") or "").lower()
    if method in {"external_idp", "externalidp"}:
        return "external_idp"
    if not has_client and (method == "social" or not of_the_cli(found)):
        return "social"
    provider = str(found.get("provider") or "").lower()
    start = str(found.get("startUrl") or "")
    builder = {method, provider} & _BUILDER_ID or start.startswith(BUILDER_ID_START)
    return "builder_id" if builder else "idc"


def configured(wanted: Wanted) -> JsonFile | None:
    """The file the settings name."""
    if wanted.file is None:
        return None
    return JsonFile(under_home(wanted.file, wanted.home), wanted)


def holds_login(found: Mapping[str, Any]) -> bool:
    """Whether a JSON object is a credentials file: a ``refreshToken``, an API key, or kiro-cli's access token."""
    return bool(found.get("refreshToken") or found.get("kiroApiKey") or of_the_cli(found))


def of_the_cli(found: Mapping[str, Any]) -> bool:
    """Whether it is kiro-cli's form without a refresh token; a file with a blank ``refreshToken`` is not."""
    return bool("refreshToken" not in found and found.get("accessToken") and found.get("authMethod"))


def under_home(path: Path, home: Path) -> Path:
    """The path, with a leading ``~`` taken for the home folder."""
    return home / path.relative_to("~") if path.parts[:1] == ("~",) else path


def standard_place(wanted: Wanted) -> JsonFile | None:
    """The Kiro IDE's own file, if it is there."""
    path = wanted.home / STANDARD_PLACE
    with contextlib.suppress(OSError):
        if path.is_file():
            return JsonFile(path, wanted)
    return None


def cli_token(wanted: Wanted) -> JsonFile | None:
    """The token file in kiro-cli's own folder, if it holds a token."""
    place = JsonFile(wanted.kiro_cli_folder / CLI_FILE, wanted)
    with contextlib.suppress(OSError, GatewayError):
        if place.path.is_file() and place.load().access_token:
            return place
    return None
