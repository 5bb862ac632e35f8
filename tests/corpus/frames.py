"""A small encoder of event-stream frames, for the corpus only: neither the product's nor the simulator's."""

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any


def frame(headers: Mapping[str, str], payload: bytes = b"") -> bytes:
    """One frame with string headers."""
    block = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack(">II", 16 + len(block) + len(payload), len(block))
    body = prelude + struct.pack(">I", zlib.crc32(prelude)) + block + payload
    return body + struct.pack(">I", zlib.crc32(body))


def event(name: str, payload: Any) -> bytes:
    """A frame as Kiro sends its events."""
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return frame(headers, as_json(payload))


def as_json(payload: Any) -> bytes:
    """Compact UTF-8 like Kiro's; half a surrogate pair, which UTF-8 cannot say, as its escape. None is no payload."""
    if payload is None:
        return b""
    try:
        return json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(payload, separators=(",", ":")).encode()


def _header(name: str, value: str) -> bytes:
    raw = value.encode()
    return bytes([len(name.encode())]) + name.encode() + b"\x07" + struct.pack(">H", len(raw)) + raw
