"""Takes a Markdown fence (```` ```json … ``` ````) off a text that comes in pieces."""

import re
from typing import Final

_OPENING: Final = re.compile(r"\s*```[\w+-]*[ \t]*\r?\n")
_MAYBE_OPENING: Final = re.compile(r"\s*(?:`{0,2}|```[\w+-]{0,20}[ \t]*\r?)")
"""What may still become an opening."""

_CLOSING: Final = "```"


class Fence:
    """A text that opens with a fence cannot be JSON, so its first line goes; the last one when the text ends there.

    ``_held``: the beginning, or a possible end, not yet decided.
    """

    __slots__ = ("_held", "_inside", "_open")

    def __init__(self) -> None:
        self._held = ""
        self._open = True  # the text has not begun to be anything
        self._inside = False

    def feed(self, text: str) -> str:
        """More of the text; what of it can be passed on."""
        text, self._held = self._held + text, ""
        if self._open:
            opening = _OPENING.match(text)
            if opening is None and _MAYBE_OPENING.fullmatch(text):
                self._held = text
                return ""
            self._open, self._inside = False, opening is not None
            text = text[opening.end() :] if opening else text
        if self._inside:
            end = _tail(text)
            text, self._held = text[:end], text[end:]
        return text

    def close(self) -> str:
        """The text is over; what was held of it, unless that is the closing fence."""
        held, self._held = self._held, ""
        return "" if self._inside and held.strip() == _CLOSING else held


def _tail(text: str) -> int:
    """Where the white space and backticks at the end begin."""
    return len(text.rstrip("` \t\r\n"))
