"""The control endpoint ``/_simulator/``: scripts in, records out. Only for programs on this machine.

POST script     one answer or a list of them (see ``script``)      POST reset      forget script, gates and record
POST open/NAME  let a frame through a gate (``?times=n``)          GET  requests   what was received (``?operation=``)
GET  counts     by operation and by ending; ``peak_NAME``: the most requests of an operation open at the same time
GET  wait       ``?count=NAME&number=n&timeout=s``
and those of accounts and logins, see ``control_logins``
"""

import asyncio
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Any

from aiohttp import web

from gateway import jsontext
from gateway.simulator import script
from gateway.simulator.control_logins import LoginControl
from gateway.simulator.refusals import json_response
from gateway.simulator.state import State

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def add_routes(app: web.Application, state: State) -> None:
    """Put the control routes on the application."""
    control, logins = _Control(state), LoginControl(state)
    posts = {"script": control.script, "reset": control.reset, "open/{gate}": control.open}
    posts |= {"logins": logins.logins, "revoke": logins.revoke, "accounts": logins.change_accounts}
    posts |= {"device/{code}/{decision}": logins.decide}
    gets = {"requests": control.requests, "counts": control.counts, "wait": control.wait}
    gets |= {"accounts": logins.accounts, "ledger": logins.ledger}
    for path, handler in posts.items():
        app.router.add_post(f"/_simulator/{path}", _guarded(handler))
    for path, handler in gets.items():
        app.router.add_get(f"/_simulator/{path}", _guarded(handler))


def _guarded(handler: _Handler) -> _Handler:
    """Refuse strangers, and answer 400 with the reason to what makes no sense."""

    async def guard(request: web.Request) -> web.StreamResponse:
        if not ip_address((request.remote or "0.0.0.0").partition("%")[0]).is_loopback:  # noqa: S104 - not a bind
            return json_response(403, {"error": "only from this machine"})
        try:
            return await handler(request)
        except ValueError as error:
            return json_response(400, {"error": str(error)})

    return guard


class _Control:
    """The handlers, over one simulator's state."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def script(self, request: web.Request) -> web.Response:
        given = await _body(request)
        answers = [script.read(entry) for entry in (given if isinstance(given, list) else [given])]
        self._state.script.push(*answers)
        return json_response(200, {"pending": self._state.script.pending()})

    async def reset(self, _request: web.Request) -> web.Response:
        self._state.reset()
        return json_response(200, {})

    async def open(self, request: web.Request) -> web.Response:
        self._state.gates.open(request.match_info["gate"], int(request.query.get("times", "1")))
        return json_response(200, {})

    async def requests(self, request: web.Request) -> web.Response:
        wanted = request.query.get("operation")
        shown = [exchange.shown() for exchange in self._state.record.all() if wanted in (None, exchange.operation)]
        return json_response(200, shown)

    async def counts(self, _request: web.Request) -> web.Response:
        return json_response(200, self._counted())

    async def wait(self, request: web.Request) -> web.Response:
        """The counts once one of them has reached a number; 408 with the counts when that takes too long."""
        query = request.query
        if "count" not in query:
            raise ValueError("wait for which count?")
        try:
            async with asyncio.timeout(float(query.get("timeout", "30"))):
                await self._state.record.until(query["count"], int(query.get("number", "1")))
        except TimeoutError:
            return json_response(408, self._counted())
        return json_response(200, self._counted())

    def _counted(self) -> dict[str, int]:
        record = self._state.record
        peaks = {f"peak_{operation}": most for operation, most in record.peak.items()}
        return dict(record.counts) | peaks | {"pending": self._state.script.pending()}


async def _body(request: web.Request) -> Any:
    raw = await request.read()
    return jsontext.decode(raw) if raw else {}
