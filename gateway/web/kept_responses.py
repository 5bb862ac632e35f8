"""Answers of the Responses API that are kept in memory: bounded in time, count and bytes, each for its own key only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from sys import getsizeof
from typing import Any, Final

from gateway import jsontext
from gateway.conversation import Image, Message, RedactedThinking, Text, Thinking, ToolCall, ToolResult

LIFETIME: Final = 3600.0
"""Seconds an answer is kept: a chat with a person in it goes on within an hour or begins anew."""

MOST: Final = 2000
MOST_BYTES: Final = 128 * 1024 * 1024
"""All kept answers with their conversations. One history of the largest request still fits."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer and what led to it.

    owner: marks the key it belongs to. answer: the response object as it went out, as JSON.
    system: the prompt out of the input; ``instructions`` count for their own request only. messages: the conversation,
    the answer included. tools: ``additional_tools`` items.
    session, cache_key, opening_system: what the chat began with, see ``Conversation``.
    """

    owner: bytes
    answer: bytes
    system: str
    messages: tuple[Message, ...]
    tools: tuple[Mapping[str, Any], ...] = ()
    session: str | None = None
    cache_key: str | None = None
    opening_system: str | None = None

    @property
    def size(self) -> int:
        """Bytes of its texts and pictures. What it shares with others is counted for each: the sum is never short."""
        texts = sum(_size(block) for message in self.messages for block in message.blocks)
        return (
            len(self.answer)
            + getsizeof(self.system)
            + getsizeof(self.opening_system)
            + texts
            + len(jsontext.encode(self.tools))
        )


def _size(block: Any) -> int:
    match block:
        case Text(text):
            return getsizeof(text)
        case Thinking(text, signature):
            return getsizeof(text) + getsizeof(signature)
        case RedactedThinking(sealed) | Image(_, sealed):
            return getsizeof(sealed)
        case ToolCall(_, _, arguments):
            return getsizeof(arguments)
        case ToolResult(_, content):
            return sum(map(_size, content))
    raise TypeError(type(block).__name__)


class KeptResponses:
    """Keeps answers by id. The oldest make room; one that is larger than all the room is not kept."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        lifetime: float = LIFETIME,
        most: int = MOST,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._clock = clock
        self._lifetime = lifetime
        self._most = most
        self._most_bytes = most_bytes
        self._kept: dict[str, tuple[Kept, float, int]] = {}  # id → answer, end of its time, size; oldest first
        self._bytes = 0

    def put(self, id_: str, kept: Kept) -> None:
        """Keep an answer under a new id."""
        size = kept.size
        self._forget_old()
        while self._kept and (len(self._kept) >= self._most or self._bytes + size > self._most_bytes):
            self._drop(next(iter(self._kept)))
        if size <= self._most_bytes:
            self._kept[id_] = (kept, self._clock() + self._lifetime, size)
            self._bytes += size

    def find(self, owner: bytes, id_: str) -> Kept | None:
        """The answer with this id, if it is kept and the owner's."""
        self._forget_old()
        found = self._kept.get(id_)
        return found[0] if found and found[0].owner == owner else None

    def forget(self, owner: bytes, id_: str) -> bool:
        """Drop an answer; whether there was one."""
        found = self.find(owner, id_) is not None
        if found:
            self._drop(id_)
        return found

    def _forget_old(self) -> None:
        now = self._clock()
        while self._kept:
            oldest = next(iter(self._kept))
            if self._kept[oldest][1] > now:
                return
            self._drop(oldest)

    def _drop(self, id_: str) -> None:
        self._bytes -= self._kept.pop(id_)[2]
