"""Gives each request its capture, and keeps or drops it at the end."""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from gateway.web.capture import NO_CAPTURE, Captures
from gateway.web.record import RECORD


def capture(captures: Captures) -> Middleware:
    """The middleware for this mode and folder. It stands above the access log, whose line belongs into the capture.

    A request that no key let in is never written down.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        record = request[RECORD]
        record.capture = captures.begin(record.request_id)
        try:
            return await handler(request)
        finally:
            captures.end(record.capture if record.owner else NO_CAPTURE, record.error)

    return middleware
