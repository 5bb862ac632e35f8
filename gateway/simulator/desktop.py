"""Kiro's own token server, for social logins: refresh, browser login, device login. Bodies are camelCase JSON."""

from typing import Any, Final

from aiohttp import web

from gateway.simulator import browser
from gateway.simulator.authorizations import LIFE, Device
from gateway.simulator.logins import Grant
from gateway.simulator.record import Exchange
from gateway.simulator.refusals import grant_refused, json_response
from gateway.simulator.state import State

_PROVIDERS: Final = ("Google", "Github", "Cognito")


def refresh(state: State, exchange: Exchange) -> web.Response:
    """``POST /refreshToken``. The refresh token comes back as it was, as captures show, unless told to rotate."""
    grant = state.logins.grant(str(exchange.json().get("refreshToken") or ""), "desktop")
    return _granted(grant) if grant else grant_refused("invalid_grant", "Invalid refresh token provided")


def login(state: State, exchange: Exchange) -> web.Response:
    """``GET /login?idp=…``: the browser's part. Here it is over at once."""
    if exchange.query.get("idp") not in _PROVIDERS:
        return grant_refused("invalid_request", "Invalid request")
    return browser.redirect(state, exchange.query, "social")


def token(state: State, exchange: Exchange) -> web.Response:
    """``POST /oauth/token``: tokens for the code of a browser login."""
    asked = exchange.json()
    code, verifier, place = (str(asked.get(name) or "") for name in ("code", "code_verifier", "redirect_uri"))
    redeemed = state.authorizations.redeem(code, verifier, place)
    if redeemed is None:
        return grant_refused("invalid_grant", "Invalid code")
    return _granted(state.logins.log_in(state.account_for("social")))


def device_authorization(state: State, exchange: Exchange) -> web.Response:
    """``POST /oauth/device/authorization``; times are milliseconds here."""
    asked = exchange.json()
    if not asked.get("clientId") or asked.get("loginProvider") not in _PROVIDERS:
        return grant_refused("invalid_request", "Invalid request")
    device = state.authorizations.begin("social", str(asked["clientId"]), asked["loginProvider"])
    page = "https://app.kiro.dev/device"
    return json_response(
        200,
        {
            "deviceCode": device.device_code,
            "userCode": device.user_code,
            "verificationUri": page,
            "verificationUriComplete": f"{page}?user_code={device.user_code}",
            "intervalInMilliseconds": int(state.options.poll_interval * 1000),
            "expiresInMilliseconds": LIFE * 1000,
        },
    )


def poll(state: State, exchange: Exchange) -> web.Response:
    """``POST /oauth/device/poll``: 200 with a ``status``, whatever it is."""
    asked = exchange.json()
    code, client = str(asked.get("deviceCode") or ""), str(asked.get("clientId") or "")
    word, device = state.authorizations.poll(code, client, newcomer=state.logins.newcomer)
    if device is None:
        return grant_refused("invalid_grant", "Invalid device code")
    return json_response(200, _authorized(state, device) if word == "approved" else {"status": word})


def _authorized(state: State, device: Device) -> dict[str, Any]:
    """No expiry in it: the client refreshes, or takes an hour for granted.

    One report has it that the approval of a second user signs the first one out, as far as he logged in so too.
    """
    account = state.account_for("social", device.account)
    state.logins.sign_out_devices(other_than=account)
    grant = state.logins.log_in(account, by_device=True)
    tokens = {"accessToken": grant.access_token, "refreshToken": grant.refresh_token}
    return {"status": "authorized", **tokens, "profileArn": grant.profile_arn, "identityProvider": device.provider}


def _granted(grant: Grant) -> web.Response:
    answer = {"accessToken": grant.access_token, "refreshToken": grant.refresh_token, "expiresIn": grant.expires_in}
    return json_response(200, answer | {"profileArn": grant.profile_arn})
