"""Decodes a large JSON object in slices, so that a caller can let others run between two of them.

One call of the decoder holds the interpreter until it returns: 31 MB cost 20 to 130 ms, many small values seconds.
Here a document is cut at commas and inside long strings. A slice is made a document of its own (what is open at its
beginning is opened before it, what is open at its end is closed behind it), decoded, and put into what the slices
before it gave. The grammar is checked by msgspec alone; only quotes and brackets are looked for here.
"""

import re
from array import array
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, Final

from gateway.jsontext import MAX_DEPTH, JsonError, decode

SLICE: Final = 16 * 1024
"""Bytes decoded at once. The worst (halves of surrogate pairs that are repaired, 60 levels of brackets) cost 1 ms."""

LONGEST_GAP: Final = 1024 * 1024
"""Bytes without a comma and outside a string; only a member's name or blanks can be as long, in no client's body."""

MAX_NODES: Final = 200_000
"""Commas and opening brackets outside strings: what the memory and the work behind the decoder depend on. A session
of 31 MB with 8,000 tool results has 60,000; 200,000 values take 20 MB."""

_PLACE: Final = re.compile(r" (?:\(byte \d+\)|at byte \d+)$")
_BLANKS: Final = re.compile(rb"[ \t\r\n]*")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_STEPS: Final = bytes(1 if byte in b"[{" else 0xFF for byte in range(256))
"""A bracket as a signed byte: one level up or down."""

_GROUND: Final = 128
"""The level at the beginning of a slice, so that all levels are bytes: nothing is open deeper than MAX_DEPTH."""

_CLOSING: Final = {0x5B: b"]", 0x7B: b"}"}
_OBJECT: Final = 0x7B
_HIGH_HALF: Final = re.compile(rb"\\u[dD][89abAB]..")

_TOO_DEEP: Final = f"the JSON is nested deeper than {MAX_DEPTH} levels"

_AFTER_COMMA: Final = "comma"
_AFTER_VALUE: Final = "value"


class TooManyNodes(JsonError):
    """The document has more than MAX_NODES values."""


class TooDeep(JsonError):
    """The document is nested deeper than MAX_DEPTH."""


