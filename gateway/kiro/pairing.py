"""The passes over a history that keep the model's calls and their results together (see ``history.PASSES``)."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from gateway.conversation import Block, Image, Message, Text, ToolCall, ToolResult

Messages = tuple[Message, ...]

CANCELLED: Final = "Tool use was cancelled by the user"
"""What the official CLI writes for a call that nobody answered."""

_ID: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def call_as_text(call: ToolCall) -> Text:
    """A call where Kiro has no place for one."""
    return Text(f"Tool call {call.name}: {call.arguments}")


def result_as_text(result: ToolResult) -> tuple[Text | Image, ...]:
    """A result where Kiro has no place for one: its texts under a heading, then its pictures."""
    texts = [part.text for part in result.content if isinstance(part, Text)]
    heading = "Tool result (error):" if result.is_error else "Tool result:"
    return (Text("\n".join((heading, *texts))), *(part for part in result.content if isinstance(part, Image)))


def without_tools(messages: Messages) -> Messages:
    """Rule 10: calls and results are refused when no tools are declared; they become text."""
    if not any(isinstance(block, ToolCall | ToolResult) for message in messages for block in message.blocks):
        return messages
    return tuple(Message(message.role, tuple(_texts(message.blocks))) for message in messages)


def _texts(blocks: Iterable[Block]) -> Iterable[Block]:
    for block in blocks:
        match block:
            case ToolCall():
                yield call_as_text(block)
            case ToolResult():
                yield from result_as_text(block)
            case _:
                yield block


def _safe(identifier: str) -> str:
    if _ID.fullmatch(identifier):
        return identifier
    return "tooluse_" + hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def safe_ids(messages: Messages) -> Messages:
    """Rule 16: an id is 1 to 64 of ``[a-zA-Z0-9_-]``. The same foreign id always becomes the same safe one."""
    if all(map(_ID.fullmatch, _ids(messages))):
        return messages
    return tuple(Message(message.role, tuple(map(_safe_block, message.blocks))) for message in messages)


def _ids(messages: Messages) -> list[str]:
    """The ids of all calls and results."""
    found: list[str] = []
    for message in messages:
        for block in message.blocks:
            if type(block) is ToolCall:
                found.append(block.id)
            elif type(block) is ToolResult:
                found.append(block.call_id)
    return found


def _safe_block(block: Block) -> Block:
    match block:
        case ToolCall(id, name, arguments):
            return ToolCall(_safe(id), name, arguments)
        case ToolResult(call_id, content, is_error):
            return ToolResult(_safe(call_id), content, is_error)
    return block


def distinct_ids(messages: Messages) -> Messages:
    """Rule 8: two calls of one message under one id need two results under one id, which is refused.

    The second call and the second result get an id of their own, and so on.
    """
    if not any(_repeats_an_id(message) for message in messages):
        return messages
    arranged: list[Message] = []
    repeated: Counter[str] = Counter()
    for message in messages:
        if message.role == "assistant":
            repeated = Counter(block.id for block in message.blocks if isinstance(block, ToolCall))
        arranged.append(Message(message.role, tuple(_numbered(message.blocks, repeated))))
    return tuple(arranged)


def _repeats_an_id(message: Message) -> bool:
    if message.role == "user" or len(message.blocks) == 1:
        return False
    ids = _calls(message)
    return len(ids) > 1 and len(set(ids)) < len(ids)


def _numbered(blocks: Iterable[Block], calls: Counter[str]) -> Iterable[Block]:
    """The n-th block of an id (n > 1) renamed, as far as there are that many calls of it."""
    seen: Counter[str] = Counter()
    for block in blocks:
        if not isinstance(block, ToolCall | ToolResult):
            yield block
            continue
        identifier = block.id if isinstance(block, ToolCall) else block.call_id
        seen[identifier] += 1
        number = seen[identifier]
        if number == 1 or number > calls[identifier]:
            yield block
        elif isinstance(block, ToolCall):
            yield ToolCall(_safe(f"{identifier} #{number}"), block.name, block.arguments)
        else:
            yield ToolResult(_safe(f"{identifier} #{number}"), block.content, block.is_error)


def _calls(message: Message) -> list[str]:
    return [block.id for block in message.blocks if type(block) is ToolCall]


def _results(message: Message) -> list[str]:
    return [block.call_id for block in message.blocks if type(block) is ToolResult]


def pair_results(messages: Messages) -> Messages:
    """Rules 6 and 8: a result without its call in the message right before, or a second one for a call, is refused.

    Such a result becomes text; a second one that says the same is dropped.
    """
    arranged: list[Message] = []
    open_ids: list[str] = []
    for message in messages:
        if message.role == "assistant":
            open_ids = _calls(message)
            arranged.append(message)
        else:
            arranged.append(_paired(message, open_ids))
            open_ids = []
    return tuple(arranged)


def _paired(message: Message, open_ids: list[str]) -> Message:
    results, asked = _results(message), set(open_ids)
    if not results or results == open_ids or (len(results) == len(open_ids) and set(results) == asked):
        return message
    first: dict[str, ToolResult] = {}
    blocks: list[Block] = []
    for block in message.blocks:
        if not isinstance(block, ToolResult):
            blocks.append(block)
        elif block.call_id not in asked:
            blocks.extend(result_as_text(block))
        elif block.call_id not in first:
            first[block.call_id] = block
            blocks.append(block)
        elif block != first[block.call_id]:
            blocks.extend(result_as_text(block))
    return Message(message.role, tuple(blocks))


def answer_calls(messages: Messages) -> Messages:
    """Rule 7: a call without a result in the next message is refused; it gets an error result, as the CLI does."""
    arranged: list[Message] = []
    open_ids: list[str] = []
    for message in messages:
        if message.role == "assistant":
            open_ids = _calls(message)
            arranged.append(message)
        else:
            arranged.append(_answered(message, open_ids) if open_ids else message)
            open_ids = []
    return tuple(arranged)


def _answered(message: Message, open_ids: list[str]) -> Message:
    answered = set(_results(message))
    missing = [identifier for identifier in open_ids if identifier not in answered]
    if not missing:
        return message
    results = tuple(ToolResult(identifier, (Text(CANCELLED),), is_error=True) for identifier in missing)
    return Message(message.role, (*results, *message.blocks))
