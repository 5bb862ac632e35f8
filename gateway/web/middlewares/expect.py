"""``Expect: 100-continue``: a body is asked for once its sender has been let in, not before (R2)."""

from aiohttp import HttpVersion11, web
from aiohttp.typedefs import Handler

from gateway.aiohttp_internals import ask_for_body
from gateway.errors import GatewayError, Kind


@web.middleware
async def expect(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Ask for the body that a client holds back. It stands below auth: a stranger is refused and sends nothing."""
    expected = request.headers.get("expect")
    if expected and request.version >= HttpVersion11:
        if expected.lower() != "100-continue":
            raise GatewayError(Kind.INVALID_REQUEST, "Of Expect the gateway knows only 100-continue.", status=417)
        await ask_for_body(request)
    return await handler(request)
