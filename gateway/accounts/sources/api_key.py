"""An API key of Kiro (``ksk_…``) given in the settings. It is never refreshed and has no profile."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from gateway.accounts.credentials import API_KEY_PREFIX, Credentials, bad_login, checked_token
from gateway.accounts.journal import Journal
from gateway.accounts.sources.source import RefreshRules, Wanted, lock_in


@dataclass(frozen=True, slots=True)
class ApiKeySource:
    """One API key."""

    credentials: Credentials
    state: Path

    @property
    def name(self) -> str:
        """Shown in logs."""
        return "the API key of the settings"

    @property
    def key(self) -> str:
        """The key's fingerprint."""
        return f"api-key:{sha256(b'kiro-gateway api key' + self.credentials.access_token.encode()).hexdigest()[:32]}"

    @property
    def login_again(self) -> str:
        """What to do when it was refused."""
        return "Make a new API key in Kiro's web portal and put it into the settings."

    @property
    def files(self) -> tuple[Path, ...]:
        """It stands in the settings."""
        return ()

    @property
    def journal(self) -> Journal:
        """Never written to."""
        return Journal(self.state, self.key)

    def rules(self, credentials: Credentials) -> RefreshRules:
        """It is never refreshed."""
        return RefreshRules(((lock_in(self.state, self.key),),))

    def load(self) -> Credentials:
        """The key."""
        return self.credentials

    def prove_writable(self) -> None:
        """Nothing is ever written."""

    def save(self, credentials: Credentials, seen: tuple[str, str]) -> None:
        """Nothing is ever written."""


def key_credentials(value: object, region: str, api_region: str | None) -> Credentials:
    """The login an API key is. Raises GatewayError when it is none."""
    key = checked_token(value, "the API key")
    if not key.startswith(API_KEY_PREFIX):
        raise bad_login(f"the API key does not begin with {API_KEY_PREFIX}")
    return Credentials("api_key", "", key, region=region, configured_api_region=api_region)


def configured(wanted: Wanted) -> ApiKeySource | None:
    """The source of the ``api_key`` setting. Raises GatewayError when it is no key."""
    if not wanted.api_key:
        return None
    return ApiKeySource(key_credentials(wanted.api_key, wanted.region, wanted.api_region), wanted.state)
