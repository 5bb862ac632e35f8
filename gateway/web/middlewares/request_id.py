"""Names each request: the header, the log's context, and the record all later rooms write into."""

import secrets

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.web.record import RECORD, Record


@web.middleware
async def request_id(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request its id; nothing of the client's own headers becomes part of it."""
    name = f"req_{secrets.token_hex(12)}"
    request[RECORD] = Record(name)
    with structlog.contextvars.bound_contextvars(request_id=name):
        return await handler(request)


async def tell_request_id(request: web.Request, response: web.StreamResponse) -> None:
    """on_response_prepare: both spellings of the header, for Anthropic's and OpenAI's SDKs."""
    record = request.get(RECORD)
    if record is not None:
        response.headers["request-id"] = record.request_id
        response.headers["x-request-id"] = record.request_id