class SlicedDecoder:
    """One document, which must begin with ``{``. Iterate over it to its end, then take ``value``.

    mark: a text that is not in the document; the caller draws it at random. Raises JsonError while it is iterated.
    pieces: what each slice gave, in order. To free the value in steps, hold them while it is dropped, then drop them
    one by one from the first on: freeing 200,000 nested lists at once takes 10 ms.
    """

    def __init__(self, data: bytes | bytearray, mark: str, size: int = SLICE) -> None:
        self.value: Any = None
        self.nodes = 0
        self.pieces: list[Any] = []
        self._data = data
        self._size = size
        self._marks = Marks(mark)
        self._position = 0
        self._after = _AFTER_COMMA
        self._types = b""  # of the open containers, from the outermost: their opening brackets
        self._open: list[Any] = []  # these containers
        self._string: _OpenString | None = None

    def drop(self) -> None:
        """Let go of all but the pieces, after an error whose traceback leads here."""
        self.value, self._open, self._string = None, [], None

    def __iter__(self) -> Iterator[None]:
        """Decode slice by slice."""
        done = False
        while not done:
            if self._string is not None:
                self._more_of_the_string(self._string)
            else:
                done = self._more()
            yield

    def _more_of_the_string(self, string: "_OpenString") -> None:
        start = self._position
        piece = bytes(self._data[start : start + self._size])
        masked = _masked(piece)
        quote = masked.find(b'"')
        if quote < 0 and start + len(piece) == len(self._data):
            raise JsonError("Input data was truncated")
        end = quote if quote >= 0 else _string_cut(piece, masked)
        string.pieces.append(_decoded(b'"' + piece[:end] + b'"'))
        self._position = start + end
        if quote >= 0:
            string.finish()
            self._string, self._after = None, _AFTER_VALUE
            self._position += 1

    def _more(self) -> bool:
        """The next slice outside a string; whether it was the last one."""
        self._skip_blanks()
        first = self._data[self._position : self._position + 1]
        if self._after == _AFTER_VALUE and first == b",":
            self._after = _AFTER_COMMA
            self._position += 1
            self._count(1)
            self._skip_blanks()
            first = self._data[self._position : self._position + 1]
        if (first in (b"]", b"}")) is not (self._after == _AFTER_VALUE):
            raise JsonError("the JSON is malformed: expected a value, a comma or a closing bracket")
        self._take(self._next_slice())
        self._after = _AFTER_COMMA
        return self._position == len(self._data)

    def _next_slice(self) -> "_Slice":
        start, size = self._position, self._size
        while True:
            text = bytes(self._data[start : start + size])
            masked = _masked(text)
            if start + len(text) == len(self._data):
                self._position += len(text)
                return _Slice(text, masked, last=True)
            found = self._cut(text, masked)
            if found is not None:
                end, in_string = found
                self._position += end + (not in_string)
                return _Slice(text[:end], masked[:end], in_string=in_string)
            self._brackets(_outside(masked))
            if size > LONGEST_GAP:
                raise JsonError("the JSON has a megabyte without a comma")
            size *= 2

    def _skip_blanks(self) -> None:
        blanks = _BLANKS.match(self._data, self._position, self._position + LONGEST_GAP)
        self._position = blanks.end() if blanks else self._position

    def _cut(self, text: bytes, masked: bytes) -> tuple[int, bool] | None:
        """(where the text is cut, whether that is in a string), or None: it has no such place. A comma is left out."""
        parts = masked.split(b'"')
        if len(parts) % 2:
            return _last_comma(parts)
        quote = len(masked) - len(parts[-1]) - 1
        before = masked[:quote].rstrip(b" \t\r\n")
        if before.endswith(b",") and len(parts) > 1:
            return len(before) - 1, False
        is_item = not before and self._types[-1:] == b"["
        if is_item or before.endswith((b":", b"[")):
            return quote + 1 + _string_cut(text[quote + 1 :], masked[quote + 1 :]), True
        return _last_comma(parts[:-1])

    def _take(self, piece: "_Slice") -> None:
        outside, in_string, last = _outside(piece.masked), piece.in_string, piece.last
        closed, opened = self._brackets(outside)
        self._count(outside.count(b",") + outside.count(b"[") + outside.count(b"{") + (not in_string and not last))
        depth = len(self._types)
        kept = depth - closed
        base = max(kept, 1)  # the innermost container that is open all through the slice; the outermost one else
        types = self._types[: max(kept, 0)] + opened
        if kept < 0 or bool(types) is last:
            raise JsonError("Input data was truncated" if types else "JSON is malformed: trailing characters")
        end = b"" if last else self._marks.end(types[base - 1 :], in_string=in_string)
        value = _decoded(b"".join((self._marks.start(self._types[base - 1 :]), piece.text, end)))
        self.pieces.append(value)
        spine = [value] if last else self._marks.spine(value, len(types) - base, in_string=in_string)
        tail = None if last else self._marks.taken_off(spine[-1], in_string=in_string)
        if depth:
            self._marks.join(self._open[base - 1 :], value)
            self._open = [*self._open[:base], *spine[1:]]
        else:
            self.value, self._open = value, spine
        self._types = types
        if tail is not None:
            self._string = _OpenString(self._open[-1], *tail)

    def _brackets(self, outside: bytes) -> tuple[int, bytes]:
        """(how many of the open containers are closed, the opening brackets of those that are opened and stay open).

        Whether each bracket is closed by its like is left to the decoder.
        """
        brackets = outside.translate(None, _NO_BRACKETS)
        try:
            levels = bytes(accumulate(array("b", brackets.translate(_STEPS)), initial=_GROUND))
        except ValueError as error:
            raise TooDeep(_TOO_DEEP) from error
        if len(self._types) + max(levels) - _GROUND > MAX_DEPTH:
            raise TooDeep(_TOO_DEEP)
        lowest, highest = min(levels), levels[-1]
        opened = [brackets[levels.rindex(level)] for level in range(lowest, highest)]
        return _GROUND - lowest, bytes(opened)

    def _count(self, nodes: int) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            raise TooManyNodes(f"the JSON has more than {MAX_NODES:,} values")


class _Slice:
    """A part of the document that begins outside a string. in_string: it ends in one. masked: see ``_masked``."""

    __slots__ = ("in_string", "last", "masked", "text")

    def __init__(self, text: bytes, masked: bytes, *, in_string: bool = False, last: bool = False) -> None:
        self.text = text
        self.masked = masked
        self.in_string = in_string
        self.last = last


