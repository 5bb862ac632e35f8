"""Blocks that read calls out of the text: such text waits until it proves itself, everything else goes on at once.

Only where a line begins, only to the end of the text, only for declared tools; inside a sentence, in a fence or with
words behind it, text that looks like a call stays text.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.conversation import ToolCall
from gateway.kiro.blocks import Blocks
from gateway.kiro.written_calls import may_name_tool, named_tool, read_calls

MOST_HELD: Final = 64 * 1024
"""Characters that may wait; a longer text is no call."""

_LINE_START: Final = re.compile(r"(?:^|(?<=\n))[ \t]*(?=[\[<])")


@dataclass(frozen=True, slots=True)
class DeclaredTools:
    """The tools whose calls may be read.

    schemas: name as sent to Kiro → schema. own_names: that name → the client's own, where they differ.
    seed: this request's own, for the calls' ids.
    """

    schemas: Mapping[str, Mapping[str, Any]]
    own_names: Mapping[str, str]
    seed: str


class CallReader(Blocks):
    """``Blocks`` for a turn whose text may hold calls.

    ``_held``: the text that waits, ``_size`` its length. ``_deciding``: it is not known yet whether it names a tool.
    """

    __slots__ = ("_deciding", "_fresh_line", "_held", "_made", "_size", "_tools")

    def __init__(self, tools: DeclaredTools) -> None:
        super().__init__()
        self._tools = tools
        self._held: list[str] = []
        self._size = 0
        self._deciding = False
        self._fresh_line = True
        self._made = 0

    def text(self, text: str) -> None:
        """More of the text: passed on, or held back."""
        if not self._held:
            self._look(text)
            return
        self._held.append(text)
        self._size += len(text)
        if self._deciding:
            self._look("".join(self._take()))
        elif self._size > MOST_HELD:
            self.release()

    def thinking(self, text: str) -> None:
        """The text before it ends here."""
        self._settle()
        super().thinking(text)

    def signature(self, piece: str) -> None:
        """The text before it ends here."""
        self._settle()
        super().signature(piece)

    def redacted(self, data: str) -> None:
        """The text before it ends here."""
        self._settle()
        super().redacted(data)

    def call(self, call: ToolCall) -> None:
        """The text before it ends here."""
        self._settle()
        super().call(call)

    def close(self) -> None:
        """The text ends here: what waited is calls now, or it is text."""
        self._settle()
        super().close()

    def release(self) -> None:
        """The turn broke: what waited was said, and is no call."""
        if text := "".join(self._take()):
            self._say(text)

    def _look(self, text: str) -> None:
        """Pass on what cannot be a call; hold the rest from the first place where one may begin."""
        start = 0
        while found := _LINE_START.search(text, start):
            first = found.end()
            if (found.start() > 0 or self._fresh_line) and self._held_back(text, first):
                return
            start = first + 1
        self._say(text)

    def _held_back(self, text: str, first: int) -> bool:
        """Hold the text from ``first`` on if a declared tool is called there, or may yet be."""
        if len(text) - first > MOST_HELD:
            return False
        rest = text[first:]
        name = named_tool(rest)
        if name not in self._tools.schemas and (name is not None or not may_name_tool(rest)):
            return False
        self._say(text[:first])
        self._held, self._size, self._deciding = [rest], len(rest), name is None
        return True

    def _say(self, text: str) -> None:
        if text:
            super().text(text)
            self._fresh_line = ("\n" in text or self._fresh_line) and not text.rpartition("\n")[2].strip()

    def _take(self) -> list[str]:
        held, self._held = self._held, []
        self._size, self._deciding = 0, False
        return held

    def _settle(self) -> None:
        text = "".join(self._take())
        calls = read_calls(text, self._tools.schemas) if text else ()
        for call in calls:
            super().call(ToolCall(self._new_id(), self._tools.own_names.get(call.name, call.name), ""))
            super().arguments(call.arguments)
            self.lifted = True
        if calls:
            super().close()
        elif text:
            self._say(text)
        self._fresh_line = True

    def _new_id(self) -> str:
        self._made += 1
        return "tooluse_" + hashlib.sha256(f"{self._tools.seed}/{self._made}".encode()).hexdigest()[:22]
