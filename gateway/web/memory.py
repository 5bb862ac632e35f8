"""What a client API may ask the gateway to remember from one request to the next. Most ask nothing."""

from collections.abc import Callable
from typing import Any, Final, Protocol

from gateway.conversation import Conversation
from gateway.dialects.dialect import Encoder
from gateway.reply import Reply


class Recollection(Protocol):
    """One request's part of the memory."""

    @property
    def body(self) -> dict[str, Any]:
        """The request's body with what it refers to put in."""
        ...

    def continued(self, conversation: Conversation) -> Conversation:
        """The conversation with what came before it."""
        ...

    def watched(self, encoder: Encoder, render: Callable[[Reply], dict[str, Any]]) -> Encoder:
        """The encoder, or one that does the same and keeps the answer just before its end goes out."""
        ...

    def keep(self, reply: Reply, answer: dict[str, Any]) -> None:
        """Keep a whole answer, if the request wants it kept. It must come before the answer goes out."""
        ...


class Memory(Protocol):
    """Remembers for all requests of a client API."""

    def begin(self, owner: bytes, body: dict[str, Any]) -> Recollection:
        """A request begins. ``owner`` marks the key it came with. Raises GatewayError for what is not remembered."""
        ...


class Nothing:
    """The part of a request that neither refers to anything nor is kept."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body

    def continued(self, conversation: Conversation) -> Conversation:
        """The conversation as it came."""
        return conversation

    def watched(self, encoder: Encoder, render: Callable[[Reply], dict[str, Any]]) -> Encoder:
        """The encoder itself."""
        return encoder

    def keep(self, reply: Reply, answer: dict[str, Any]) -> None:
        """Nothing is kept."""


class Forgetful:
    """The memory of the APIs that have none."""

    def begin(self, owner: bytes, body: dict[str, Any]) -> Nothing:
        """Nothing came before."""
        return Nothing(body)


FORGETFUL: Final = Forgetful()
