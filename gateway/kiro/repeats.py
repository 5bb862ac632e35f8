"""A model that runs in circles: the same call with the same failing result, again and again."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.conversation import Message, Text, ToolCall, ToolResult

LIMIT: Final = 5
"""Calls in a row; three are seen in honest work (a lock that is still held), five only in a circle."""

_FAILS: Final = re.compile(r"\W{0,20}(?:error|failed|failure|traceback|exception|fatal)\b", re.IGNORECASE)
"""How the text of a failing result begins, for client APIs that have no mark for failure."""

_OF_CLIENT: Final = re.compile(r"\s*(?:<|$)")
"""How a text begins that a client adds to results by itself (``<system-reminder>``, ``<environment_details>``)."""


_BLANKS: Final = 4096
"""Characters that are looked at for what follows the blanks; a megabyte of them takes 2 ms."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """The call at the end of a history: its tool's name, and how often in a row it failed the same way."""

    tool: str
    times: int


def repeated_failure(messages: tuple[Message, ...]) -> Repeat | None:
    """The circle the history ends in, or None: also when the user had a word last, which may lead out of it.

    Looks only at as many calls as are the same.
    """
    if messages and _user_spoke(messages[-1]):
        return None
    first: tuple[ToolCall, str] | None = None
    times = 0
    for call, result in _latest(messages):
        said = _words(result)
        if not (result.is_error or _FAILS.match(said)):
            break
        if first is None:
            first = (call, said)
        elif (call.name, call.arguments, said) != (first[0].name, first[0].arguments, first[1]):
            break
        times += 1
    return Repeat(first[0].name, times) if first is not None and times >= LIMIT else None


def _user_spoke(message: Message) -> bool:
    return any(isinstance(block, Text) and by_user(block) for block in message.blocks)


def by_user(said: Text) -> bool:
    """Whether a text that stands beside results is the user's, and not one that the client adds by itself."""
    return not _OF_CLIENT.match(said.text, 0, _BLANKS)


def _latest(messages: tuple[Message, ...]) -> Iterator[tuple[ToolCall, ToolResult]]:
    """Calls with their results, the newest first, up to one that has none."""
    results: dict[str, ToolResult] = {}
    for message in reversed(messages):
        if message.role == "user":
            results |= {block.call_id: block for block in message.blocks if isinstance(block, ToolResult)}
            continue
        for block in reversed(message.blocks):
            if isinstance(block, ToolCall):
                if block.id not in results:
                    return
                yield block, results.pop(block.id)


def _words(result: ToolResult) -> str:
    return "\n".join(part.text for part in result.content if isinstance(part, Text))
