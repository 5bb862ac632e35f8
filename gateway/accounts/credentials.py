"""What a login consists of, as a value: tokens, what they belong to, and where Kiro's hosts for them are."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from gateway.errors import GatewayError, Kind
from gateway.kiro.endpoints import LoginKind
from gateway.kiro.profiles import region_of
from gateway.kiro.regions import API_REGIONS, is_govcloud, same_partition

_REGIONS_BY_AREA: Final = {
    "us": "east-1 east-2 west-1 west-2",
    "ca": "central-1 west-1",
    "sa": "east-1",
    "mx": "central-1",
    "eu": "central-1 central-2 north-1 south-1 south-2 west-1 west-2 west-3",
    "af": "south-1",
    "il": "central-1",
    "me": "central-1 south-1",
    "ap": "east-1 east-2 northeast-1 northeast-2 northeast-3 south-1 south-2"
    " southeast-1 southeast-2 southeast-3 southeast-4 southeast-5 southeast-6 southeast-7",
    "us-gov": "east-1 west-1",
}

REGIONS: Final = frozenset(f"{area}-{name}" for area, names in _REGIONS_BY_AREA.items() for name in names.split())
"""AWS regions a login may name. Only these reach a host name, so no text of a file can point us elsewhere (S28)."""

DEFAULT_REGION: Final = "us-east-1"
"""Of a login that names none."""

BUILDER_ID_START: Final = "https://view.awsapps.com/start"
"""The start URL of every Builder ID; any other is a company's Identity Center."""

NOT_IN_GOVCLOUD: Final[Mapping[LoginKind, str]] = {
    "social": "AWS GovCloud has no login by Google or GitHub",
    "builder_id": "AWS GovCloud has no Builder ID",
}
"""What is not to be had there; Identity Center and external providers are."""

API_KEY_PREFIX: Final = "ksk_"
"""How every API key of Kiro begins."""

_TOKEN: Final = re.compile(r"[\x21-\x7e]+")
_FRACTION: Final = re.compile(r"\.(\d{1,9})\d*")
_MILLISECONDS_FROM: Final = 1e11
"""Epoch seconds reach this in the year 5138; a larger number is milliseconds."""


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """A company's own provider (Entra, Okta …). scopes: separated by spaces, "" for none."""

    token_endpoint: str
    issuer: str
    scopes: str = ""


@dataclass(frozen=True, slots=True)
class Credentials:
    """One login at one moment. Replaced when refreshed, never changed. Its repr shows no secret.

    expires_at: epoch seconds, None when unknown. region: of the AWS SSO login.
    configured_api_region: overrules the region of the profile for Kiro's hosts. idp: for external_idp logins only.
    An API key is the access token of a login without a refresh token. origin: the row of a database that holds it, ""
    for every other place.
    """

    kind: LoginKind
    refresh_token: str = field(repr=False)
    access_token: str = field(default="", repr=False)
    expires_at: float | None = None
    profile_arn: str | None = None
    region: str = DEFAULT_REGION
    configured_api_region: str | None = None
    client_id: str | None = field(default=None, repr=False)
    client_secret: str | None = field(default=None, repr=False)
    idp: IdentityProvider | None = None
    origin: str = ""

    @property
    def api_region(self) -> str:
        """The region of Kiro's hosts; it is the profile's, and has little to do with the login's."""
        return api_region(self.profile_arn, self.configured_api_region, self.region)

    @property
    def tokens(self) -> tuple[str, str]:
        """What changes when somebody refreshes or logs in again."""
        return self.access_token, self.refresh_token


def region_is_configured(login: Credentials) -> bool:
    """Whether the user has named the region of Kiro's hosts; the default cannot be told from one that was named."""
    return login.configured_api_region is not None or login.region in set(API_REGIONS) - {DEFAULT_REGION}


def bad_login(message: str) -> GatewayError:
    """The error of a login that cannot be used as it is."""
    return GatewayError(Kind.AUTHENTICATION, message)


