"""Frames: the official vectors, botocore as the judge, limits, and faults that are final."""

import json
import struct
import zlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.kiro.eventstream import MAX_FRAME, MAX_HEADERS, FrameDecoder, parse_headers
from tests.corpus.frames import event, frame

VECTORS = json.loads((Path(__file__).parent / "samples" / "framing_vectors.json").read_text(encoding="utf-8"))
POSITIVE = {vector["name"]: bytes.fromhex(vector["hex"]) for vector in VECTORS["official_positive"]}
NEGATIVE = {vector["name"]: bytes.fromhex(vector["hex"]) for vector in VECTORS["negative"]}
KIRO = [bytes.fromhex(vector["hex"]) for vector in VECTORS["synthetic_kiro_frames"]]

INTEGERS = {2: ">b", 3: ">h", 4: ">i", 5: ">q", 8: ">q"}


def raw_frame(block: bytes, payload: bytes = b"") -> bytes:
    """A frame with right checksums around any header block."""
    prelude = struct.pack(">II", 16 + len(block) + len(payload), len(block))
    body = prelude + struct.pack(">I", zlib.crc32(prelude)) + block + payload
    return body + struct.pack(">I", zlib.crc32(body))


def prelude(total: int, headers: int) -> bytes:
    lengths = struct.pack(">II", total, headers)
    return lengths + struct.pack(">I", zlib.crc32(lengths))


def header(name: str, kind: int, value: Any) -> bytes:
    match kind:
        case 0 | 1:
            raw = b""
        case 6:
            raw = struct.pack(">H", len(value)) + value
        case 7:
            raw = struct.pack(">H", len(value.encode())) + value.encode()
        case 9:
            raw = value
        case _:
            raw = struct.pack(INTEGERS[kind], value)
    return bytes([len(name.encode())]) + name.encode() + bytes([kind]) + raw


def by_botocore(body: bytes) -> list[tuple[dict[str, Any], bytes]]:
    buffer = EventStreamBuffer()
    buffer.add_data(body)
    return [(message.headers, message.payload) for message in buffer]


def by_us(chunks: list[bytes]) -> list[tuple[dict[str, Any], bytes]]:
    decoder = FrameDecoder()
    found = [(dict(one.headers), one.payload) for chunk in chunks for one in decoder.feed(chunk)]
    assert decoder.fault is None
    assert decoder.pending == 0
    return found


names = st.text(min_size=1, max_size=20).filter(lambda name: len(name.encode()) < 256)
values = st.one_of(
    st.tuples(st.just(0), st.just(True)),
    st.tuples(st.just(1), st.just(False)),
    st.tuples(st.just(2), st.integers(-(2**7), 2**7 - 1)),
    st.tuples(st.just(3), st.integers(-(2**15), 2**15 - 1)),
    st.tuples(st.just(4), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.sampled_from([5, 8]), st.integers(-(2**63), 2**63 - 1)),
    st.tuples(st.just(6), st.binary(max_size=40)),
    st.tuples(st.just(7), st.text(max_size=40)),
    st.tuples(st.just(9), st.binary(min_size=16, max_size=16)),
)
messages = st.tuples(st.dictionaries(names, values, max_size=5), st.binary(max_size=200))


@settings(deadline=None, max_examples=200)
@given(st.lists(messages, max_size=5), st.lists(st.integers(0, 1500), max_size=6))
def test_random_messages_at_random_splits_equal_botocore(found: list[Any], cuts: list[int]) -> None:
    body = b"".join(
        raw_frame(b"".join(header(name, kind, value) for name, (kind, value) in headers.items()), payload)
        for headers, payload in found
    )
    places = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    assert by_us([body[a:b] for a, b in pairwise(places)]) == by_botocore(body)


@pytest.mark.parametrize("body", POSITIVE.values(), ids=POSITIVE.keys())
def test_an_official_vector_is_read_as_botocore_reads_it(body: bytes) -> None:
    assert by_us([body]) == by_botocore(body)


@pytest.mark.parametrize("body", NEGATIVE.values(), ids=NEGATIVE.keys())
def test_a_corrupted_vector_is_a_fault(body: bytes) -> None:
    decoder = FrameDecoder()
    assert decoder.feed(body) == []
    assert decoder.fault is not None


