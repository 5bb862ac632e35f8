"""Text of a model that was asked to think between tags → thinking and answer.

An opening tag counts only as the first non-space of the text. Its end tag is genuine only when a blank line or the end
of the text follows and it is not quoted (in back-ticks, double quotes, an opening apostrophe or a code fence): models
write about their own tags. Text that turns out to be no tag passes byte for byte.
"""

from enum import Enum, auto
from typing import Final

NAMES: Final = ("thinking", "think", "reasoning", "thought")
_OPENINGS: Final = tuple(f"<{name}>" for name in NAMES)
_BREAK: Final = "\n\n"
_FENCE: Final = "```"
_QUOTES: Final = '`"'
_MOST_SPACE: Final = 64
"""White space held after an end tag until it is known whether the text ends there."""


class _State(Enum):
    LOOKING = auto()
    THINKING = auto()
    PASSING = auto()


class TagSplitter:
    """Feed it text cut anywhere; it gives ``(is_thinking, text)`` pieces, none empty, in order.

    Holds back at most the white space before a tag, and a tag that is not yet decided.
    """

    __slots__ = ("_closing", "_fenced", "_held", "_quote", "_since", "_space", "_state")

    def __init__(self) -> None:
        self._state = _State.LOOKING
        self._held = ""  # what may be a tag
        self._space: list[str] = []  # white space before the first word
        self._closing = ""
        self._fenced = False  # inside a code fence of the thinking
        self._quote = ""  # what the last end tag was quoted in
        self._since: list[str] = []  # thinking since the last end tag that was not genuine

    @property
    def passing(self) -> bool:
        """Whether all text from here on is answer, so that nothing needs to be fed."""
        return self._state is _State.PASSING

    def feed(self, text: str) -> list[tuple[bool, str]]:
        """The pieces that are certain now."""
        if self._state is _State.LOOKING:
            return self._look(text)
        if self._state is _State.THINKING:
            return self._think(text)
        return _pieces((False, text))

    def finish(self) -> list[tuple[bool, str]]:
        """What was held back, when the text ends or a tool call starts.

        Only white space held: the splitter goes on looking for a tag afterwards.
        """
        held, self._held = self._held, ""
        if self._state is _State.LOOKING:
            space, self._space = "".join(self._space), []
            if held:
                self._state = _State.PASSING
            return _pieces((False, space + held))
        if self._state is _State.THINKING:
            self._state = _State.PASSING
            genuine = held.startswith(self._closing) and not self._quoted("")
            return [] if genuine else _pieces((True, held))
        return []

    def _look(self, text: str) -> list[tuple[bool, str]]:
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
        held, self._held = "".join([*self._space, self._held]), ""
        self._space.clear()
        self._state = _State.PASSING
        return [(False, held)]

    def _enter(self, opening: str) -> list[tuple[bool, str]]:
        """Drop the tag and the space before it; the rest is thinking."""
        rest, self._held = self._held[len(opening) :], ""
        self._space.clear()
        self._closing = "</" + opening[1:]
        self._state = _State.THINKING
        return self._think(rest)

    def _think(self, text: str) -> list[tuple[bool, str]]:
        text = self._held + text if self._held else text
        begin = search = 0
        while (found := text.find(self._closing, search)) >= 0:
            after = found + len(self._closing)
            follows = text[after : after + _MOST_SPACE + 1]
            if follows.startswith(_BREAK):
                if not self._quoted(text[begin:found]):
                    self._state, self._held = _State.PASSING, ""
                    self._since.clear()
                    return _pieces((True, text[:found]), (False, text[after + len(_BREAK) :]))
                begin = found
            elif not follows or (len(follows) <= _MOST_SPACE and follows.isspace()):
                break  # the next piece decides
            search = after
        keep = found if found >= 0 else len(text) - _overlap(text, self._closing)
        self._held = text[keep:]
        self._since.append(text[begin:keep])
        return _pieces((True, text[:keep]))

    def _quoted(self, before: str) -> bool:
        """Whether the end tag after ``before`` is only written about; takes in the thinking up to it, once."""
        lines = ("".join(self._since) + before).split("\n")
        self._since.clear()
        if self._quote:
            _drop_end_of_quote(lines, self._quote)
        for line in lines:
            stripped = line.lstrip()
            if stripped.startswith(_FENCE) and _FENCE not in stripped[len(_FENCE) :]:
                self._fenced = not self._fenced
        last = lines[-1]
        self._quote = next((quote for quote in _QUOTES if last.count(quote) % 2), "")
        opens = last.endswith("'") and not last[-2:-1].isalnum()
        return self._fenced or opens or self._quote != ""


def _drop_end_of_quote(lines: list[str], quote: str) -> None:
    """Cut the rest of a quote that had an end tag in it off the next line, which it would make look quoted itself."""
    for number, line in enumerate(lines[1:], 1):
        if line.strip():
            if line.count(quote) % 2:
                lines[number] = line.partition(quote)[2]
            return


def _overlap(text: str, tag: str) -> int:
    """How many characters at the end of ``text`` may be the beginning of ``tag``."""
    at = text.rfind("<", max(0, len(text) - len(tag) + 1))
    return len(text) - at if at >= 0 and tag.startswith(text[at:]) else 0


def _pieces(*pieces: tuple[bool, str]) -> list[tuple[bool, str]]:
    return [piece for piece in pieces if piece[1]]
