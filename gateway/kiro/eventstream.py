"""Bytes of an ``application/vnd.amazon.eventstream`` body → frames, each checked before it is believed.

A frame is: total length u32, headers length u32, CRC of these 8 bytes u32, headers, payload, CRC of all before it u32;
big endian, both sums zlib's CRC-32. The second sum covers the first one too, so it is continued from it.

Faults are final: after one, nothing that follows can be told from payload, so there is no search for the next frame.
"""

from collections.abc import Mapping
from struct import Struct as Layout
from typing import Final
from zlib import crc32

from msgspec import Struct

HeaderValue = bool | int | bytes | str
"""A timestamp is an int (milliseconds since 1970), a UUID 16 bytes. Kiro itself uses only strings."""

MAX_FRAME: Final = 16 * 1024 * 1024
"""Bytes of one frame. Kiro's are a few hundred; the limit bounds what a broken length can make us hold."""

MAX_HEADERS: Final = 128 * 1024
"""Bytes of one header block, as botocore's ``_MAX_HEADERS_LENGTH``."""

_LARGE: Final = 64 * 1024
"""From here on an unfinished frame is kept in a bytearray: adding to bytes copies all of it for every chunk."""

_KNOWN_BLOCKS: Final = 64
"""Header blocks remembered. Kiro repeats about five; more come only from what is not Kiro."""

_LONGEST_KNOWN: Final = 1024
"""Bytes of a block worth remembering, so that what is kept stays below 64 KiB whoever sends it."""

_PRELUDE: Final = Layout(">III")
_SUM: Final = Layout(">I")
_LENGTH: Final = Layout(">H")
_INTEGERS: Final = {2: Layout(">b"), 3: Layout(">h"), 4: Layout(">i"), 5: Layout(">q"), 8: Layout(">q")}
_TRUE, _FALSE, _BYTES, _STRING, _UUID = 0, 1, 6, 7, 9
_UUID_SIZE: Final = 16
_OVERHEAD: Final = 16
"""Bytes of a frame that are neither header nor payload; so also the smallest frame."""


class Frame(Struct, frozen=True, gc=False):
    """One message. ``headers`` is shared by frames with the same header bytes: read only."""

    headers: Mapping[str, HeaderValue]
    payload: bytes


class HeaderBlocks(dict[bytes, Mapping[str, HeaderValue]]):
    """Header blocks that were parsed before, by their bytes. Many streams may share one: the bytes say everything."""

    def __missing__(self, block: bytes) -> Mapping[str, HeaderValue]:
        """Parse a block that is new, and remember it while there is room. Raises ValueError for a broken one."""
        headers = parse_headers(block)
        if len(self) < _KNOWN_BLOCKS and len(block) <= _LONGEST_KNOWN:
            self[block] = headers
        return headers


class FrameDecoder:
    """Feed it chunks cut anywhere; it gives the frames they complete.

    fault: why the stream is broken, or None. After a fault ``feed`` returns nothing more.
    """

    __slots__ = ("_blocks", "_held", "_needed", "fault")

    def __init__(self, blocks: HeaderBlocks | None = None) -> None:
        """``blocks``: what is remembered of other streams, so that a short answer need not parse its headers anew."""
        self.fault: str | None = None
        self._held: bytes | bytearray = b""
        self._needed = _PRELUDE.size
        self._blocks = HeaderBlocks() if blocks is None else blocks

    @property
    def pending(self) -> int:
        """Bytes of an unfinished frame; not 0 at the end of the body means that the stream was cut."""
        return len(self._held)

    def drop(self) -> None:
        """Nothing more comes: free what is held of an unfinished frame."""
        self._held = b""

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are complete now. Never raises; frames before a fault are returned with it."""
        if self.fault is not None:
            return []
        if self._held:
            self._held += data
            if len(self._held) < self._needed:
                if len(self._held) > _LARGE and isinstance(self._held, bytes):
                    self._held = bytearray(self._held)
                return []
            data, self._held = bytes(self._held), b""
        frames: list[Frame] = []
        try:
            self._held = data[self._cut(data, frames) :]
        except _BrokenError as broken:
            self.fault = str(broken)
            self._held = b""
        return frames

    def _cut(self, data: bytes, frames: list[Frame]) -> int:
        """Append the whole frames in ``data``; return where the unfinished rest begins."""
        begin, size, blocks = 0, len(data), self._blocks
        self._needed = _PRELUDE.size
        while size - begin >= _PRELUDE.size:
            total, header_bytes, prelude_sum = _PRELUDE.unpack_from(data, begin)
            if crc32(data[begin : begin + 8]) != prelude_sum:
                raise _BrokenError("the prelude checksum does not match")
            if total > MAX_FRAME or header_bytes > MAX_HEADERS or total < header_bytes + _OVERHEAD:
                raise _BrokenError(f"impossible lengths: {total} bytes with {header_bytes} bytes of headers")
            end = begin + total
            if end > size:
                self._needed = total
                break
            if crc32(data[begin + 8 : end - 4], prelude_sum) != _SUM.unpack_from(data, end - 4)[0]:
                raise _BrokenError("the message checksum does not match")
            payload = begin + 12 + header_bytes
            frames.append(Frame(blocks[data[begin + 12 : payload]], data[payload : end - 4]))
            begin = end
        return begin


class _BrokenError(ValueError):
    """The bytes are no event stream; the message says why."""


def parse_headers(block: bytes) -> Mapping[str, HeaderValue]:
    """A header block as name → value. Raises ValueError where it is broken, a name is empty or comes twice."""
    headers: dict[str, HeaderValue] = {}
    position = 0
    while position < len(block):
        length = block[position]
        name, position = _string(block, position + 1, length)
        if not name or name in headers:
            raise _BrokenError("a header without a name" if not name else "a header comes twice")
        if position == len(block):
            raise _BrokenError("a header is cut")
        headers[name], position = _value(block, position + 1, block[position])
    return headers


def _value(block: bytes, position: int, kind: int) -> tuple[HeaderValue, int]:
    """The value at ``position`` and where the next header begins."""
    if kind in (_TRUE, _FALSE):
        return kind == _TRUE, position
    if kind in (_BYTES, _STRING):
        raw, position = _bytes(block, position, _LENGTH.size)
        read = _bytes if kind == _BYTES else _string
        return read(block, position, _LENGTH.unpack(raw)[0])
    if kind == _UUID:
        return _bytes(block, position, _UUID_SIZE)
    layout = _INTEGERS.get(kind)
    if layout is None:
        raise _BrokenError(f"header type {kind} is unknown")  # its size is unknown too
    raw, position = _bytes(block, position, layout.size)
    return int(layout.unpack(raw)[0]), position


def _bytes(block: bytes, position: int, length: int) -> tuple[bytes, int]:
    end = position + length
    if end > len(block):
        raise _BrokenError("a header is cut")
    return block[position:end], end


def _string(block: bytes, position: int, length: int) -> tuple[str, int]:
    raw, end = _bytes(block, position, length)
    try:
        return raw.decode(), end
    except UnicodeDecodeError:
        raise _BrokenError("a header is not UTF-8") from None
