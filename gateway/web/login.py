"""Logging in over HTTP: ``POST /auth/login``, ``GET /auth/login/status/{id}``, ``DELETE /auth/login/{id}``.

Always by device code, for the browser may be on another machine than the gateway, where a redirect to a loopback
address would not reach it; and that the request comes from this machine says nothing of that (a proxy may stand
between). All of it is behind the admin key. A login that was given goes into the gateway's own store and is used at
once.
"""

from http import HTTPStatus
from typing import Any

from aiohttp import web
from marshmallow import ValidationError, fields, validate

from gateway import jsontext
from gateway.accounts.login.sessions import Session, Sessions
from gateway.accounts.login.ways import chosen
from gateway.dialects.fields import RequestSchema, refusal
from gateway.errors import GatewayError, Kind
from gateway.web.body import read_object
from gateway.web.capture import NO_CAPTURE

PATH = "/auth/login"


class _Wanted(RequestSchema):
    """What a login may say; nothing means a Builder ID."""

    start_url = fields.String(allow_none=True, validate=validate.Length(max=300))
    region = fields.String(allow_none=True, validate=validate.Length(max=40))
    social = fields.String(allow_none=True, validate=validate.Length(max=20))
    name = fields.String(allow_none=True, validate=validate.Regexp(r"[A-Za-z0-9][A-Za-z0-9@._-]{0,63}\Z"))


class Login:
    """The handlers. base_url: replaces the hosts of the login services (simulators). closed: why none can begin."""

    def __init__(self, sessions: Sessions, base_url: str | None = None, closed: str | None = None) -> None:
        self._sessions = sessions
        self._base_url = base_url
        self._closed = closed

    async def begin(self, request: web.Request) -> web.Response:
        """Begin a login; the answer has the code and the link to show to the user."""
        if self._closed:
            raise GatewayError(Kind.INVALID_REQUEST, self._closed, status=HTTPStatus.CONFLICT, should_retry=False)
        # No capture: what is answered here are codes, and what comes of them tokens.
        wanted = await read_object(request, NO_CAPTURE) if request.can_read_body else {}
        try:
            _Wanted().load(wanted)
        except ValidationError as error:
            raise refusal(error) from error
        way = chosen(
            start_url=wanted.get("start_url"),
            region=wanted.get("region"),
            social=wanted.get("social"),
            base_url=self._base_url,
        )
        session = await self._sessions.begin(way, wanted.get("name") or None)
        code = session.code
        begun: dict[str, Any] = {
            "session_id": session.id,
            "user_code": code.user_code,
            "verification_uri": code.page,
            "verification_uri_complete": code.url,
            "expires_in": int(code.expires_in),
            "interval": code.interval,
        }
        return _json(begun | ({"warning": way.warning} if way.warning else {}), status=201)

    async def status(self, request: web.Request) -> web.Response:
        """How far it is: pending, complete, denied, expired or error."""
        return _json(self._told(self._sessions.find(request.match_info["id"])))

    async def cancel(self, request: web.Request) -> web.Response:
        """End it."""
        await self._sessions.cancel(request.match_info["id"])
        return web.Response(status=204)

    def _told(self, session: Session) -> dict[str, Any]:
        told = {
            "session_id": session.id,
            "status": session.state,
            "expires_in": self._sessions.seconds_left(session),
            "account": session.account,
            "message": session.message,
        }
        return {name: value for name, value in told.items() if value is not None}


def _json(value: dict[str, Any], status: int = 200) -> web.Response:
    headers = {"cache-control": "no-store"}
    return web.Response(status=status, body=jsontext.encode(value), content_type="application/json", headers=headers)
