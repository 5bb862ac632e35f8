"""Whether a place in Markdown that comes in pieces is quoted: in back-ticks, in quotation marks or in a code fence."""

import re
from typing import Final

_TOKEN: Final = re.compile(r'\n|`+|~+|["“”«»]|[^\n`~"“”«»]+')
_CLOSING: Final = {'"': '"', "“": "”", "«": "»"}
_MARKS: Final = '"“”«»'
_APOSTROPHES: Final = "'\u2018"
"""An apostrophe quotes only what directly follows it: most of them stand inside or behind a word."""

_FENCE: Final = 3
"""Back-ticks or tildes that open a code fence."""


class Quotation:
    """Reads a text once, cut anywhere; ``quoted`` answers for the place after what was read.

    Back-ticks and quotation marks quote up to the end of their line, since models leave many of them open (``5"``).
    Only one that had a place in it that was asked about goes on, in the next line that is not blank.
    """

    __slots__ = ("_asked", "_begun", "_fence", "_marker", "_quote", "_run", "_span", "_tail")

    def __init__(self) -> None:
        self._fence: tuple[str, int] | None = None  # character and length of what opened the code fence
        self._marker: tuple[str, int] | None = None  # this line begins with them, and nothing follows that forbids it
        self._run = ("", 0)  # back-ticks or tildes at the end, of which more may come
        self._span = 0  # length of the back-ticks that opened a code span
        self._quote = ""  # what closes the open quotation
        self._begun = False  # this line has more than white space
        self._asked = False  # the open span or quotation has such a place in it
        self._tail = ""  # the last two characters

    def feed(self, text: str) -> None:
        """The next piece of the text."""
        for token in _TOKEN.findall(text):
            first = token[0]
            if first in "`~":
                self._lengthen(first, len(token))
                continue
            self._end_run()
            if first == "\n":
                self._end_line()
            elif first in _MARKS:
                self._mark(first)
            elif not token.isspace():
                self._begin()
        self._tail = (self._tail + text[-2:])[-2:]

    def quoted(self) -> bool:
        """Whether what follows now is quoted."""
        self._end_run()
        self._asked = self._span > 0 or self._quote != ""
        apostrophe = self._tail[-1:] in _APOSTROPHES and not self._tail[-2:-1].isalnum() if self._tail else False
        return self._asked or self._fence is not None or apostrophe

    def _lengthen(self, mark: str, length: int) -> None:
        if self._run[0] != mark:
            self._end_run()
        self._run = (mark, self._run[1] + length)

    def _end_run(self) -> None:
        mark, length = self._run
        if not mark:
            return
        self._run = ("", 0)
        opens_line = not self._begun and length >= _FENCE
        self._begin()
        if opens_line:
            self._marker = (mark, length)
        if mark != "`":
            return
        if not opens_line and self._marker is not None and self._marker[0] == mark:
            self._marker = None  # back-ticks behind back-ticks: code within a line
        if not self._span:
            self._span = length
        elif self._span == length:
            self._span, self._asked = 0, False

    def _mark(self, mark: str) -> None:
        self._begin()
        if self._span:
            return
        if not self._quote:
            self._quote = _CLOSING.get(mark, "")
        elif mark == self._quote:
            self._quote, self._asked = "", False

    def _begin(self) -> None:
        self._begun = True
        if self._fence is not None:
            self._marker = None  # a closing fence has nothing behind it

    def _end_line(self) -> None:
        if not self._begun:
            return
        if self._marker is not None:
            self._change_fence(self._marker)
        if not self._asked:
            self._span, self._quote = 0, ""
        self._marker, self._begun, self._asked = None, False, False

    def _change_fence(self, marker: tuple[str, int]) -> None:
        self._span, self._quote = 0, ""
        if self._fence is None:
            self._fence = marker
        elif marker[0] == self._fence[0] and marker[1] >= self._fence[1]:
            self._fence = None
