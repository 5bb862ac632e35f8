"""Text of a model that was asked to think between tags → thinking and answer.

An opening tag counts only as the first non-space of the text. The first end tag that is not quoted (``quotation.py``)
ends the thinking, whatever follows it: models write about their own tags. From a quoted one on, all is held back until
an unquoted one comes; where the text ends first, the last quoted one ended the thinking.

Nothing is lost: thinking and answer, joined, are the text without the two tags. The white space at the tags belongs to
the thinking, so that no answer begins with a blank line; only the indentation of the answer's first line is its own.
Text that turns out to be no tag passes as it is.
"""

from collections import deque
from enum import Enum, auto
from typing import Final

from gateway.kiro.quotation import Quotation

NAMES: Final = ("thinking", "think", "reasoning", "thought")
_OPENINGS: Final = tuple(f"<{name}>" for name in NAMES)

MOST_HELD: Final = 64 * 1024
"""Characters held from a quoted end tag on; with more behind it, that tag is taken as quoted for good. Many times what
models write about a tag, and a bound on the memory and the silence that one such tag can cost."""

MOST_INDENT: Final = 1024
"""White space that may indent the answer's first line; no text is indented that far."""

Pieces = list[tuple[bool, str]]
"""(is it thinking?, text), none empty, in order"""


class _State(Enum):
    LOOKING = auto()
    THINKING = auto()
    PARTING = auto()  # behind the end tag, before the answer's first word
    PASSING = auto()


class TagSplitter:
    """Feed it text cut anywhere; it gives the pieces that are certain.

    Holds back white space before a tag, what may be a tag, and the text from a quoted end tag on.
    """

    __slots__ = ("_closing", "_held", "_quotation", "_quoted", "_same_line", "_size", "_space", "_state")

    def __init__(self) -> None:
        self._state = _State.LOOKING
        self._held = ""  # what may be a tag, shorter than one
        self._space: list[str] = []  # white space before the first word of the text, or of the answer
        self._size = 0  # characters from the first quoted end tag on, or of the space behind the end tag
        self._same_line = True  # no line has ended since the end tag
        self._closing = ""
        self._quotation = Quotation()
        self._quoted: deque[list[str]] = deque()  # pieces of the text from each undecided quoted end tag to the next

    @property
    def passing(self) -> bool:
        """Whether all text from here on is answer, so that nothing needs to be fed."""
        return self._state is _State.PASSING

    def feed(self, text: str) -> Pieces:
        """The pieces that are certain now."""
        match self._state:
            case _State.LOOKING:
                return self._look(text)
            case _State.THINKING:
                return self._think(text)
            case _State.PARTING:
                return self._part(text)
        return _pieces((False, text))

    def finish(self) -> Pieces:
        """What was held back, when the text ends or a tool call starts.

        Only white space held: the splitter goes on looking for a tag afterwards.
        """
        held, self._held = self._held, ""
        match self._state:
            case _State.LOOKING:
                space = self._take_space()
                if held:
                    self._state = _State.PASSING
                return _pieces((False, space + held))
            case _State.THINKING:
                return self._finish_thinking(held)
            case _State.PARTING:
                self._state = _State.PASSING
                return _pieces((True, self._take_space()))
        return []

    def _finish_thinking(self, held: str) -> Pieces:
        if not self._quoted:
            self._state = _State.PASSING
            return _pieces((True, held))
        last = "".join([*self._quoted.pop(), held])
        pieces = [*_pieces((True, self._take_quoted())), *self._end(last[len(self._closing) :])]
        return [*pieces, *self.finish()]

    def _look(self, text: str) -> Pieces:
        if not self._held:
            word = text.lstrip()
            self._space.append(text[: len(text) - len(word)])
            text = word
            if not text:
                return []
        self._held += text
        for opening in _OPENINGS:
            if self._held.startswith(opening):
                return self._enter(opening)
        if any(opening.startswith(self._held) for opening in _OPENINGS):
            return []
        held, self._held = self._held, ""
        self._state = _State.PASSING
        return [(False, self._take_space() + held)]

    def _enter(self, opening: str) -> Pieces:
        rest, self._held = self._held[len(opening) :], ""
        self._closing = "</" + opening[1:]
        self._state = _State.THINKING
        return [*_pieces((True, self._take_space())), *self._think(rest)]

    def _think(self, text: str) -> Pieces:
        text, self._held = self._held + text, ""
        begin = 0
        passed: list[str] = []
        while (found := text.find(self._closing, begin)) >= 0:
            before = text[begin:found]
            self._quotation.feed(before)
            self._say(before, passed)
            begin = found + len(self._closing)
            if not self._quotation.quoted():
                thought = "".join([*passed, self._take_quoted()])
                return [*_pieces((True, thought)), *self._end(text[begin:])]
            self._quotation.feed(self._closing)
            self._quoted.append([])
            self._say(self._closing, passed)
        keep = max(begin, len(text) - _overlap(text, self._closing))
        self._held = text[keep:]
        self._quotation.feed(text[begin:keep])
        self._say(text[begin:keep], passed)
        return _pieces((True, "".join(passed)))

    def _say(self, text: str, passed: list[str]) -> None:
        """Thinking, held back while there is an undecided tag; of the held text what is too much goes out."""
        if not self._quoted:
            passed.append(text)
            return
        if text:
            self._quoted[-1].append(text)
            self._size += len(text)
        while self._quoted and self._size + len(self._held) > MOST_HELD:
            given_up = "".join(self._quoted.popleft())
            self._size -= len(given_up)
            passed.append(given_up)

    def _take_quoted(self) -> str:
        held = "".join(piece for pieces in self._quoted for piece in pieces)
        self._quoted.clear()
        self._size = 0
        return held

    def _end(self, rest: str) -> Pieces:
        """The thinking is over; ``rest`` follows the end tag."""
        self._state, self._size = _State.PARTING, 0
        return self._part(rest)

    def _part(self, text: str) -> Pieces:
        """The white space between the end tag and the answer, up to the last line end, is thinking."""
        answer = text.lstrip()
        space = text[: len(text) - len(answer)]
        lines = space.rfind("\n") + 1
        parting = ""
        if lines:
            parting, space = self._take_space() + space[:lines], space[lines:]
            self._same_line, self._size = False, 0
        self._space.append(space)
        self._size += len(space)
        if self._size > MOST_INDENT or (answer and self._same_line):
            parting += self._take_space()
        if not answer:
            return _pieces((True, parting))
        self._state = _State.PASSING
        return _pieces((True, parting), (False, self._take_space() + answer))

    def _take_space(self) -> str:
        space = "".join(self._space)
        self._space.clear()
        return space


def _overlap(text: str, tag: str) -> int:
    """How many characters at the end of ``text`` may be the beginning of ``tag``."""
    at = text.rfind("<", max(0, len(text) - len(tag) + 1))
    return len(text) - at if at >= 0 and tag.startswith(text[at:]) else 0


def _pieces(*pieces: tuple[bool, str]) -> Pieces:
    return [piece for piece in pieces if piece[1]]
