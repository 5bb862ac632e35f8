"""Reasoning that Kiro signed: gathered from a turn, and put back before the calls that came of it.

A model that finds its calls in the history without the reasoning behind them stops thinking for the rest of the tool
loop. Most clients of the OpenAI APIs have no place for it and drop it.
"""

from collections.abc import Callable, Iterable

from gateway.conversation import Message, RedactedThinking, Thinking, ToolCall
from gateway.kiro.parts import ReasoningPart

Reasoning = Thinking | RedactedThinking


class Reasoned:
    """The native reasoning of one turn. A history has room for one an answer: the last that was sealed."""

    __slots__ = ("_redacted", "_sealed", "_signature", "_texts")

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._signature: list[str] = []
        self._sealed: tuple[list[str], list[str]] | None = None
        self._redacted: RedactedThinking | None = None

    def add(self, part: ReasoningPart) -> None:
        """More of it. A signature seals what came before; text after it begins anew."""
        if part.text:
            if self._signature:
                self._texts, self._signature = [], []
            self._texts.append(part.text)
        if part.signature:
            self._signature.append(part.signature)
            self._sealed, self._redacted = (self._texts, self._signature), None
        if part.redacted:
            self._redacted = RedactedThinking(part.redacted)

    @property
    def sealed(self) -> Reasoning | None:
        """The block as it must go back, byte for byte."""
        if self._redacted is not None or self._sealed is None:
            return self._redacted
        texts, signature = self._sealed
        return Thinking(_joined(texts), "".join(signature))


def _joined(texts: Iterable[str]) -> str:
    """The text, with letters that were cut in half between two parts made whole."""
    whole = "".join(texts)
    return whole if whole.isascii() else whole.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def with_reasoning(messages: tuple[Message, ...], find: Callable[[str], Reasoning | None]) -> tuple[Message, ...]:
    """The messages with what ``find`` knows by a call's id before each answer that brings no sealed reasoning itself.

    An answer may be several messages in a row. Where nothing is known the very same object comes back.
    """
    result: list[Message] = []
    sealed = changed = False
    for message in messages:
        if message.role == "user":
            sealed = False
        elif not (sealed := sealed or any(map(_is_sealed, message.blocks))):
            found = _first(message, find)
            if found is not None:
                message = Message("assistant", (found, *message.blocks))  # noqa: PLW2901 - the same one, completed
                sealed = changed = True
        result.append(message)
    return tuple(result) if changed else messages


def _first(message: Message, find: Callable[[str], Reasoning | None]) -> Reasoning | None:
    known = (find(block.id) for block in message.blocks if type(block) is ToolCall)
    return next((found for found in known if found is not None), None)


def _is_sealed(block: object) -> bool:
    return type(block) is RedactedThinking or (type(block) is Thinking and bool(block.signature))
