"""``Expect: 100-continue``: a body is asked for once its sender has been let in, not before (R2)."""

from typing import Final

from aiohttp import HttpVersion11, web
from aiohttp.typedefs import Handler

from gateway.errors import GatewayError, Kind

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


@web.middleware
async def expect(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Ask for the body that a client holds back. It stands below auth: a stranger is refused and sends nothing."""
    expected = request.headers.get("expect")
    if expected and request.version >= HttpVersion11:
        if expected.lower() != "100-continue":
            raise GatewayError(Kind.INVALID_REQUEST, "Of Expect the gateway knows only 100-continue.", status=417)
        await request.writer.write(CONTINUE)
        request.writer.output_size = 0  # nothing of the answer itself has been sent
    return await handler(request)


def ask_late(app: web.Application) -> None:
    """Take from every route aiohttp's own answer, which comes before any middleware. Call it when all are there."""
    for route in app.router.routes():
        route._expect_handler = _nothing_yet  # it can otherwise be given only route by route, and be forgotten


async def _nothing_yet(_request: web.Request) -> None:
    return None
