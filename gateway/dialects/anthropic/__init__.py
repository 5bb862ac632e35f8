"""The Anthropic Messages API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from marshmallow import Schema

from gateway.conversation import Conversation
from gateway.dialects.anthropic import error as errors
from gateway.dialects.anthropic.encode import AnthropicEncoder
from gateway.dialects.anthropic.parse import parse
from gateway.dialects.anthropic.render import render
from gateway.dialects.anthropic.schema import SCHEMA
from gateway.dialects.anthropic.usage_pings import UsagePings
from gateway.dialects.dialect import Encoder, Opening
from gateway.errors import GatewayError
from gateway.reply import Reply

BUFFERED: Final = ("/cc/v1/messages",)
"""The same API for clients that go by the input tokens of ``message_start``: their streams begin with the true ones."""


@dataclass(frozen=True, slots=True)
class Anthropic:
    """``/v1/messages``. signing_key: what our own thinking signatures are made with; the app replaces it.

    strip_billing_header: Claude Code's billing line is taken out of the system prompt.
    usage_pings: pings tell how much was written so far.
    """

    signing_key: bytes = field(default=b"kiro-gateway", repr=False)
    strip_billing_header: bool = True
    usage_pings: bool = False
    name: str = "anthropic"
    routes: tuple[str, ...] = ("/v1/messages", *BUFFERED)
    schema: Schema = field(default=SCHEMA, repr=False)

    def parse(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> Conversation:
        """A body of the right shape into its meaning; headers are looked up in lower case."""
        return parse(body, headers, strip_billing_header=self.strip_billing_header)

    def encoder(self, body: Mapping[str, Any], opening: Opening) -> Encoder:
        """The encoder of one streamed answer; nothing of the request changes it."""
        encoder = AnthropicEncoder(opening, self.signing_key)
        return UsagePings(encoder, opening) if self.usage_pings else encoder

    def render(self, reply: Reply, body: Mapping[str, Any], opening: Opening) -> dict[str, Any]:
        """The message object of a whole answer."""
        return render(reply, opening, self.signing_key)

    def error(self, error: GatewayError, request_id: str) -> tuple[int, dict[str, Any]]:
        """Status and ``{type: error, error: {type, message}, request_id}``."""
        return errors.status_and_body(error, request_id)


ANTHROPIC: Final = Anthropic()
