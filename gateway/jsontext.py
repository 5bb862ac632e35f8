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

_LONE_SURROGATE: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair: kept
    rb"|\\\\"  # an escaped backslash: what follows it is no escape
    rb"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"  # half a pair
)

_CONTAINERS: Final = frozenset((dict, list))
"""What the decoder makes of ``{…}`` and ``[…]``; a look at the type is a third of an isinstance with a union."""

_decoder: Final = msgspec.json.Decoder()
_encoder: Final = msgspec.json.Encoder()

quote: Final = encode_basestring_ascii
"""A string as a JSON literal in ASCII. Never fails, not even on half a surrogate pair (0.1 µs for a delta)."""


class JsonError(ValueError):
    """The bytes are not JSON; the message says why, without showing any of them."""


def decode(data: bytes | str) -> Any:
    """Parse a JSON document (UTF-8). Raises JsonError."""
    try:
        return _decoder.decode(data)
    except RecursionError as error:
        raise JsonError("the JSON is nested too deeply") from error
    except (msgspec.DecodeError, UnicodeError) as error:
        return _decode_repaired(data, error)


def _decode_repaired(data: bytes | str, reason: Exception) -> Any:
    """Parse again with lone surrogate escapes replaced, if there were any."""
    raw = data.encode("utf-8", "replace") if isinstance(data, str) else data
    repaired = _LONE_SURROGATE.sub(lambda match: b"\\ufffd" if match[1] else match[0], raw)
    if repaired == raw:
        raise JsonError(_without_input(reason)) from reason
    try:
        return _decoder.decode(repaired)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise JsonError(_without_input(error)) from error


def _without_input(error: Exception) -> str:
    """The decoder's reason; for a Unicode error only its position, since its text can show bytes of the body."""
    return f"invalid UTF-8 at byte {error.start}" if isinstance(error, UnicodeDecodeError) else str(error)


def encode(value: Any) -> bytes:
    """Write JSON, compact, UTF-8. A ``msgspec.Raw`` inside goes out as it is. Half surrogate pairs become U+FFFD."""
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        return _encoder.encode(_whole_characters(value))


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
    level = [value] if type(value) in _CONTAINERS else []
    for _ in range(limit):
        level = [
            inner
            for item in level
            for inner in (item.values() if type(item) is dict else item)
            if type(inner) in _CONTAINERS
        ]
        if not level:
            return True
    return not level