def checked_token(value: Any, name: str) -> str:
    """A token as it may stand in a header and a JSON body; "" for none. Raises GatewayError, without showing it."""
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or not _TOKEN.fullmatch(value.strip()):
        raise bad_login(f"{name} is not a token: it holds spaces, line breaks or other characters no token has")
    if "..." in value:
        raise bad_login(f"{name} was cut short when it was copied (it contains '...')")
    return value.strip()


def checked_region(value: Any, name: str, default: str) -> str:
    """A region of the table. Raises GatewayError for anything else but None and ""."""
    if value is None or value == "":
        return default
    if not isinstance(value, str) or value not in REGIONS:
        raise bad_login(f"{name} is not an AWS region known here, such as us-east-1 or eu-central-1")
    return value


def checked_arn(value: Any) -> str | None:
    """A profile ARN, or None. Raises GatewayError when it is not one: Kiro answers 400 to those, without a reason."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or region_of(value) not in REGIONS:
        raise bad_login("the profile ARN is not of the form arn:aws:codewhisperer:REGION:ACCOUNT:profile/NAME")
    return value


def identity_provider(token_endpoint: Any, issuer: Any, scopes: Any) -> IdentityProvider | None:
    """The provider a file names, scopes as text or as a list; None when it names none."""
    if not isinstance(token_endpoint, str) or not token_endpoint:
        return None
    words = scopes if isinstance(scopes, list) else [scopes]
    asked = " ".join(word for word in words if isinstance(word, str))
    return IdentityProvider(token_endpoint, issuer if isinstance(issuer, str) else "", asked)


def api_region(profile_arn: str | None, configured: str | None, region: str) -> str:
    """The region of Kiro's hosts: the one configured for them, else the ARN's, else the login's if Kiro is there."""
    if configured:
        return configured
    if profile_arn and (of_profile := region_of(profile_arn)):
        return of_profile
    return same_partition(region)[0]


def in_one_partition(login: Credentials) -> Credentials:
    """The login, which lies with its profile in one partition of AWS. Raises GatewayError when it does not.

    GovCloud and the other regions share nothing: a token is good in one of the two and is not shown to the other.
    """
    where = login.api_region
    if is_govcloud(where) and login.kind in NOT_IN_GOVCLOUD:
        raise bad_login(
            f"{NOT_IN_GOVCLOUD[login.kind]}, and {where} is a region of it. Check the region and the profile"
        )
    if login.kind == "idc" and is_govcloud(login.region) != is_govcloud(where):
        raise bad_login(
            f"the login is of {login.region}, its profile or Kiro's hosts are of {where}, and only one of them is in"
            " GovCloud. Check region, api_region and the profile ARN"
        )
    return login


def epoch(value: Any) -> float | None:
    """An expiry as files and answers spell it, in epoch seconds.

    RFC 3339 with up to nanoseconds (``2026-06-01T12:34:56.123456789Z``), epoch seconds or milliseconds, also as
    text. None for what is missing or says nothing.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return _seconds(float(value))
    except OverflowError:  # a whole number beyond all floats
        return None
    except ValueError:
        return _rfc3339(str(value))


def _seconds(number: float) -> float | None:
    if not math.isfinite(number) or number <= 0:
        return None
    return number / 1000 if number >= _MILLISECONDS_FROM else number


def _rfc3339(text: str) -> float | None:
    whole = _FRACTION.sub(lambda match: "." + match[1][:6].ljust(6, "0"), text.strip())
    try:
        moment = datetime.fromisoformat(whole)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def spelled_like(old: Any, moment: float) -> str | int:
    """An expiry in the spelling the file had: a number of seconds or milliseconds, else RFC 3339 as the IDE does."""
    if isinstance(old, int | float) and not isinstance(old, bool):
        return int(moment * 1000) if old >= _MILLISECONDS_FROM else int(moment)
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
