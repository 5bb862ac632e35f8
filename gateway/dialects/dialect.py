"""What the gateway asks of a client API. A package under ``dialects/`` has one object that is a Dialect."""

from collections.abc import Mapping
from typing import Any, Protocol

from marshmallow import Schema
from msgspec import Struct

from gateway.conversation import Conversation
from gateway.errors import GatewayError
from gateway.events import Event
from gateway.reply import Reply


class Opening(Struct, frozen=True):
    """What is known when an answer begins.

    answer_id: 24 or more characters of ``[A-Za-z0-9]``, without the API's own prefix (``msg_``, ``chatcmpl-``).
    model: as the client spelled it. created: seconds since the epoch.
    input_tokens: an estimate; the final usage has the true figure. When the answer is held back until that is known,
    it is the true one, and ``cache_read`` and ``cache_write`` are too.
    """

    answer_id: str
    model: str
    created: int
    input_tokens: int
    cache_read: int = 0
    cache_write: int = 0


class Encoder(Protocol):
    """Turns one turn's events into the bytes of a server-sent event stream. One object a stream."""

    def start(self) -> bytes:
        """What opens the stream; written with the first events, never before the upstream began to answer."""
        ...

    def encode(self, event: Event) -> bytes:
        """One event. After the Stop or Failure nothing more may be encoded."""
        ...

    def ping(self) -> bytes:
        """What may be written at any time between events to keep the connection alive."""
        ...


class Dialect(Protocol):
    """A client API."""

    @property
    def name(self) -> str:
        """For logs and settings: ``anthropic``, ``openai_chat``."""
        ...

    @property
    def routes(self) -> tuple[str, ...]:
        """Paths that take a POST of this API's request."""
        ...

    @property
    def schema(self) -> Schema:
        """Checks the shape of a request body; the original body is what ``parse`` gets."""
        ...

    def parse(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> Conversation:
        """A body of the right shape into its meaning. Raises GatewayError(INVALID_REQUEST) with a path."""
        ...

    def encoder(self, body: Mapping[str, Any], opening: Opening) -> Encoder:
        """The encoder of one streamed answer."""
        ...

    def render(self, reply: Reply, body: Mapping[str, Any], opening: Opening) -> dict[str, Any]:
        """A whole answer."""
        ...

    def error(self, error: GatewayError, request_id: str) -> tuple[int, dict[str, Any]]:
        """HTTP status and body of an error before the answer began."""
        ...
