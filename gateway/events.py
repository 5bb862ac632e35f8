"""What the model says in one turn, as a flat sequence of small values.

Grammar, checked by ``tests/wellformed.py`` on everything the gateway decodes:

    turn  = block* Usage? (Stop | Failure)
    block = BlockStart delta* BlockEnd        a Failure may leave the last block without its BlockEnd

Blocks never interleave; indexes count from 0. A TextDelta appears only in a Text block, a ThinkingDelta and a
SignatureDelta only in a Thinking block, an ArgumentsDelta only in a ToolCall block; RedactedThinking, SearchCall and
SearchResult blocks have none. A SearchResult follows its SearchCall.

These are msgspec structs, not dataclasses: one is made per delta, and a frozen struct costs a seventh of a frozen
dataclass to make (measured: 0.04 µs against 0.28 µs).
"""

from enum import Enum
from typing import Final

from msgspec import Struct

from gateway.conversation import RedactedThinking, Text, Thinking, ToolCall
from gateway.errors import GatewayError
from gateway.search.values import SearchCall, SearchResult


class TextDelta(Struct, frozen=True, gc=False):
    """More of the open text block."""

    index: int
    text: str


class ThinkingDelta(Struct, frozen=True, gc=False):
    """More of the open thinking block."""

    index: int
    text: str


class SignatureDelta(Struct, frozen=True, gc=False):
    """The signature of the open thinking block, once, before its end."""

    index: int
    signature: str


class ArgumentsDelta(Struct, frozen=True, gc=False):
    """More of the open tool call's JSON text, cut anywhere."""

    index: int
    json: str


class BlockStart(Struct, frozen=True):
    """A block opens. Its content is empty here; a RedactedThinking, a SearchCall and a SearchResult are whole."""

    index: int
    block: Text | Thinking | RedactedThinking | ToolCall | SearchCall | SearchResult


class BlockEnd(Struct, frozen=True, gc=False):
    """The open block is complete."""

    index: int


class Usage(Struct, frozen=True, gc=False):
    """Tokens and credits of the turn.

    input_tokens: the uncached part. estimated: at least one figure was counted here, not told by Kiro.
    credits: None when Kiro did not say. searches: web searches that were done.
    """

    input_tokens: int
    output_tokens: int
    cache_read: int = 0
    cache_write: int = 0
    credits: float | None = None
    estimated: bool = False
    searches: int = 0


class StopReason(Enum):
    """Why the turn ended."""

    END_TURN = "end_turn"
    TOOL_USE = "tool_use"
    MAX_TOKENS = "max_tokens"
    STOP_SEQUENCE = "stop_sequence"
    CONTEXT_FULL = "context_full"
    REFUSAL = "refusal"


class Stop(Struct, frozen=True, gc=False):
    """The turn ended as a good one. ``sequence`` is the stop sequence that ended it, if one did."""

    reason: StopReason
    sequence: str | None = None


class Failure(Struct, frozen=True):
    """The turn broke. Nothing follows."""

    error: GatewayError


Event = TextDelta | ThinkingDelta | SignatureDelta | ArgumentsDelta | BlockStart | BlockEnd | Usage | Stop | Failure

ENDS: Final = frozenset({Stop, Failure})
"""What a turn ends with; to be looked up by type, as it is after every chunk."""
