"""Freeform tools: their input is plain text, which Kiro's models can only give inside JSON, as ``{"input": "…"}``.

The text is taken out again while it comes, so that a client sees a long patch grow.
"""

import re
from typing import Final

from gateway import jsontext
from gateway.dialects import toolset

_OPENING: Final = re.compile(r'\s*\{\s*"input"\s*:\s*"')
_WHOLE: Final = re.compile(
    r'(?:[^"\\\x00-\x1f]++'
    r'|\\["\\/bfnrt]'
    r"|\\u(?![dD][89abAB])[0-9a-fA-F]{4}"
    r"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r'|\\u[dD][89abAB][0-9a-fA-F]{2}(?=[^\\]|\\["\\/bfnrt]|\\u(?![dD][c-fC-F])[0-9a-fA-F]{4})'
    r")*+"
)
"""As much of a JSON string's inside as can be decoded by itself: no half escape, no half pair of surrogates."""


def wrapped(text: str) -> str:
    """The text as the arguments of a call."""
    return jsontext.encode({"input": text}).decode()


def unwrapped(arguments: str) -> str | None:
    """The text in whole arguments, or None when they were cut. Arguments of another form are given as they are."""
    whole = toolset.whole_input(arguments, cut=False)
    if whole is None:
        return None
    unwrapper = Unwrapper()
    text = unwrapper.feed(arguments)
    if unwrapper.closed:
        return text
    value = whole.get("input")
    return value if isinstance(value, str) else arguments


class Unwrapper:
    """Takes the text out of arguments that come in pieces, cut anywhere.

    It gives nothing of arguments that do not begin with ``input``; ``unwrapped`` tells their text at the end.
    closed: the text's own end has come.
    """

    __slots__ = ("_inside", "_kept", "closed")

    def __init__(self) -> None:
        self._kept = ""
        self._inside = False
        self.closed = False

    def feed(self, piece: str) -> str:
        """The text in the next piece, as far as it is whole."""
        if self.closed:
            return ""
        self._kept += piece
        if not self._inside:
            opening = _OPENING.match(self._kept)
            if opening is None:
                return ""
            self._inside, self._kept = True, self._kept[opening.end() :]
        return self._text()

    def _text(self) -> str:
        match = _WHOLE.match(self._kept)
        end = match.end() if match else 0
        text, self._kept = self._kept[:end], self._kept[end:]
        self.closed = self._kept.startswith('"')
        return str(jsontext.decode(f'"{text}"')) if text else ""


class Verbatim:
    """Arguments of a function: JSON, which clients get as it is."""

    __slots__ = ()

    def feed(self, piece: str) -> str:
        """The piece itself."""
        return piece


VERBATIM: Final = Verbatim()
