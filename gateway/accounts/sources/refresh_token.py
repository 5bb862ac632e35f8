"""A refresh token given in the settings. What it rotates to is kept in the state folder."""

from dataclasses import dataclass
from pathlib import Path

from gateway.accounts.credentials import Credentials, bad_login, checked_arn, checked_token, in_one_partition
from gateway.accounts.journal import Journal, entry_name
from gateway.accounts.sources.source import RefreshRules, Wanted, guarded_beside


@dataclass(frozen=True, slots=True)
class RefreshTokenSource:
    """A Kiro desktop (social) login of which only the refresh token is given."""

    credentials: Credentials
    state: Path

    @property
    def name(self) -> str:
        """Shown in logs."""
        return "the refresh token of the settings"

    @property
    def key(self) -> str:
        """The fingerprint of the configured token."""
        return entry_name(self.credentials.refresh_token)

    @property
    def login_again(self) -> str:
        """What to do when it was refused for good."""
        return "Log in to Kiro again and put the new refresh token into the settings."

    @property
    def files(self) -> tuple[Path, ...]:
        """It stands in the settings."""
        return ()

    @property
    def journal(self) -> Journal:
        """The only place of what it rotates to."""
        return Journal(self.state, self.key)

    def rules(self, credentials: Credentials) -> RefreshRules:
        """Guarded by a lock beside the file of the rotated tokens."""
        return guarded_beside(self.journal.path(self.credentials.refresh_token), self.state, self.key)

    def load(self) -> Credentials:
        """The configured token, or what it has rotated to."""
        return self.journal.over(self.credentials)

    def prove_writable(self) -> None:
        """Raise OSError unless the state folder takes files."""
        self.journal.prove_writable()

    def save(self, credentials: Credentials, seen: tuple[str, str]) -> None:
        """Keep the tokens in the state folder."""
        if self.load().tokens in (seen, credentials.tokens):
            self.journal.keep(self.credentials.refresh_token, credentials)


def configured(wanted: Wanted) -> RefreshTokenSource | None:
    """The source of the ``refresh_token`` setting. Raises GatewayError when it is no token."""
    if wanted.refresh_token is None:
        return None
    token = checked_token(wanted.refresh_token, "the refresh token of the settings")
    if not token:
        raise bad_login("the refresh token of the settings is empty")
    arn = checked_arn(wanted.profile_arn)
    credentials = Credentials(
        "social",
        token,
        profile_arn=arn,
        region=wanted.region,
        configured_api_region=wanted.api_region,
    )
    return RefreshTokenSource(in_one_partition(credentials), wanted.state)
