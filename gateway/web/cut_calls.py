"""Remembers which tool calls were cut off by the output limit, until the history brings them back."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, Protocol

from gateway.conversation import Conversation
from gateway.kiro.conversation_id import chat_id
from gateway.kiro.recovery import remind

CHATS: Final = 512
"""Chats that are remembered, the latest ones; a machine has a few going at a time."""

CALLS: Final = 64
"""Calls of one chat, the latest ones."""

KEPT_FOR: Final = 24 * 3600.0
"""Seconds a chat is remembered after its last cut: a session that is picked up the next morning still counts."""


class Ledger(Protocol):
    """Where cut calls are written down, or not."""

    def remember(self, chat: str, calls: Iterable[str]) -> None:
        """These calls of a chat (by its id) were cut."""

    def reminded(self, conversation: Conversation) -> Conversation:
        """The conversation with a notice for the model where such a call comes back."""
        ...


class CutCalls:
    """The ledger of a process. ``clock``: seconds that only grow."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._chats: OrderedDict[str, tuple[float, tuple[str, ...]]] = OrderedDict()

    def remember(self, chat: str, calls: Iterable[str]) -> None:
        """Write down the calls; the oldest chat makes room."""
        _, known = self._chats.pop(chat, (0.0, ()))
        self._chats[chat] = (self._clock(), (*known, *calls)[-CALLS:])
        while len(self._chats) > CHATS:
            self._chats.popitem(last=False)

    def reminded(self, conversation: Conversation) -> Conversation:
        """The same object while nothing was cut, which costs nothing; the id of a chat is only then looked for."""
        self._forget_old()
        if not self._chats:
            return conversation
        _, calls = self._chats.get(chat_id(conversation), (0.0, ()))
        return replace(conversation, messages=remind(conversation.messages, calls)) if calls else conversation

    def _forget_old(self) -> None:
        while self._chats:
            chat, (written, _) = next(iter(self._chats.items()))
            if self._clock() - written < KEPT_FOR:
                return
            del self._chats[chat]


class NoLedger:
    """Nothing is written down, and nobody is reminded."""

    def remember(self, chat: str, calls: Iterable[str]) -> None:
        """Nothing is kept."""

    def reminded(self, conversation: Conversation) -> Conversation:
        """As it is."""
        return conversation
