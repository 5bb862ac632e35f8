"""What one frame of Kiro's answer says, as small values; ``response.read`` makes them, ``Turn`` takes them.

The names in ``field`` are Kiro's: TextPart, ReasoningPart, ToolPart and ContextUsage are decoded straight from a
payload.
"""

from typing import Annotated, Any, Final

from msgspec import Meta, Struct, field

from gateway.errors import UpstreamError

MOST: Final = 1e12
"""Tokens, percent points or credits; more is no figure, and past 2**53 clients would read it wrongly."""


class TextPart(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """More text; it may begin or end with half a surrogate pair."""

    text: str = field(name="content", default="")
    model: str | None = field(name="modelId", default=None)


class ReasoningPart(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """More native reasoning, or a piece of its signature, or reasoning only Kiro can read (base64)."""

    text: str = ""
    signature: str = ""
    redacted: str = field(name="redactedContent", default="")


class ToolPart(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A piece of a tool call. ``input`` is a fragment of its arguments' JSON, or all of them as an object."""

    id: str = field(name="toolUseId")
    name: str = ""
    input: str | dict[str, Any] | None = None
    stop: bool = False


class ContextUsage(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """How full the context window is after the turn, in percent points (12.5 is an eighth)."""

    percent: Annotated[float, Meta(ge=0, le=MOST)] = field(name="contextUsagePercentage")


class Metering(Struct, frozen=True, gc=False):
    """What a part of the turn cost. beside: given on another event, which may repeat what metering events say."""

    credits: float
    beside: bool = False


class TokenUsage(Struct, frozen=True, gc=False):
    """Token counts, as far as Kiro told them; ``input`` is the uncached part."""

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None


class StopPart(Struct, frozen=True, gc=False):
    """Kiro says that the turn is over; ``reason`` is its word for why, or empty."""

    reason: str


class Opening(Struct, frozen=True, gc=False):
    """The stream opens; nothing of the answer has come yet."""


class Fault(Struct, frozen=True):
    """An error instead of an answer. ``limit``: it says that the output became too long."""

    error: UpstreamError
    limit: bool = False


class Unknown(Struct, frozen=True, gc=False):
    """An event this gateway does not know; to be skipped and counted."""

    name: str


Part = TextPart | ReasoningPart | ToolPart | ContextUsage | Metering | TokenUsage | StopPart | Opening | Fault | Unknown
