"""What Kiro demands of a history: PASSES, each messages → messages, in the order they must run.

After them the messages begin and end with the user, alternate, say something each, and every call of the model has
exactly one result in the very next message. Nothing the client said is lost; what has no place becomes text. A pass
that finds nothing to do returns the very objects it was given.
"""

from collections.abc import Callable, Iterable
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Final

from gateway.conversation import Block, Image, Message, RedactedThinking, Text, Thinking, ToolCall, ToolResult
from gateway.kiro.pairing import answer_calls, call_as_text, distinct_ids, pair_results, result_as_text, safe_ids

Messages = tuple[Message, ...]
Pass = Callable[[Messages], Messages]

FILLER: Final = "."
"""Stands where Kiro wants a text and there is none. Words ("Continue", "(empty)") get repeated by the model."""

GO_ON: Final = "Continue your last message from exactly where it ends, without repeating any of it."
"""The user turn after a message that the client began in the model's name; Kiro knows no prefill."""

# Looked up by type: isinstance costs four times as much, and this runs for every block of a long history.
_REASONING: Final = frozenset((Thinking, RedactedThinking))
_USER: Final = frozenset((Text, ToolResult, Image))
_ASSISTANT: Final = frozenset((Text, ToolCall, *_REASONING))
_USER_SPEAKS: Final = frozenset((Text, ToolResult))
_ASSISTANT_SPEAKS: Final = frozenset((Text, ToolCall))


def _blank(text: str) -> bool:
    return not text or text.isspace()


def _with_blocks(messages: Messages, change: Callable[[Message], tuple[Block, ...]]) -> Messages:
    """Each message with the blocks that ``change`` gives; untouched messages stay the same objects."""
    result: list[Message] = []
    changed = False
    for message in messages:
        blocks = change(message)
        if blocks is message.blocks:
            result.append(message)
        else:
            changed = True
            result.append(Message(message.role, blocks))
    return tuple(result) if changed else messages


def own_side(messages: Messages) -> Messages:
    """§3.1: a user message has no member for calls and reasoning, an assistant message none for results and images."""
    return _with_blocks(messages, _own_side)


def _own_side(message: Message) -> tuple[Block, ...]:
    by_user = message.role == "user"
    allowed = _USER if by_user else _ASSISTANT
    for block in message.blocks:
        if type(block) not in allowed:
            return tuple(_as_user(message.blocks) if by_user else _as_assistant(message.blocks))
    return message.blocks


def _as_user(blocks: tuple[Block, ...]) -> Iterable[Block]:
    for block in blocks:
        if isinstance(block, ToolCall):
            yield call_as_text(block)
        elif type(block) in _USER:
            yield block


def _as_assistant(blocks: tuple[Block, ...]) -> Iterable[Block]:
    for block in blocks:
        if isinstance(block, ToolResult):
            yield from (_picture_gone(part) for part in result_as_text(block))
        else:
            yield _picture_gone(block)


def _picture_gone(block: Block) -> Block:
    return block if type(block) in _ASSISTANT else Text("[An image was left out: Kiro takes none from the assistant.]")


def one_reasoning(messages: Messages) -> Messages:
    """§3.1: an assistant message holds one reasoningContent, and one without a signature is not Kiro's own.

    Unsigned thinking is dropped, never shown to the model as if it were said. Of several signed ones the last stays:
    it is the one the text or call after it follows from.
    """
    return _with_blocks(messages, _one_reasoning)


def _one_reasoning(message: Message) -> tuple[Block, ...]:
    blocks = message.blocks
    for block in blocks:
        if type(block) in _REASONING:
            return _last_signed(blocks)
    return blocks


def _last_signed(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    kept = [block for block in blocks if isinstance(block, RedactedThinking) or _signed(block)][-1:]
    said = tuple(block for block in blocks if type(block) not in _REASONING)
    arranged = (*kept, *said)
    return blocks if arranged == blocks else arranged


def _signed(block: Block) -> bool:
    return isinstance(block, Thinking) and bool(block.signature)


def no_blank_texts(messages: Messages) -> Messages:
    """Rules 4 and 5: an empty text counts as none, so it must not hide that a message says nothing."""
    return _with_blocks(messages, _no_blank_texts)


def _no_blank_texts(message: Message) -> tuple[Block, ...]:
    for block in message.blocks:
        if type(block) is Text and _blank(block.text):
            return tuple(block for block in message.blocks if not (isinstance(block, Text) and _blank(block.text)))
    return message.blocks


def no_empty_messages(messages: Messages) -> Messages:
    """Rules 4 and 5: a message that says nothing is refused; only the user's last one has a meaning of its own."""
    if all(message.blocks for message in messages):
        return messages
    last = len(messages) - 1
    return tuple(m for i, m in enumerate(messages) if m.blocks or (i == last and m.role == "user"))


def alternate(messages: Messages) -> Messages:
    """Rule 3: two messages of one role in a row are refused; they become one."""
    if all(one.role != two.role for one, two in pairwise(messages)):
        return messages
    return tuple(_joined(list(run)) for _, run in groupby(messages, attrgetter("role")))


def _joined(run: list[Message]) -> Message:
    """At once: one by one, the blocks of a long run would be copied again for each of its messages."""
    if len(run) == 1:
        return run[0]
    return Message(run[0].role, tuple([block for message in run for block in message.blocks]))


def begin_with_user(messages: Messages) -> Messages:
    """Rule 3: a history that begins with the assistant is refused."""
    if messages and messages[0].role == "user":
        return messages
    return (Message("user", (Text(FILLER),)), *messages)


def end_with_user(messages: Messages) -> Messages:
    """Rule 2: the current message must be the user's; what the client began in the model's name goes to the history.

    With open calls the user's turn is left bare: their results will be its content.
    """
    if messages[-1].role == "user":
        return messages
    has_calls = any(isinstance(block, ToolCall) for block in messages[-1].blocks)
    return (*messages, Message("user", () if has_calls else (Text(GO_ON),)))


def say_something(messages: Messages) -> Messages:
    """Rules 4 and 5: the content may be empty only beside results (user) or calls (assistant)."""
    return _with_blocks(messages, _say_something)


def _say_something(message: Message) -> tuple[Block, ...]:
    speaking = _USER_SPEAKS if message.role == "user" else _ASSISTANT_SPEAKS
    for block in message.blocks:
        if type(block) in speaking:
            return message.blocks
    return (*message.blocks, Text(FILLER))


PASSES: Final[tuple[Pass, ...]] = (
    own_side,
    one_reasoning,
    no_blank_texts,
    no_empty_messages,
    alternate,
    begin_with_user,
    end_with_user,
    safe_ids,
    distinct_ids,
    pair_results,
    answer_calls,
    say_something,
)


def arrange(messages: Messages) -> Messages:
    """All PASSES in their order."""
    for single in PASSES:
        messages = single(messages)
    return messages
