"""System messages: the leading ones are the system prompt, later ones keep their place as marked user text."""

from collections.abc import Sequence
from typing import Final

from gateway.conversation import Message, Text

_BILLING: Final = "x-anthropic-billing-header:"
_OPEN, _CLOSE = "<system-reminder>", "</system-reminder>"


def joined(texts: Sequence[str]) -> str:
    """The system prompt out of its parts; empty ones leave no gap."""
    return "\n\n".join(text for text in texts if text)


def reminder(text: str) -> Message:
    """A system message from the middle of a chat, as the user turn that Claude Code itself falls back to."""
    whole = text if text.startswith(_OPEN) else f"{_OPEN}\n{text}\n{_CLOSE}"
    return Message("user", (Text(whole),))


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
