"""OpenAI's chat completions API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from marshmallow import Schema

from gateway.conversation import Conversation
from gateway.dialects.dialect import Opening
from gateway.dialects.openai_chat import error as errors
from gateway.dialects.openai_chat.encode import ChatEncoder
from gateway.dialects.openai_chat.parse import answers_functions, parse
from gateway.dialects.openai_chat.render import render
from gateway.dialects.openai_chat.schema import SCHEMA
from gateway.errors import GatewayError
from gateway.reply import Reply


@dataclass(frozen=True, slots=True)
class OpenAiChat:
    """``/v1/chat/completions``."""

    name: str = "openai_chat"
    routes: tuple[str, ...] = ("/v1/chat/completions",)
    schema: Schema = field(default=SCHEMA, repr=False)

    def parse(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> Conversation:
        """A body of the right shape into its meaning; headers are looked up in lower case."""
        return parse(body, headers)

    def encoder(self, body: Mapping[str, Any], opening: Opening) -> ChatEncoder:
        """The encoder of one streamed answer; ``stream_options.include_usage`` asks for a usage chunk."""
        with_usage = (body.get("stream_options") or {}).get("include_usage") is True
        return ChatEncoder(opening, with_usage=with_usage, functions=answers_functions(body))

    def render(self, reply: Reply, body: Mapping[str, Any], opening: Opening) -> dict[str, Any]:
        """The completion object of a whole answer."""
        return render(reply, opening, functions=answers_functions(body))

    def error(self, error: GatewayError, request_id: str) -> tuple[int, dict[str, Any]]:
        """Status and ``{error: {message, type, param, code}}``; the request id travels in its header only."""
        return errors.status_and_body(error)


OPENAI_CHAT: Final = OpenAiChat()
