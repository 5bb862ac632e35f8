"""A request's bytes as a JSON object and as a Conversation, or the reason why not. The one place that reads a body."""

import re
from collections.abc import Mapping
from secrets import token_hex
from typing import Any, Final

from aiohttp import web
from marshmallow import ValidationError

from gateway import jsontext
from gateway.conversation import Conversation
from gateway.dialects.dialect import Dialect
from gateway.dialects.fields import refusal
from gateway.errors import GatewayError, Kind
from gateway.web.capture import Capture
from gateway.web.heavy import HEAVY, LIGHT_NODES, Heavy
from gateway.web.sliced_json import SlicedDecoder, TooDeep, TooManyNodes

UNCOUNTED_BYTES: Final = 64 * 1024
"""Up to here a body is decoded at once, whatever is in it: 2 ms for ``[],`` repeated."""

WHOLE_BYTES: Final = 512 * 1024
WHOLE_NODES: Final = 20_000
"""Up to here a body is decoded at once: 1 ms for the nodes, 2 ms for a text full of escapes."""

_OBJECT: Final = re.compile(rb"[ \t\r\n]*\{")
_NO_NODES: Final = bytes(set(range(256)) - set(b",[{"))


class SmallBody(dict[str, Any]):
    """A body whose check and parsing take so little time that they stay on the event loop."""


class LargeBody(dict[str, Any]):
    """A body that was decoded in slices. Its values are freed in steps when it is dropped itself."""

    def __init__(self, values: dict[str, Any], pieces: list[Any], heavy: Heavy) -> None:
        super().__init__(values)
        self._pieces = pieces
        self._heavy = heavy

    def __del__(self) -> None:
        """Its members go now; the pieces hold what is in them."""
        self._heavy.dispose(self._pieces)


async def read_object(request: web.Request, capture: Capture) -> dict[str, Any]:
    """The body as a JSON object. Raises GatewayError with 400, 413 or 415."""
    _check_headers(request)
    body = await _whole(request)
    capture.client_body(body)
    try:
        return await decoded(body, request.app[HEAVY])
    except (TooDeep, TooManyNodes) as error:
        raise GatewayError(Kind.INVALID_REQUEST, f"The request body is refused: {error}.") from error
    except jsontext.JsonError as error:
        raise GatewayError(Kind.INVALID_REQUEST, f"The request body is not valid JSON: {error}.") from error


async def decoded(body: bytes | bytearray, heavy: Heavy) -> dict[str, Any]:
    """The body, decoded in slices where one call would hold the event loop. Raises JsonError, GatewayError."""
    if not _takes_long(body):
        try:
            value = jsontext.decode(body) if len(body) <= UNCOUNTED_BYTES else jsontext.decode_unrepaired(body)
        except jsontext.JsonError:
            if len(body) <= UNCOUNTED_BYTES:
                raise
        else:
            return _checked(value)
    if not _OBJECT.match(body):
        raise _no_object()
    decoder = SlicedDecoder(body, token_hex(8))
    try:
        await heavy.stepwise(decoder)
    except BaseException:
        decoder.drop()
        heavy.dispose(decoder.pieces)
        raise
    if decoder.nodes > LIGHT_NODES or len(body) > WHOLE_BYTES:
        return LargeBody(decoder.value, decoder.pieces, heavy)
    return SmallBody(decoder.value)


def _takes_long(body: bytes | bytearray) -> bool:
    """Commas and brackets within texts count, too: a look at each of them would take longer than decoding."""
    if len(body) <= UNCOUNTED_BYTES:
        return False
    return len(body) > WHOLE_BYTES or len(body.translate(None, _NO_NODES)) > WHOLE_NODES


def _checked(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _no_object()
    nodes = jsontext.nodes_within(value)
    if nodes is None:
        raise TooDeep(f"the JSON is nested deeper than {jsontext.MAX_DEPTH} levels")
    return value if nodes > LIGHT_NODES else SmallBody(value)


def _no_object() -> GatewayError:
    return GatewayError(Kind.INVALID_REQUEST, "The request body must be a JSON object.")


async def _whole(request: web.Request) -> bytes | bytearray:
    """The body. Raises HTTPRequestEntityTooLarge.

    ``request.read()`` copies it twice more and keeps it in the request, which an idle connection keeps in its turn. A
    large one grows as it comes: joining 31 MB takes 20 ms.
    """
    content, limit = request.content, request.client_max_size
    content.set_read_chunk_size(limit)  # as read() does: the sender is not stopped and started on the way
    body = bytearray()
    while piece := await content.readany():
        body += piece
        if len(body) > limit:
            raise web.HTTPRequestEntityTooLarge(limit)
    return body if len(body) > WHOLE_BYTES else bytes(body)


async def read_conversation(dialect: Dialect, body: Mapping[str, Any], request: web.Request) -> Conversation:
    """What the body means. A large one is read in a thread. Raises GatewayError with the field's path."""
    if isinstance(body, SmallBody):
        return _read(dialect, body, request.headers)
    return await request.app[HEAVY].run(_read, dialect, body, request.headers)


def _read(dialect: Dialect, body: Mapping[str, Any], headers: Mapping[str, str]) -> Conversation:
    """The shape checked by the dialect's schema, then its meaning.

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
