"""The gateway's only JSON path, in and out: msgspec, with one repair and one escaper.

msgspec refuses what the standard library lets through (NaN, 1e400, UTF-16, invalid UTF-8) and keeps integers of any
size exact; orjson turns those into floats. It also refuses a lone surrogate escape (an emoji that a client or the
upstream cut in half); ``decode`` replaces such halves by U+FFFD, since refusing the request would help nobody.
"""

import re
from json.encoder import encode_basestring_ascii
from typing import Any, Final

import msgspec

MAX_DEPTH: Final = 64
"""Nesting a client's body may have; deeper is an attack or a bug, and deep recursion costs stack (R4)."""

_FIRST: Final = rb"\\u[dD][89abAB][0-9a-fA-F][0-9a-fA-F]"
_SECOND: Final = rb"\\u[dD][c-fC-F][0-9a-fA-F][0-9a-fA-F]"
_LONE_SURROGATE: Final = re.compile(rb"%s(?!%s)|%s(?<!%s%s)" % (_FIRST, _SECOND, _SECOND, _FIRST, _SECOND))
"""A half of a surrogate pair without the other one, in a text whose escaped backslashes are masked. Written out, since
a repeated class costs twice as much: 15 ms for 256 KB of halves."""

_CONTAINERS: Final = frozenset((dict, list))
"""What the decoder makes of ``{…}`` and ``[…]``; a look at the type is a third of an isinstance with a union."""

_decoder: Final = msgspec.json.Decoder()
_encoder: Final = msgspec.json.Encoder()

quote: Final = encode_basestring_ascii
"""A string as a JSON literal in ASCII. Never fails, not even on half a surrogate pair (0.1 µs for a delta)."""


class JsonError(ValueError):
    """The bytes are not JSON; the message says why, without showing any of them."""


def decode(data: bytes | bytearray | str) -> Any:
    """Parse a JSON document (UTF-8). Raises JsonError."""
    try:
        return _decoder.decode(data)
    except RecursionError as error:
        raise JsonError("the JSON is nested too deeply") from error
    except (msgspec.DecodeError, UnicodeError) as error:
        return _decode_repaired(data, error)


def decode_unrepaired(data: bytes | bytearray) -> Any:
    """The same, but a half surrogate pair is an error: repairing a large document takes its time. Raises JsonError."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise JsonError(_without_input(error)) from error


def _decode_repaired(data: bytes | bytearray | str, reason: Exception) -> Any:
    """Parse again with lone surrogate escapes replaced, if there were any."""
    raw = data.encode("utf-8", "replace") if isinstance(data, str) else bytes(data)
    repaired = _whole_pairs(raw)
    if repaired == raw:
        raise JsonError(_without_input(reason)) from reason
    try:
        return _decoder.decode(repaired)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise JsonError(_without_input(error)) from error


def _whole_pairs(raw: bytes) -> bytes:
    """A JSON text with half surrogate pairs replaced by U+FFFD. No call of ours for a match: there may be millions.

    The mask is no valid JSON, so a text that has it already stays as it is: it is refused as it came.
    """
    if b"\1" in raw:
        return raw
    masked = raw.replace(rb"\\", b"\1\1")
    return _LONE_SURROGATE.sub(rb"\\ufffd", masked).replace(b"\1\1", rb"\\")


def _without_input(error: Exception) -> str:
    """The decoder's reason; for a Unicode error only its position, since its text can show bytes of the body."""
    return f"invalid UTF-8 at byte {error.start}" if isinstance(error, UnicodeDecodeError) else str(error)


def encode(value: Any) -> bytes:
    """Write JSON, compact, UTF-8. A ``msgspec.Raw`` inside goes out as it is. Half surrogate pairs become U+FFFD."""
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        return _encoder.encode(_whole_characters(value))


def encode_text(text: str, size: int = 32 * 1024) -> msgspec.Raw:
    """A text as a JSON string, written in pieces of ``size`` characters: between two of them other threads may run."""
    pieces = [encode(text[start : start + size])[1:-1] for start in range(0, len(text), size)]
    return msgspec.Raw(b"".join([b'"', *pieces, b'"']))


def _whole_characters(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_whole_characters(key): _whole_characters(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_whole_characters(item) for item in value]
    return value


def depth_within(value: Any, limit: int = MAX_DEPTH) -> bool:
    """Whether no list or object of a decoded document is nested deeper than ``limit``."""
    return nodes_within(value, limit) is not None


def nodes_within(value: Any, limit: int = MAX_DEPTH) -> int | None:
    """How many values a decoded document has; None when a list or object is nested deeper than ``limit``."""
    level = [value] if type(value) in _CONTAINERS else []
    nodes = 1
    for _ in range(limit):
        nodes += sum(map(len, level))
        level = [
            inner
            for item in level
            for inner in (item.values() if type(item) is dict else item)
            if type(inner) in _CONTAINERS
        ]
        if not level:
            return nodes
    return None if level else nodes
