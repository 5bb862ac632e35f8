"""What is known of one request; its last word is the access log's one line."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from gateway.errors import GatewayError
from gateway.events import Stop, Usage
from gateway.kiro.answer import Answer
from gateway.upstream.attempts import Trace
from gateway.web.capture import NO_CAPTURE, Capture


@dataclass(slots=True)
class Record:
    """One request, from its id to its end.

    answer: the decoder, for what it noticed on its way.
    abort: set once the answer has begun; ends it with a failure in the client's own protocol, since a status can no
    longer be sent. end: how a streamed answer ended, where the HTTP status says nothing: ``failed`` or ``client_left``.
    repaired: the model was asked a second time, since its first answer was not what the client demanded.
    told: headers of the answer that are known by now.
    """

    request_id: str
    dialect: str | None = None
    model: str | None = None
    upstream_model: str | None = None
    stream: bool = False
    trace: Trace = field(default_factory=Trace)
    capture: Capture = NO_CAPTURE
    usage: Usage | None = None
    stop: Stop | None = None
    error: GatewayError | None = None
    end: str | None = None
    repaired: bool = False
    told: dict[str, str] = field(default_factory=dict)
    answer: Answer | None = None
    abort: Callable[[GatewayError], Awaitable[web.StreamResponse]] | None = None


RECORD = web.RequestKey("record", Record)
