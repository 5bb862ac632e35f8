"""The simulator's own event-stream encoder (``application/vnd.amazon.eventstream``), and ways to spoil a message.

Layout, big endian: total length u32, header length u32, CRC of those eight bytes, headers, payload, CRC of all before.
Both sums are plain CRC-32 (zlib). It shares no code with the gateway's decoder; botocore judges it in the tests.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID
from zlib import crc32

_PRELUDE: Final = struct.Struct(">II")
_SUM: Final = struct.Struct(">I")
_LENGTH: Final = struct.Struct(">H")
_OVERHEAD: Final = 16
"""Two lengths and two sums: the smallest legal message."""

_INTEGERS: Final = {
    8: (2, struct.Struct(">b")),
    16: (3, struct.Struct(">h")),
    32: (4, struct.Struct(">i")),
    64: (5, struct.Struct(">q")),
}
"""Width in bits → (header type, layout)."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sized:
    """A signed integer header of a stated width: 8, 16, 32 or 64 bits. A bare ``int`` is 32 bits wide."""

    bits: int
    value: int


HeaderValue = bool | int | Sized | bytes | str | datetime | UUID


def encode(headers: Mapping[str, HeaderValue], payload: bytes) -> bytes:
    """One message with right sums. Headers keep their order, since some clients scan rather than parse."""
    block = b"".join(_header(name, value) for name, value in headers.items())
    lengths = _PRELUDE.pack(_OVERHEAD + len(block) + len(payload), len(block))
    message = lengths + _SUM.pack(crc32(lengths)) + block + payload
    return message + _SUM.pack(crc32(message))


def _header(name: str, value: HeaderValue) -> bytes:
    raw = name.encode()
    return bytes([len(raw)]) + raw + _value(value)


def _value(value: HeaderValue) -> bytes:
    match value:
        case bool():
            return b"\x00" if value else b"\x01"
        case int():
            return _integer(32, value)
        case Sized(bits, number):
            return _integer(bits, number)
        case bytes():
            return b"\x06" + _LENGTH.pack(len(value)) + value
        case str():
            raw = value.encode()
            return b"\x07" + _LENGTH.pack(len(raw)) + raw
        case datetime():
            return b"\x08" + struct.pack(">q", (value - _EPOCH) // timedelta(milliseconds=1))
        case UUID():
            return b"\x09" + value.bytes


def _integer(bits: int, number: int) -> bytes:
    kind, layout = _INTEGERS[bits]
    return bytes([kind]) + layout.pack(number)


def spoil(message: bytes, how: str) -> bytes:
    """The message with one fault: ``prelude_crc``, ``message_crc`` or ``bit:N`` (bit N of the message, from 0).

    Raises ValueError for another word, or a bit beyond the message.
    """
    match how.split(":"):
        case ["prelude_crc"]:
            return _flipped(message, 8 * 8)
        case ["message_crc"]:
            return _flipped(message, 8 * (len(message) - 4))
        case ["bit", number] if number.isdigit() and int(number) < 8 * len(message):
            return _flipped(message, int(number))
    raise ValueError(f"cannot spoil a message of {len(message)} bytes by {how!r}")


def _flipped(message: bytes, bit: int) -> bytes:
    changed = bytearray(message)
    changed[bit // 8] ^= 0x80 >> bit % 8
    return bytes(changed)
