"""System messages: the leading ones are the system prompt, later ones keep their place as marked user text."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from gateway.conversation import Message, Text
from gateway.dialects.openai_parts import parts
from gateway.errors import GatewayError, Kind

_BILLING: Final = "x-anthropic-billing-header:"
_OPEN, _CLOSE = "<system-reminder>", "</system-reminder>"


def texts(blocks: Iterable[object], path: str) -> list[str]:
    """What a system message says; ``path`` is that of its content. Raises INVALID_REQUEST for another block."""
    found = []
    for index, block in enumerate(blocks):
        if not isinstance(block, Text):
            raise GatewayError(Kind.INVALID_REQUEST, "A system message holds text only", path=f"{path}.{index}")
        found.append(block.text)
    return found


def members(body: Mapping[str, Any]) -> Iterator[str]:
    """The system prompts at the top of an OpenAI body. Raises INVALID_REQUEST for what is no text."""
    for name in ("system", "instructions"):
        yield joined(texts(parts(body.get(name), name), name))


def joined(texts: Sequence[str]) -> str:
    """The system prompt out of its parts; empty ones leave no gap."""
    return "\n\n".join(text for text in texts if text)


def reminder(text: str) -> Message:
    """A system message from the middle of a chat, as the user turn that Claude Code itself falls back to."""
    whole = text if text.startswith(_OPEN) else f"{_OPEN}\n{text}\n{_CLOSE}"
    return Message("user", (Text(whole),))


def parted(said: Iterable[Message | str]) -> tuple[str, tuple[Message, ...]]:
    """Prompt and messages of a chat that has its system messages as texts; an empty one says nothing."""
    prompt: list[str] = []
    chat: list[Message] = []
    for item in said:
        if isinstance(item, Message):
            chat.append(item)
        elif not chat:
            prompt.append(item)
        elif item:
            chat.append(reminder(item))
    return joined(prompt), tuple(chat)


def settled(system: str, messages: Sequence[Message]) -> tuple[str, tuple[Message, ...]]:
    """Prompt and messages; a request of system messages alone puts its prompt as the user's turn."""
    if messages or not system:
        return system, tuple(messages)
    return "", (Message("user", (Text(system),)),)


def without_billing_header(text: str) -> str:
    """The text without Claude Code's billing line, whose suffix changes with every prompt and breaks prompt caches."""
    if not text.startswith(_BILLING):
        return text
    return text.partition("\n")[2].lstrip("\n")
