"""Where the model's reasoning goes, be it native or between tags: into its own blocks, into the text, or nowhere."""

from enum import Enum
from typing import Final

from gateway.kiro.blocks import Blocks
from gateway.kiro.halves import Halves
from gateway.kiro.parts import ReasoningPart
from gateway.kiro.thinking import TagSplitter

_OPENING: Final = "<thinking>"
_CLOSING: Final = "</thinking>"
_BREAK: Final = "\n\n"


class ReasoningMode(Enum):
    """What a client gets of the reasoning; the values are the setting's words."""

    FIELD = "as_reasoning_content"
    """Thinking blocks."""
    REMOVE = "remove"
    """Nothing."""
    PASS = "pass"  # noqa: S105 - a mode, no password
    """The text as the model wrote it, tags included; native reasoning between tags."""
    STRIP = "strip_tags"
    """Text, without the tags."""


class Narrator:
    """Writes text and reasoning into the blocks, as the mode says.

    Between tags, every mode gives the model's text to the letter: PASS all of it, STRIP all but the tags, FIELD the
    same in two places, REMOVE the answer alone. The white space at the tags is thinking (see ``thinking.py``).
    """

    __slots__ = ("_blocks", "_halves", "_marked", "_mode", "_parted", "_splitter", "_tags")

    def __init__(self, blocks: Blocks, mode: ReasoningMode, *, tags: bool) -> None:
        self._blocks = blocks
        self._mode = mode
        self._tags = tags and mode is not ReasoningMode.PASS
        self._splitter = TagSplitter() if self._tags else None
        self._halves = Halves()
        self._marked = False  # our own opening tag stands in the text (PASS)
        self._parted = False  # a blank line belongs between native reasoning and the next text (PASS, STRIP)

    def text(self, text: str) -> None:
        """More of what the model says; not empty."""
        if self._splitter is None:
            if self._marked or self._parted or self._halves.held:
                self._part_from_reasoning()
            self._blocks.text(text)
            return
        for thinking, piece in self._splitter.feed(text):
            self._write(piece, thinking=thinking)
        if self._splitter.passing:
            self._splitter = None

    def reasoning(self, part: ReasoningPart) -> None:
        """More of native reasoning. Its signature and what is redacted have a place in blocks only."""
        self._release()
        text = self._halves.join(part.text)
        if text:
            self._write_native(text)
        if self._mode is ReasoningMode.FIELD:
            if part.signature:
                self._blocks.signature(part.signature)
            if part.redacted:
                self._blocks.redacted(part.redacted)

    def finish(self) -> None:
        """The text ends here, or a tool call begins: the text after it may open with a tag again."""
        self._release()
        self._end_native()
        self._parted = False
        if self._tags and self._splitter is None:
            self._splitter = TagSplitter()

    def _release(self) -> None:
        """Write what the splitter held back."""
        if self._splitter is None:
            return
        for thinking, piece in self._splitter.finish():
            self._write(piece, thinking=thinking)
        if self._splitter.passing:
            self._splitter = None

    def _write(self, text: str, *, thinking: bool) -> None:
        if not thinking:
            self._part_from_reasoning()
            self._blocks.text(text)
        elif self._mode is ReasoningMode.FIELD:
            self._blocks.thinking(text)
        elif self._mode is ReasoningMode.STRIP:
            self._parted = False  # tags have their own white space behind them
            self._blocks.text(text)

    def _write_native(self, text: str) -> None:
        if self._mode is not ReasoningMode.PASS:
            self._write(text, thinking=True)
            self._parted = self._mode is ReasoningMode.STRIP
            return
        self._blocks.text(text if self._marked else _OPENING + text)
        self._marked = True

    def _part_from_reasoning(self) -> None:
        """Text follows native reasoning: that is closed, with the blank line that tags usually have after them."""
        self._end_native()
        if self._parted:
            self._parted = False
            self._blocks.text(_BREAK)

    def _end_native(self) -> None:
        rest = self._halves.rest()
        if rest:
            self._write_native(rest)
        if self._marked:
            self._marked, self._parted = False, True
            self._blocks.text(_CLOSING)
