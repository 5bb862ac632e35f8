"""Reading the answers byte by byte, after they were received: nothing is counted before it is known to be right.

The frames are read by a few lines of their own, so that an error of the gateway's decoder cannot hide.
"""

import json
import zlib
from collections.abc import Iterator


class Wrong(Exception):
    """An answer is not what was asked for."""


def expected(deltas: int, size: int) -> str:
    """The text of a load answer: each delta is its number, a blank and the alphabet, cut to ``size``."""
    letters = "abcdefghijklmnopqrstuvwxyz " * (size // 27 + 1)
    return "".join(f"{number:07d} {letters}"[:size] for number in range(deltas))


def text_of_sse(raw: bytes) -> str:
    """The text of an Anthropic stream. Raises Wrong when it is not one whole answer."""
    events = [json.loads(line[6:]) for line in raw.decode().split("\n") if line.startswith("data: ")]
    kinds = [event["type"] for event in events if event["type"] != "ping"]
    if kinds[:1] != ["message_start"] or kinds[-2:] != ["message_delta", "message_stop"] or "error" in kinds:
        raise Wrong(f"not a whole answer: {raw[-300:]!r}")
    return "".join(event["delta"].get("text", "") for event in events if event["type"] == "content_block_delta")


def text_of_frames(raw: bytes) -> str:
    """The text of Kiro's event stream. Raises Wrong when a checksum fails or a frame is cut."""
    payloads = [json.loads(payload) for payload in _payloads(raw)]
    if not any("contextUsagePercentage" in payload for payload in payloads):
        raise Wrong("the answer has no end")
    return "".join(payload.get("content", "") for payload in payloads)


def _payloads(raw: bytes) -> Iterator[bytes]:
    position = 0
    while position < len(raw):
        prelude = raw[position : position + 12]
        total, headers = int.from_bytes(prelude[:4], "big"), int.from_bytes(prelude[4:8], "big")
        frame = raw[position : position + total]
        if total < 16 or len(frame) < total or zlib.crc32(frame[:-4]) != int.from_bytes(frame[-4:], "big"):
            raise Wrong(f"a broken frame at byte {position}")
        yield frame[12 + headers : -4]
        position += total
