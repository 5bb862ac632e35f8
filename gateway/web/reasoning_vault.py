"""Keeps the reasoning that Kiro signed, by the calls that came of it, for clients that do not send it back."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from sys import getsizeof
from typing import Final

from gateway.conversation import Conversation, RedactedThinking
from gateway.kiro.signed_reasoning import Reasoning, with_reasoning

LIFETIME: Final = 3600.0
"""Seconds after its last use: a tool loop asks every few seconds, its user may have lunch."""

MOST: Final = 4096
MOST_BYTES: Final = 64 * 1024 * 1024
"""Calls and bytes that are kept; a session of a hundred calls has about a megabyte."""


@dataclass(frozen=True, slots=True)
class _Kept:
    model: str
    reasoning: Reasoning
    size: int
    until: float


class ReasoningVault:
    """The vault of a process. An entry belongs to one key and one model; the longest unused make room.

    clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float], *, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self._clock = clock
        self._most = most
        self._most_bytes = most_bytes
        self._kept: OrderedDict[tuple[bytes, str], _Kept] = OrderedDict()
        self._bytes = 0

    def keep(self, owner: bytes, model: str, calls: Iterable[str], reasoning: Reasoning) -> None:
        """Keep the reasoning of an answer that made these calls. ``model``: as the client spelled it."""
        size = _size(reasoning)
        until = self._clock() + LIFETIME
        for call in calls:
            self._drop((owner, call))
            self._kept[owner, call] = _Kept(model, reasoning, size, until)
            self._bytes += size
        while self._kept and (len(self._kept) > self._most or self._bytes > self._most_bytes):
            self._drop(next(iter(self._kept)))

    def restored(self, owner: bytes, conversation: Conversation) -> Conversation:
        """The conversation with kept reasoning where its calls come back bare; the same object where none do."""
        self._forget_old()
        if not self._kept:
            return conversation
        messages = with_reasoning(conversation.messages, lambda call: self._find(owner, conversation.model, call))
        return conversation if messages is conversation.messages else replace(conversation, messages=messages)

    def _find(self, owner: bytes, model: str, call: str) -> Reasoning | None:
        """Another model could not read the reasoning; its signature would be refused."""
        found = self._kept.get((owner, call))
        if found is None or found.model != model:
            return None
        self._kept[owner, call] = replace(found, until=self._clock() + LIFETIME)
        self._kept.move_to_end((owner, call))
        return found.reasoning

    def _forget_old(self) -> None:
        now = self._clock()
        while self._kept:
            oldest = next(iter(self._kept))
            if self._kept[oldest].until > now:
                return
            self._drop(oldest)

    def _drop(self, place: tuple[bytes, str]) -> None:
        dropped = self._kept.pop(place, None)
        self._bytes -= dropped.size if dropped else 0


def _size(reasoning: Reasoning) -> int:
    if isinstance(reasoning, RedactedThinking):
        return getsizeof(reasoning.data)
    return getsizeof(reasoning.text) + getsizeof(reasoning.signature)
