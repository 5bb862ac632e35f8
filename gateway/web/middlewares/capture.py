"""Gives each authenticated request its capture, and keeps or drops it at the end."""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from gateway.errors import GatewayError
from gateway.web.capture import Captures
from gateway.web.record import RECORD


def capture(captures: Captures) -> Middleware:
    """The middleware for this mode and folder. It stands below auth: a stranger's request is never written down."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        record = request[RECORD]
        record.capture = captures.begin(record.request_id)
        try:
            return await handler(request)
        except GatewayError as error:
            record.capture.failed(error)
            raise
        finally:
            captures.end(record.capture)

    return middleware
