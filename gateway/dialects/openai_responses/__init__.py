"""OpenAI's Responses API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from marshmallow import Schema

from gateway.conversation import Conversation
from gateway.dialects.dialect import Opening
from gateway.dialects.openai_chat import error as errors
from gateway.dialects.openai_responses.encode import ResponsesEncoder
from gateway.dialects.openai_responses.parse import parse
from gateway.dialects.openai_responses.render import render
from gateway.dialects.openai_responses.schema import SCHEMA
from gateway.dialects.openai_responses.tools import Toolbox
from gateway.errors import GatewayError
from gateway.reply import Reply


@dataclass(frozen=True, slots=True)
class OpenAiResponses:
    """``/v1/responses``."""

    name: str = "openai_responses"
    routes: tuple[str, ...] = ("/v1/responses",)
    schema: Schema = field(default=SCHEMA, repr=False)

    def parse(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> Conversation:
        """A body of the right shape into its meaning; headers are looked up in lower case."""
        return parse(body, headers)

    def encoder(self, body: Mapping[str, Any], opening: Opening) -> ResponsesEncoder:
        """The encoder of one streamed answer."""
        return ResponsesEncoder(body, opening)

    def render(self, reply: Reply, body: Mapping[str, Any], opening: Opening) -> dict[str, Any]:
        """The response object of a whole answer."""
        return render(reply, body, Toolbox(body), opening)

    def error(self, error: GatewayError, request_id: str) -> tuple[int, dict[str, Any]]:
        """Status and ``{error: {message, type, param, code}}``, as OpenAI's chat API has them."""
        return errors.status_and_body(error)


OPENAI_RESPONSES: Final = OpenAiResponses()
