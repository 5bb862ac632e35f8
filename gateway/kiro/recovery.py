"""Tells the model that a call of its was cut off, when the history brings the call back."""

from collections.abc import Collection

from gateway.conversation import Message, Text, ToolCall, ToolResult

Messages = tuple[Message, ...]

NOTICE = (
    "Your tool call above was cut off at the output limit and did not arrive whole; "
    "write the same in smaller parts, with several calls."
)
"""Neutral: it says what happened and what helps, and blames neither the tool nor the user."""


def remind(messages: Messages, cut: Collection[str]) -> Messages:
    """The messages with the notice behind each result of a cut call, or in the turn where its result is missing.

    cut: ids of calls. Untouched messages stay the same objects, so that the prefix of the history stays the same.
    """
    return tuple(_reminded(messages, frozenset(cut)))


def _reminded(messages: Messages, cut: frozenset[str]) -> list[Message]:
    arranged: list[Message] = []
    waiting: frozenset[str] = frozenset()
    for message in messages:
        if message.role == "assistant":
            waiting |= cut & {block.id for block in message.blocks if isinstance(block, ToolCall)}
            arranged.append(message)
            continue
        answered = {block.call_id for block in message.blocks if isinstance(block, ToolResult)}
        if answered & cut or (waiting and not answered):
            arranged.append(Message(message.role, (*message.blocks, Text(NOTICE))))
            waiting = frozenset()
        else:
            arranged.append(message)
    return arranged
