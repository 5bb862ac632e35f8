"""A company's identity provider such as Entra or Okta, by RFC 6749 as it is written (upstream facts, 6.3)."""

from typing import Final
from urllib.parse import urlencode, urlsplit

from gateway.accounts.credentials import Credentials, IdentityProvider, bad_login
from gateway.accounts.refresh.grant import TokenCall

_SIMULATED: Final = "/idp/token"
"""Where a simulator has it, whose one address stands for every host."""


def call(credentials: Credentials, base_url: str | None) -> TokenCall:
    """A form to the login's own token endpoint. Raises GatewayError for an endpoint that is not safe to ask."""
    provider = credentials.idp
    if provider is None or not credentials.client_id:
        raise bad_login("a login of an external identity provider needs its tokenEndpoint, issuerUrl and clientId")
    url = f"{base_url.rstrip('/')}{_SIMULATED}" if base_url else _safe(provider)
    form = {
        "grant_type": "refresh_token",
        "client_id": credentials.client_id,
        "refresh_token": credentials.refresh_token,
        **({"scope": provider.scopes} if provider.scopes else {}),
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    return TokenCall(url, headers, urlencode(form).encode())


def _safe(provider: IdentityProvider) -> str:
    """The token endpoint, when it is the issuer's own: a file must not send a refresh token anywhere else (S28)."""
    try:
        endpoint, issuer = urlsplit(provider.token_endpoint), urlsplit(provider.issuer)
        same = (endpoint.hostname, endpoint.port) == (issuer.hostname, issuer.port)
    except ValueError:
        same = False
    if not same or endpoint.scheme != "https" or not endpoint.hostname or endpoint.username is not None:
        raise bad_login(
            "the login's tokenEndpoint is not an https address of the host that its issuerUrl names;"
            " the gateway sends its refresh token to no other place"
        )
    return provider.token_endpoint
