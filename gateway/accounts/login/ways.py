"""Which way to log in, from what the user says; the one place that checks it, for the command and for HTTP alike."""

from typing import Final
from urllib.parse import urlsplit

from gateway.accounts.credentials import (
    API_KEY_PREFIX,
    BUILDER_ID_START,
    NOT_IN_GOVCLOUD,
    REGIONS,
    Credentials,
    checked_token,
)
from gateway.accounts.login.device import NewLogin, Way
from gateway.accounts.login.oidc import OidcWay
from gateway.accounts.login.social import PROVIDERS, SocialWay
from gateway.errors import GatewayError, Kind
from gateway.kiro.regions import BUILDER_ID_REGION, is_govcloud

_LONGEST_URL: Final = 300
_SHORTEST_API_KEY: Final = 20
_GOVCLOUD_LOGIN: Final = "Log in by the start URL of your company's Identity Center there."


def chosen(
    *, start_url: str | None = None, region: str | None = None, social: str | None = None, base_url: str | None = None
) -> Way:
    """The way by device code: Builder ID when nothing is said. Raises GatewayError(INVALID_REQUEST)."""
    govcloud = is_govcloud((region or "").strip().lower())
    if social:
        if govcloud:
            raise _wrong(f"{NOT_IN_GOVCLOUD['social']}. {_GOVCLOUD_LOGIN}", "region")
        if start_url or region:
            raise _wrong("A social login has no start URL and no region.", "social")
        return SocialWay(provider_of(social), base_url)
    url = _start_url(start_url) if start_url else BUILDER_ID_START
    if url == BUILDER_ID_START and govcloud:
        raise _wrong(f"{NOT_IN_GOVCLOUD['builder_id']}. {_GOVCLOUD_LOGIN}", "region")
    if url == BUILDER_ID_START and region not in (None, "", BUILDER_ID_REGION):
        raise _wrong(
            f"A Builder ID belongs to {BUILDER_ID_REGION}; a region needs the start_url of your company.", "region"
        )
    return OidcWay(url, _region(region), base_url)


def provider_of(social: str) -> str:
    """How Kiro spells a provider. Raises GatewayError(INVALID_REQUEST)."""
    if provider := PROVIDERS.get(social.lower()):
        return provider
    raise _wrong(f"A social login is one of {', '.join(PROVIDERS)}.", "social")


def by_api_key(text: str, region: str | None = None) -> NewLogin:
    """A login that is an API key of Kiro. Raises GatewayError(INVALID_REQUEST)."""
    try:
        key = checked_token(text, "The API key")
    except GatewayError as error:
        raise _wrong(error.message, "api_key") from error
    if not key.startswith(API_KEY_PREFIX) or len(key) < _SHORTEST_API_KEY:
        raise _wrong(f"That is not a Kiro API key: those begin with {API_KEY_PREFIX}.", "api_key")
    return NewLogin(Credentials("api_key", "", key, region=_region(region)), "api-key")


def _start_url(text: str) -> str:
    """A portal's address, without a trailing slash: AWS compares it letter by letter."""
    try:
        parts = urlsplit(text.strip())
        plain = parts.port is None and not (parts.username or parts.password)
    except ValueError:
        plain = False
    if not (plain and text.isascii() and text.isprintable() and len(text) <= _LONGEST_URL):
        raise _wrong("The start URL is not an address such as https://my-company.awsapps.com/start.", "start_url")
    if parts.scheme != "https" or not parts.hostname:
        raise _wrong("The start URL must begin with https:// and name a host.", "start_url")
    return text.strip().rstrip("/").removesuffix("/#").rstrip("/")


def _region(text: str | None) -> str:
    region = (text or BUILDER_ID_REGION).strip().lower()
    if region not in REGIONS:
        raise _wrong("The region is not an AWS region known here, such as us-east-1 or eu-central-1.", "region")
    return region


def _wrong(message: str, path: str) -> GatewayError:
    return GatewayError(Kind.INVALID_REQUEST, message, path=path)
