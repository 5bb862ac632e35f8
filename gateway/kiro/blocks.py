"""The turn's events as they are written: the only place that opens and closes blocks."""

from typing import Final

from gateway.conversation import RedactedThinking, Text, Thinking, ToolCall
from gateway.events import ArgumentsDelta, BlockEnd, BlockStart, Event, SignatureDelta, TextDelta, ThinkingDelta

_TEXT: Final = Text("")
_THINKING: Final = Thinking("")


class Blocks:
    """Writes blocks one after another; a write of another sort closes the open block first.

    events: what was written since the last ``take``. lifted: a call was read out of the text (``CallReader``).
    """

    __slots__ = ("_index", "_open", "_signature", "events", "lifted")

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.lifted = False
        self._index = -1
        self._open: Text | Thinking | RedactedThinking | ToolCall | None = None
        self._signature: list[str] = []

    def take(self) -> list[Event]:
        """The events since the last time."""
        events, self.events = self.events, []
        return events

    def text(self, text: str) -> None:
        """More of a text block."""
        if self._open is not _TEXT:
            self._start(_TEXT)
        self.events.append(TextDelta(self._index, text))

    def thinking(self, text: str) -> None:
        """More of a thinking block. A signature seals a block: thinking after it begins another one."""
        if self._open is not _THINKING or self._signature:
            self._start(_THINKING)
        self.events.append(ThinkingDelta(self._index, text))

    def signature(self, piece: str) -> None:
        """More of the thinking block's signature, which goes out whole at its end."""
        if self._open is not _THINKING:
            self._start(_THINKING)
        self._signature.append(piece)

    def redacted(self, data: str) -> None:
        """A whole redacted block."""
        self._start(RedactedThinking(data))
        self.close()

    def call(self, call: ToolCall) -> None:
        """Open a tool call."""
        self._start(call)

    def arguments(self, json: str) -> None:
        """More of the open tool call's arguments."""
        self.events.append(ArgumentsDelta(self._index, json))

    def close(self) -> None:
        """End the open block, if one is."""
        if self._open is None:
            return
        if self._signature:
            self.events.append(SignatureDelta(self._index, "".join(self._signature)))
            self._signature.clear()
        self.events.append(BlockEnd(self._index))
        self._open = None

    def release(self) -> None:
        """The turn broke; nothing waits here."""

    def _start(self, block: Text | Thinking | RedactedThinking | ToolCall) -> None:
        self.close()
        self._index += 1
        self._open = block
        self.events.append(BlockStart(self._index, block))
