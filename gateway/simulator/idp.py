"""A company's identity provider (Entra, Okta): RFC 6749 as it is written, form-encoded and in snake_case."""

from urllib.parse import parse_qs

from aiohttp import web

from gateway.simulator.record import Exchange
from gateway.simulator.refusals import grant_refused, json_response
from gateway.simulator.state import State


def token(state: State, exchange: Exchange) -> web.Response:
    """``POST /idp/token``: refresh. ``expires_in`` is text, as some providers have it; the refresh token rotates."""
    if not exchange.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return grant_refused("invalid_request", "The request must be form-encoded")
    form = {name: values[-1] for name, values in parse_qs(exchange.body.decode("ascii", "replace")).items()}
    if form.get("grant_type") != "refresh_token":
        return grant_refused("unsupported_grant_type", "Unsupported grant type")
    if not form.get("client_id"):
        return grant_refused("invalid_client", "client_id is missing", 401)
    grant = state.logins.grant(form.get("refresh_token", ""), "idp")
    if grant is None:
        return grant_refused("invalid_grant", "The refresh token is not valid")
    return json_response(
        200,
        {
            "token_type": "Bearer",
            "scope": form.get("scope", ""),
            "expires_in": str(grant.expires_in),
            "access_token": grant.access_token,
            "refresh_token": grant.refresh_token,
        },
    )
