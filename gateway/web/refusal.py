"""An error before the answer began, as the HTTP response of the client's own API."""

import math
from collections.abc import Sequence
from typing import Final

from aiohttp import web

from gateway import jsontext
from gateway.dialects.dialect import Dialect
from gateway.errors import GatewayError, Kind

USUAL_WAIT: Final = 5.0
"""Seconds, where Kiro named none: it never does, and its limits are over within some."""

LONGEST_WAIT: Final = 3600
"""Seconds; the SDKs sleep as long as they are told, and a wrong figure must not put a client to sleep for a month."""

_LATER: Final = (429, 503, 529)


def clothes(request: web.BaseRequest, dialects: Sequence[Dialect]) -> Dialect:
    """Whose error shape a request expects: by its path, else by Anthropic's version header, else OpenAI's."""
    path = request.path
    for dialect in dialects:
        if any(path == route or path.startswith(f"{route}/") for route in dialect.routes):
            return dialect
    wanted = "anthropic" if "anthropic-version" in request.headers else "openai_chat"
    return next((dialect for dialect in dialects if dialect.name == wanted), dialects[0])


def refusal(dialect: Dialect, error: GatewayError, request_id: str) -> web.Response:
    """The error as a response, with the headers by which clients decide whether to try again.

    Codex gives up at once on a 429 that names no wait, so every answer that means "later" names one.
    """
    status, body = dialect.error(error, request_id)
    headers = {}
    if error.should_retry is not None:
        headers["x-should-retry"] = "true" if error.should_retry else "false"
    wait = error.retry_after
    if wait is None and status in _LATER:
        wait = USUAL_WAIT
    if wait is not None:
        headers["retry-after"] = str(min(max(1, math.ceil(wait)), LONGEST_WAIT))
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
