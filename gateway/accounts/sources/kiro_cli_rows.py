"""What a row of kiro-cli's database means as a login. Members are snake_case there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.accounts.credentials import (
    BUILDER_ID_START,
    Credentials,
    checked_arn,
    checked_region,
    checked_token,
    epoch,
    identity_provider,
    in_one_partition,
)
from gateway.accounts.sources.source import Wanted
from gateway.kiro.endpoints import LoginKind

_PROFILE: Final = "api.codewhisperer.profile"
_START_URL: Final = "auth.idc.start-url"
_REGION: Final = "auth.idc.region"


@dataclass(frozen=True, slots=True)
class Row:
    """A token's row, the client registration that belongs to it, and the ``state`` table, all as JSON."""

    key: str
    token: Mapping[str, Any]
    registration: Mapping[str, Any]
    state: Mapping[str, Any]


def credentials_of(row: Row, wanted: Wanted) -> Credentials:
    """The login. The profile comes from the row, else from the state. Raises GatewayError for an unusable one."""
    kind = _kind(row)
    token = row.token
    client = token if kind == "external_idp" else row.registration
    profile = row.state.get(_PROFILE)
    of_state = profile.get("arn") if isinstance(profile, Mapping) else None
    arn = checked_arn(token.get("profile_arn")) or checked_arn(of_state) or checked_arn(wanted.profile_arn)
    login = Credentials(
        kind,
        checked_token(token.get("refresh_token"), "refresh_token"),
        checked_token(token.get("access_token"), "access_token"),
        epoch(token.get("expires_at")),
        arn,
        checked_region(token.get("region") or row.state.get(_REGION), "region", wanted.region),
        wanted.api_region,
        checked_token(client.get("client_id"), "client_id") or None,
        checked_token(client.get("client_secret"), "client_secret") or None,
        identity_provider(token.get("token_endpoint"), token.get("issuer_url"), token.get("scopes")),
        row.key,
    )
    return in_one_partition(login)


def _kind(row: Row) -> LoginKind:
    """The key says it, but for Builder ID and Identity Center, which only the start page tells apart."""
    if ":social:" in row.key:
        return "social"
    if ":external-idp:" in row.key:
        return "external_idp"
    start = row.token.get("start_url") or row.state.get(_START_URL)
    return "idc" if start and not str(start).startswith(BUILDER_ID_START) else "builder_id"
