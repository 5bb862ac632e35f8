"""Kiro's own token server, for logins by Google, GitHub and the like (upstream facts, 6.1)."""

from typing import Final

from gateway.accounts.credentials import Credentials
from gateway.accounts.refresh.grant import TokenCall
from gateway.jsontext import encode

HOST: Final = "https://prod.us-east-1.auth.desktop.kiro.dev"
"""The host exists in us-east-1 only, whatever region the profile is in."""


def call(credentials: Credentials, base_url: str | None) -> TokenCall:
    """``POST /refreshToken {"refreshToken"}``, without authorization."""
    headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "KiroIDE-0.11.63"}
    return TokenCall(
        f"{(base_url or HOST).rstrip('/')}/refreshToken", headers, encode({"refreshToken": credentials.refresh_token})
    )