class Marks:
    """What makes a slice a document: openers, and two marks by which the ends that were open are found again."""

    def __init__(self, mark: str) -> None:
        self._first, self._last = f"{mark}<", f"{mark}>"

    def start(self, types: bytes) -> bytes:
        """Opens containers; each holds the next one as its first item."""
        inner = b"".join(b"[" if kind != _OBJECT else b'{"%s":' % self._first.encode() for kind in types[:-1])
        return inner + types[-1:]

    def end(self, types: bytes, *, in_string: bool) -> bytes:
        """Closes containers, with the last mark in the innermost one."""
        mark = self._last.encode()
        item = b',"%s":0' if types[-1] == _OBJECT else b',"%s"'
        closing = mark + b'"' if in_string else item % mark
        return closing + b"".join(_CLOSING[kind] for kind in reversed(types))

    def spine(self, value: Any, levels: int, *, in_string: bool) -> list[Any]:
        """The containers from ``value`` to the one with the last mark, which is so many levels below."""
        found = self._path(value, levels, in_string=in_string)
        if found is None:
            raise JsonError("the JSON is malformed")
        return found

    def _path(self, value: Any, levels: int, *, in_string: bool) -> list[Any] | None:
        """Of two members with one name the later value counts, but it stands in the earlier one's place."""
        if not isinstance(value, dict | list):
            return None
        if levels == 0:
            return [value] if self._tail(value, in_string=in_string) is not None else None
        inner = value[-1:] if isinstance(value, list) else reversed(value.values())
        for item in inner:
            path = self._path(item, levels - 1, in_string=in_string)
            if path is not None:
                return [value, *path]
        return None

    def _tail(self, innermost: Any, *, in_string: bool) -> Any:
        """The name or index under which the last mark is; None where it is not."""
        if isinstance(innermost, list):
            last = innermost[-1] if innermost else None
            marked = isinstance(last, str) and (last.endswith(self._last) if in_string else last == self._last)
            return -1 if marked else None
        if not in_string:
            return self._last if self._last in innermost else None
        named = reversed(innermost.items())
        return next((name for name, item in named if isinstance(item, str) and item.endswith(self._last)), None)

    def taken_off(self, innermost: Any, *, in_string: bool) -> tuple[Any, str] | None:
        """Remove the last mark. For a string that is cut: the name or index, and its first part."""
        name = self._tail(innermost, in_string=in_string)
        if not in_string:
            del innermost[name]
            return None
        return name, innermost[name].removesuffix(self._last)

    def join(self, containers: list[Any], value: Any) -> None:
        """Put what a slice gave into the containers that were open at its beginning."""
        for number, container in enumerate(containers, 1):
            inner = None
            if number < len(containers):
                inner = value.pop(0) if isinstance(value, list) else value.pop(self._first)
            if isinstance(container, list):
                container.extend(value)
            else:
                container.update(value)
            value = inner


class _OpenString:
    """A string whose end has not come. ``name``: what it is called in its container."""

    def __init__(self, container: Any, name: Any, first: str) -> None:
        self._container = container
        self._name = name
        self.pieces = [first]

    def finish(self) -> None:
        """Put it where it belongs."""
        self._container[self._name] = "".join(self.pieces)


def _decoded(document: bytes) -> Any:
    """A slice's value. The place in the decoder's reason is one in the slice, which means nothing to a client."""
    try:
        return decode(document)
    except JsonError as error:
        raise JsonError(_PLACE.sub("", str(error))) from error


def _masked(text: bytes) -> bytes:
    """The text with what a backslash escapes replaced, so that each quote begins or ends a string. Of equal length."""
    if b"\\" not in text:
        return text
    return text.replace(b"\\\\", b"\1\1").replace(b'\\"', b"\1\1")


def _outside(masked: bytes) -> bytes:
    """What is not in strings."""
    return b"".join(masked.split(b'"')[::2])


def _last_comma(parts: list[bytes]) -> tuple[int, bool] | None:
    """Where the last comma outside strings is. parts: split at quotes, the first one outside."""
    end = sum(map(len, parts)) + len(parts) - 1
    for number in range(len(parts) - 1, -1, -1):
        part = parts[number]
        end -= len(part)
        if number % 2 == 0 and (comma := part.rfind(b",")) >= 0:
            return end + comma, False
        end -= 1
    return None


def _string_cut(text: bytes, masked: bytes) -> int:
    """Where a part of a string may end: not within an escape, a pair of them, or a character."""
    cut = len(text)
    escape = masked.rfind(b"\\", max(0, cut - 6))
    if escape >= 0 and escape + (6 if masked[escape + 1 : escape + 2] == b"u" else 2) > cut:
        cut = escape
    if _HIGH_HALF.match(masked, max(0, cut - 6), cut):
        cut -= 6
    for back in range(1, min(4, cut) + 1):
        byte = text[cut - back]
        if byte < 0x80:  # noqa: PLR2004 - ASCII
            break
        if byte >= 0xC0:  # noqa: PLR2004 - the first byte of a character of two to four
            return cut - back if back < 2 + (byte >= 0xE0) + (byte >= 0xF0) else cut  # noqa: PLR2004
    return cut
