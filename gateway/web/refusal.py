"""An error before the answer began, as the HTTP response of the client's own API."""

import math
from collections.abc import Sequence

from aiohttp import web

from gateway import jsontext
from gateway.dialects.dialect import Dialect
from gateway.errors import GatewayError, Kind


def clothes(request: web.BaseRequest, dialects: Sequence[Dialect]) -> Dialect:
    """Whose error shape a request expects: by its path, else by Anthropic's version header, else OpenAI's."""
    path = request.path
    for dialect in dialects:
        if any(path == route or path.startswith(f"{route}/") for route in dialect.routes):
            return dialect
    wanted = "anthropic" if "anthropic-version" in request.headers else "openai_chat"
    return next((dialect for dialect in dialects if dialect.name == wanted), dialects[0])


def refusal(dialect: Dialect, error: GatewayError, request_id: str) -> web.Response:
    """The error as a response, with the headers by which clients decide whether to try again."""
    status, body = dialect.error(error, request_id)
    headers = {}
    if error.should_retry is not None:
        headers["x-should-retry"] = "true" if error.should_retry else "false"
    if error.retry_after is not None:
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after)))
    return web.Response(status=status, body=jsontext.encode(body), content_type="application/json", headers=headers)


def from_http(error: web.HTTPException) -> GatewayError:
    """What aiohttp's router and reader refuse, in our terms."""
    match error:
        case web.HTTPRequestEntityTooLarge():
            return GatewayError(Kind.TOO_LARGE, "The request body is larger than server.max_body_bytes allows.")
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(error.allowed_methods))
            return GatewayError(Kind.INVALID_REQUEST, f"This path takes {allowed}.", status=405)
        case web.HTTPNotFound():
            return GatewayError(Kind.NOT_FOUND, "The gateway has no such path.", should_retry=False)
        case _:
            return GatewayError(Kind.INVALID_REQUEST, error.reason, status=error.status)