def test_frames_of_every_kiro_event_are_read_byte_by_byte() -> None:
    body = b"".join(KIRO)
    assert by_us([body[at : at + 1] for at in range(len(body))]) == by_botocore(body)


def test_good_frames_before_a_fault_are_returned_and_nothing_after_it() -> None:
    decoder = FrameDecoder()
    good, bad = event("a", {"n": 1}), bytearray(event("b", {"n": 2}))
    bad[-6] ^= 1
    assert [one.payload for one in decoder.feed(good + bytes(bad) + good)] == [b'{"n":1}']
    assert decoder.fault == "the message checksum does not match"
    assert decoder.feed(good) == []
    assert decoder.pending == 0


@pytest.mark.parametrize(
    ("total", "headers"),
    [(15, 0), (MAX_FRAME + 1, 0), (2**32 - 1, 0), (MAX_FRAME, MAX_HEADERS + 1), (100, 85), (16, 1)],
)
def test_impossible_lengths_are_refused_from_the_prelude_alone(total: int, headers: int) -> None:
    decoder = FrameDecoder()
    decoder.feed(prelude(total, headers))
    assert decoder.fault is not None
    assert "impossible lengths" in decoder.fault


@pytest.mark.parametrize(("total", "headers"), [(16, 0), (MAX_FRAME, 0), (MAX_FRAME, MAX_HEADERS)])
def test_lengths_at_the_limits_wait_for_the_rest(total: int, headers: int) -> None:
    decoder = FrameDecoder()
    assert decoder.feed(prelude(total, headers)) == []
    assert decoder.fault is None
    assert decoder.pending == 12


def test_a_large_frame_in_small_chunks_is_whole() -> None:
    payload = bytes(range(256)) * 2048
    body = frame({":event-type": "x"}, payload) + event("next", {})
    decoder = FrameDecoder()
    found = [one for at in range(0, len(body), 97) for one in decoder.feed(body[at : at + 97])]
    assert [one.payload for one in found] == [payload, b"{}"]
    assert isinstance(found[0].payload, bytes)


@pytest.mark.parametrize(
    ("block", "why"),
    [
        (b"\x00\x07\x00\x00", "without a name"),
        (b"\x01a\x0a", "type 10"),
        (b"\x01a\xff", "type 255"),
        (b"\x01a", "cut"),
        (b"\x05a", "cut"),
        (b"\x01a\x07\x00", "cut"),
        (b"\x01a\x07\x00\x05abc", "cut"),
        (b"\x01a\x04\x00\x00", "cut"),
        (b"\x01a\x09" + b"0" * 15, "cut"),
        (b"\x01\xff\x00", "UTF-8"),
        (b"\x01a\x07\x00\x01\xff", "UTF-8"),
        (b"\x01a\x00\x01a\x01", "twice"),
    ],
)
def test_a_broken_header_block_is_a_fault_though_its_checksum_is_right(block: bytes, why: str) -> None:
    decoder = FrameDecoder()
    assert decoder.feed(raw_frame(block)) == []
    assert decoder.fault is not None
    assert why in decoder.fault


def test_equal_header_bytes_are_parsed_once_and_only_so_many_are_kept() -> None:
    decoder = FrameDecoder()
    first, second = decoder.feed(event("a", 1) + event("a", 2))
    assert first.headers is second.headers
    for number in range(100):
        decoder.feed(event(f"event{number}", 0))
    again = decoder.feed(event("event99", 1) + event("event99", 2))
    assert again[0].headers == again[1].headers
    assert again[0].headers is not again[1].headers


def test_headers_keep_their_types() -> None:
    block = header("t", 0, True) + header("f", 1, False) + header("n", 4, -5) + header("u", 9, b"0123456789abcdef")
    assert parse_headers(block) == {"t": True, "f": False, "n": -5, "u": b"0123456789abcdef"}


def test_what_is_held_of_an_unfinished_frame_can_be_dropped() -> None:
    decoder = FrameDecoder()
    decoder.feed(KIRO[0][:-1])
    assert decoder.pending == len(KIRO[0]) - 1
    decoder.drop()
    assert decoder.pending == 0
