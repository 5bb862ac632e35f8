"""AWS SSO OIDC, for Builder ID and IAM Identity Center (upstream facts, 6.2)."""

from gateway.accounts.credentials import Credentials
from gateway.accounts.refresh.grant import TokenCall
from gateway.jsontext import encode


def call(credentials: Credentials, base_url: str | None) -> TokenCall:
    """``POST /token`` in the login's own region: camelCase JSON (form encoding is refused) and never scopes."""
    host = base_url.rstrip("/") if base_url else f"https://oidc.{credentials.region}.amazonaws.com"
    body = {
        "clientId": credentials.client_id,
        "clientSecret": credentials.client_secret,
        "grantType": "refresh_token",
        "refreshToken": credentials.refresh_token,
    }
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    return TokenCall(f"{host}/token", headers, encode(body))
