"""A size the user set for what is sent to Kiro: refused by its name, or kept by dropping the oldest turns."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from msgspec import Struct

from gateway import jsontext
from gateway.conversation import Conversation, Message, ToolResult
from gateway.errors import GatewayError, Kind
from gateway.kiro.history import alternate
from gateway.kiro.payload import Draft

Messages = tuple[Message, ...]
LayOut = Callable[[Conversation], Draft]
Cut = tuple[Messages, int]
"""(what stays of the dropped messages, where the rest begins); not the rest itself, of which a long history has many"""

TRIMMED_TO: Final = 600_000
"""Bytes to trim to when the user set no figure: below the 615 KB that were once seen to be refused."""


@dataclass(frozen=True, slots=True)
class SizeLimit:
    """max_bytes: of the JSON sent, without what differs by send; None for no limit. trim: drop turns, do not refuse."""

    max_bytes: int | None = None
    trim: bool = False


@dataclass(frozen=True, slots=True)
class Dropped:
    """What was left out: so many messages, and the bytes they took."""

    messages: int
    size: int


class Fitted(Struct, frozen=True):
    """A conversation within the limit, laid out. dropped: None when it is whole."""

    conversation: Conversation
    draft: Draft
    dropped: Dropped | None = None


def fit(conversation: Conversation, lay_out: LayOut, limit: SizeLimit) -> Fitted:
    """Lay out as much of a conversation as the limit allows. Without a limit nothing is measured.

    Raises GatewayError(TOO_LARGE), which names the setting.
    """
    whole = lay_out(conversation)
    if limit.max_bytes is None or (size := _size(whole)) <= limit.max_bytes:
        return Fitted(conversation, whole)
    if not limit.trim:
        advice = "Shorten the conversation, raise the limit, or set guard.auto_trim (AUTO_TRIM_PAYLOAD)."
        raise _too_large(size, limit.max_bytes, advice)
    messages = alternate(conversation.messages)
    fitting = _longest(replace(conversation, messages=messages), _cuts(messages), lay_out, limit.max_bytes)
    if fitting is None:
        raise _too_large(size, limit.max_bytes, "Even the last turn alone does not fit.")
    kept, draft = fitting
    return Fitted(kept, draft, Dropped(len(messages) - len(kept.messages), size - _size(draft)))


def _size(draft: Draft) -> int:
    return len(jsontext.encode(draft.body))


def _too_large(size: int, allowed: int, advice: str) -> GatewayError:
    setting = "guard.max_payload_bytes (KIRO_MAX_PAYLOAD_BYTES)"
    words = f"The request takes {size} bytes as sent to Kiro, and {setting} allows {allowed}. {advice}"
    return GatewayError(Kind.TOO_LARGE, words, should_retry=False)


def _longest(
    conversation: Conversation, cuts: list[Cut], lay_out: LayOut, allowed: int
) -> tuple[Conversation, Draft] | None:
    """The first cut with which it fits; each leaves less than the one before, so it is found by halving."""
    found: tuple[Conversation, Draft] | None = None
    low, high = 0, len(cuts)
    while low < high:
        middle = (low + high) // 2
        kept, rest = cuts[middle]
        shorter = replace(conversation, messages=(*kept, *conversation.messages[rest:]))
        draft = lay_out(shorter)
        if _size(draft) <= allowed:
            found, high = (shorter, draft), middle
        else:
            low = middle + 1
    return found


def _cuts(messages: Messages) -> list[Cut]:
    """Ever deeper cuts of a history, after which no result misses its call.

    First whole exchanges go: the rest begins with a user turn that answers no call. When only the last such turn is
    left (a long tool loop), it stays, since it says what is to be done, and the oldest calls after it go with their
    results.
    """
    starts = [index for index, message in enumerate(messages) if message.role == "user" and not _answers(message)]
    cuts: list[Cut] = [((), start) for start in starts if start > 0]
    if not starts:
        return cuts
    asked = starts[-1]
    return [*cuts, *(((messages[asked],), rest) for rest in range(asked + 3, len(messages) - 1, 2))]


def _answers(message: Message) -> bool:
    return any(isinstance(block, ToolResult) for block in message.blocks)
