"""The two token servers: the desktop's ``/refreshToken`` and the OIDC ``/token``, both camelCase JSON."""

from typing import Any

from aiohttp import web

from gateway import jsontext
from gateway.simulator.logins import Logins
from gateway.simulator.refusals import grant_refused, json_response


def desktop(logins: Logins, body: bytes) -> web.Response:
    """Refresh of a social login. The refresh token comes back as it was, as captures show, unless told to rotate."""
    grant = logins.grant(str(_object(body).get("refreshToken") or ""), rotates=False)
    if grant is None:
        return grant_refused("invalid_grant", "Invalid refresh token provided")
    answer = {"accessToken": grant.access_token, "refreshToken": grant.refresh_token, "expiresIn": grant.expires_in}
    return json_response(200, answer | {"profileArn": grant.profile_arn})


def oidc(logins: Logins, body: bytes, content_type: str) -> web.Response:
    """Refresh at AWS SSO OIDC. Form-encoded or snake_case bodies are refused: that is another protocol's spelling."""
    request = _object(body)
    if not content_type.startswith("application/json") or "grantType" not in request:
        return grant_refused("invalid_request", "Invalid request")
    if request["grantType"] != "refresh_token":
        return grant_refused("unsupported_grant_type", "Unsupported grant type")
    if not request.get("clientId") or not request.get("clientSecret"):
        return grant_refused("invalid_client", "Invalid client provided", 401)
    grant = logins.grant(str(request.get("refreshToken") or ""), rotates=True)
    if grant is None:
        return grant_refused("invalid_grant", "Invalid refresh token provided")
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


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = jsontext.decode(body)
    except jsontext.JsonError:
        return {}
    return value if isinstance(value, dict) else {}
