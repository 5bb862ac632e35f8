"""Pings that tell how much has been written so far. Clients skip pings, so they harm none and help who looks."""

from typing import Final

from gateway import jsontext
from gateway.dialects import sse
from gateway.dialects.anthropic.encode import AnthropicEncoder
from gateway.dialects.anthropic.render import usage
from gateway.dialects.dialect import Opening
from gateway.events import ArgumentsDelta, Event, TextDelta, ThinkingDelta, Usage

EVERY: Final = 5000
"""Characters between two pings of a stream that flows; a silent one gets them by the clock."""

_CHARACTERS_A_TOKEN: Final = 4


class UsagePings:
    """An encoder with such pings. What is written is counted by its length: an estimate, as the input is."""

    __slots__ = ("_encoder", "_input", "_told", "_written")

    def __init__(self, encoder: AnthropicEncoder, opening: Opening) -> None:
        self._encoder = encoder
        self._input = opening
        self._written = self._told = 0

    def start(self) -> bytes:
        """As the encoder."""
        return self._encoder.start()

    def encode(self, event: Event) -> bytes:
        """As the encoder, and a ping where enough was written since the last one."""
        match event:
            case TextDelta(_, text) | ThinkingDelta(_, text) | ArgumentsDelta(_, text):
                self._written += len(text)
                if self._written - self._told >= EVERY:
                    return self._encoder.encode(event) + self.ping()
        return self._encoder.encode(event)

    def ping(self) -> bytes:
        """A ping with ``usage``, in the shape that message_delta has it."""
        self._told = self._written
        opening = self._input
        so_far = Usage(
            opening.input_tokens,
            -(-self._written // _CHARACTERS_A_TOKEN),
            opening.cache_read,
            opening.cache_write,
        )
        return sse.named("ping", jsontext.encode({"type": "ping", "usage": usage(so_far)}))
