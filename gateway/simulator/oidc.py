"""AWS SSO OIDC: registration, device and browser logins, ``/token`` for all of them. Bodies are camelCase JSON."""

import time
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from gateway.kiro.endpoints import LoginKind
from gateway.simulator import browser
from gateway.simulator.authorizations import LIFE
from gateway.simulator.logins import Grant
from gateway.simulator.record import Exchange
from gateway.simulator.refusals import grant_refused, json_response
from gateway.simulator.state import State

BUILDER_ID_START: Final = "https://view.awsapps.com/start"
DEVICE_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"

_REGISTRATION_LIFE: Final = 90 * 86_400


def register(state: State, exchange: Exchange) -> web.Response:
    """``POST /client/register``: only public clients, as every program here is one."""
    asked = exchange.json()
    if not asked.get("clientName") or asked.get("clientType") != "public":
        return grant_refused("invalid_client_metadata", "Invalid client metadata")
    client_id, secret = state.logins.register()
    now = int(time.time())
    return json_response(
        200,
        {
            "clientId": client_id,
            "clientSecret": secret,
            "clientIdIssuedAt": now,
            "clientSecretExpiresAt": now + _REGISTRATION_LIFE,
            "authorizationEndpoint": None,
            "tokenEndpoint": None,
        },
    )


def device_authorization(state: State, exchange: Exchange) -> web.Response:
    """``POST /device_authorization``: Builder ID by its start URL, Identity Center by any other."""
    asked = exchange.json()
    if refused := _client(state, asked):
        return refused
    start = str(asked.get("startUrl") or "")
    if not start.startswith("https://"):
        return grant_refused("invalid_request", "Invalid request")
    device = state.authorizations.begin(_kind(start), str(asked["clientId"]))
    page = f"{start.rstrip('/')}/#/device"
    return json_response(
        200,
        {
            "deviceCode": device.device_code,
            "userCode": device.user_code,
            "verificationUri": page,
            "verificationUriComplete": f"{page}?user_code={device.user_code}",
            "expiresIn": LIFE,
            "interval": state.options.poll_interval,
        },
    )


def authorize(state: State, exchange: Exchange) -> web.Response:
    """``GET /authorize``: the browser's part of a login with PKCE. Here it is over at once."""
    query = exchange.query
    if query.get("response_type") != "code" or not query.get("client_id") or not query.get("scopes"):
        return grant_refused("invalid_request", "Invalid request")
    return browser.redirect(state, query, "idc", query["client_id"])


def token(state: State, exchange: Exchange) -> web.Response:
    """``POST /token``. Form-encoded or snake_case bodies are refused: that is another protocol's spelling."""
    asked = exchange.json()
    if not exchange.headers.get("content-type", "").startswith("application/json") or "grantType" not in asked:
        return grant_refused("invalid_request", "Invalid request")
    kind = asked["grantType"]
    if kind not in ("refresh_token", "authorization_code", DEVICE_GRANT):
        return grant_refused("unsupported_grant_type", "Unsupported grant type")
    if refused := _client(state, asked):
        return refused
    if kind == DEVICE_GRANT:
        return _polled(state, asked)
    grant = _refreshed(state, asked) if kind == "refresh_token" else _redeemed(state, asked)
    return _granted(grant) if grant else grant_refused("invalid_grant", "Invalid refresh token provided")


def _client(state: State, asked: Mapping[str, Any]) -> web.Response | None:
    if state.logins.knows_client(str(asked.get("clientId") or ""), str(asked.get("clientSecret") or "")):
        return None
    return grant_refused("invalid_client", "Invalid client provided", 401)


def _polled(state: State, asked: Mapping[str, Any]) -> web.Response:
    code, client = str(asked.get("deviceCode") or ""), str(asked["clientId"])
    word, device = state.authorizations.poll(code, client, newcomer=state.logins.newcomer)
    if word != "approved" or device is None:
        return grant_refused(word, None)
    return _granted(state.logins.log_in(state.account_for(device.kind, device.account)))


def _refreshed(state: State, asked: Mapping[str, Any]) -> Grant | None:
    return state.logins.grant(str(asked.get("refreshToken") or ""), "oidc")


def _redeemed(state: State, asked: Mapping[str, Any]) -> Grant | None:
    members = (str(asked.get(name) or "") for name in ("code", "codeVerifier", "redirectUri", "clientId"))
    code = state.authorizations.redeem(*members)
    return state.logins.log_in(state.account_for(code.kind)) if code else None


def _granted(grant: Grant) -> web.Response:
    return json_response(
        200,
        {
            "accessToken": grant.access_token,
            "aws_sso_app_session_id": None,
            "expiresIn": grant.expires_in,
            "idToken": None,
            "issuedTokenType": None,
            "originSessionId": None,
            "refreshToken": grant.refresh_token,
            "tokenType": "Bearer",
        },
    )


def _kind(start_url: str) -> LoginKind:
    return "builder_id" if start_url.startswith(BUILDER_ID_START) else "idc"
