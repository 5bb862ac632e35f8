"""A request's bytes as a JSON object and as a Conversation, or the reason why not. The one place that reads a body."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from marshmallow import ValidationError

from gateway import jsontext
from gateway.conversation import Conversation
from gateway.dialects.dialect import Dialect
from gateway.dialects.fields import refusal
from gateway.errors import GatewayError, Kind
from gateway.web.capture import Capture


async def read_object(request: web.Request, capture: Capture) -> dict[str, Any]:
    """The body as a JSON object. Raises GatewayError with 400, 413 or 415."""
    _check_headers(request)
    body = await _whole(request)
    capture.client_body(body)
    try:
        value = jsontext.decode(body)
    except jsontext.JsonError as error:
        raise GatewayError(Kind.INVALID_REQUEST, f"The request body is not valid JSON: {error}.") from error
    if not isinstance(value, dict):
        raise GatewayError(Kind.INVALID_REQUEST, "The request body must be a JSON object.")
    if not jsontext.depth_within(value):
        raise GatewayError(Kind.INVALID_REQUEST, f"The JSON is nested deeper than {jsontext.MAX_DEPTH} levels.")
    return value


async def _whole(request: web.Request) -> bytes:
    """The body, joined once. Raises HTTPRequestEntityTooLarge.

    ``request.read()`` copies it twice more and keeps it in the request, which an idle connection keeps in its turn.
    """
    content, limit = request.content, request.client_max_size
    content.set_read_chunk_size(limit)  # as read() does: the sender is not stopped and started on the way
    pieces: list[bytes] = []
    size = 0
    while piece := await content.readany():
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            raise web.HTTPRequestEntityTooLarge(limit)
    return b"".join(pieces)


def read_conversation(dialect: Dialect, body: Mapping[str, Any], headers: Mapping[str, str]) -> Conversation:
    """The shape checked by the dialect's schema, then its meaning. Raises GatewayError with the field's path.

    The body itself is parsed, not what the schema loaded: marshmallow puts declared fields first, and an order that
    changes would change what an upstream prompt cache sees.
    """
    try:
        dialect.schema.load(body)
    except ValidationError as error:
        raise refusal(error) from error
    return dialect.parse(body, headers)


def _check_headers(request: web.Request) -> None:
    """JSON only, uncompressed: a form cannot be posted from a web page, and no body can unfold into a giant one."""
    if "content-type" in request.headers and request.content_type != "application/json":
        raise GatewayError(Kind.INVALID_REQUEST, "Send the body as `content-type: application/json`.", status=415)
    if (request.charset or "utf-8").lower() not in {"utf-8", "utf8"}:
        raise GatewayError(Kind.INVALID_REQUEST, "Send the body as UTF-8.", status=415)
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise GatewayError(Kind.INVALID_REQUEST, "Send the body without content-encoding.", status=415)
