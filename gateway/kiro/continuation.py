"""``agentContinuationId``: one for a user's turn, kept through its tool rounds, and a new one for every resend.

Kiro answered 400 to requests that were sent a second time, after a 429, a 5xx or a time-out, with the ids of the first
(137 of 137, 2026-09-30); the cause is a guess of the operator's.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Final

from msgspec import Struct

from gateway.conversation import Block, Conversation, Image, Message, Text, ToolResult
from gateway.kiro.recovery import NOTICE
from gateway.kiro.repeats import by_user

TURNS: Final = 10_000
"""Turns whose id is remembered, as many as conversations have their account remembered; the one longest unused is
forgotten, and its next round has an id of its own. A turn takes 400 bytes, with all its rounds 2 KB."""

ROUNDS: Final = 32
"""Rounds of a turn that are remembered, the latest: a client repeats its last request, and goes back a few at most."""

_END: Final = 4096
"""Characters of each end of a text that tell one input from another: the input may have 30 MB."""

_BLOCKS: Final = 64
"""Blocks of an input that are looked at."""


class UserTurn(Struct, frozen=True):
    """A user's turn and how far it has come.

    key: the turn, the same in all its rounds. round: what the tools have answered so far; both hold in this process.
    """

    key: bytes
    round: int


def user_turn(chat: str, conversation: Conversation) -> UserTurn:
    """The turn that a conversation is in: its last real input, by number and content, and the tool results after it.

    User messages in a row are one. Those with tool results are a real input only where the user speaks in them, too:
    clients put reminders and notes in angle brackets beside results. The model is part of it since clients send side
    requests (titles) of the same session and text to a smaller one.
    """
    asked: list[Block] = []
    inputs = rounds = 0
    last_call = ""
    for blocks in _inputs(conversation.messages):
        calls = [block.call_id for block in blocks if type(block) is ToolResult]
        if calls and not any(map(_spoken, blocks)):
            rounds, last_call = rounds + len(calls), calls[-1]
        else:
            asked, inputs, rounds, last_call = blocks, inputs + 1, 0, ""
    digest = hashlib.sha256(f"{chat}\0{conversation.model}\0{inputs}".encode(errors="replace"))
    for piece in _pieces(asked):
        digest.update(piece.encode(errors="replace"))
    return UserTurn(digest.digest(), hash((rounds, last_call)))


def _inputs(messages: tuple[Message, ...]) -> Iterator[list[Block]]:
    """The blocks of each run of user messages."""
    for role, run in groupby(messages, lambda message: message.role):
        if role == "user":
            yield [block for message in run for block in message.blocks]


def _spoken(block: Block) -> bool:
    return type(block) is Text and by_user(block) and block.text != NOTICE


def _pieces(blocks: list[Block]) -> Iterator[str]:
    """What tells an input from others: what the user says, else all texts (reminders may change); and its pictures."""
    looked_at = blocks[:_BLOCKS]
    only_spoken = any(map(_spoken, looked_at))
    for block in looked_at:
        match block:
            case Text(text) if _spoken(block) or not only_spoken:
                yield f"\0t{len(text)}\0{text[:_END]}\0{text[-_END:]}"
            case Image(_, data):
                yield f"\0i{len(data)}\0{data[:_END]}\0{data[-_END:]}"


class ContinuationIds:
    """The ids of this process, one for each send. Not thread-safe: for the event loop.

    They are random and not derived from the turn: another process, or this one after a restart, cannot know which
    derived ids were already sent in vain, and a repeated id is refused, while a turn that changes its id is not.
    """

    def __init__(self, new_id: Callable[[], str], *, most: int = TURNS) -> None:
        self._new_id = new_id
        self._most = most
        self._turns: OrderedDict[bytes, tuple[str, tuple[int, ...]]] = OrderedDict()

    def for_send(self, turn: UserTurn) -> str:
        """The turn's id if this round of it was not sent yet, else another one, which the next rounds then keep."""
        id_, sent = self._turns.pop(turn.key, ("", ()))
        if not sent or turn.round in sent:
            id_ = self._new_id()
        if turn.round not in sent:
            sent = (*sent, turn.round)[-ROUNDS:]
        self._turns[turn.key] = (id_, sent)
        while len(self._turns) > self._most:
            self._turns.popitem(last=False)
        return id_
