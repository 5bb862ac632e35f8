"""R24, R25, R29: flipped bits, impossible lengths, giants and strangers among the frames."""

import asyncio
import random
import struct
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest

from gateway.events import Failure
from gateway.kiro.eventstream import MAX_FRAME, FrameDecoder
from gateway.simulator.server import Simulator
from tests.corpus import STREAMS, events
from tests.faults.forms import Form
from tests.faults.kiro import END, HEAD, HELLO, HELLO_BYTES, Received, encoded, gateway_to, left, raw_kiro, said
from tests.live import Live
from tests.wellformed import check

FIRST = encoded(said("Hel"))


def flipped(body: bytes, bit: int) -> bytes:
    broken = bytearray(body)
    broken[bit // 8] ^= 0x80 >> bit % 8
    return bytes(broken)


def prelude(total: int, headers: int) -> bytes:
    """The first twelve bytes of a frame, with a right sum."""
    lengths = struct.pack(">II", total, headers)
    return lengths + struct.pack(">I", zlib.crc32(lengths))


async def test_r24_a_flipped_bit_is_an_error_and_no_altered_text_comes(
    live: Live, simulator: Simulator, form: Form
) -> None:
    dice = random.Random(24)
    for bit in sorted(dice.sample(range(len(HELLO_BYTES) * 8), 60)):
        simulator.push({"hex": flipped(HELLO_BYTES, bit).hex(), "always": False})
        outcome = await form.ask(live)
        assert outcome.error is not None, bit
        assert "Hello".startswith(outcome.text), bit


@pytest.mark.parametrize("name", ["one tool", "native reasoning with signature", "exception in the middle"])
def test_r24_every_flipped_bit_of_a_stream_is_seen(name: str) -> None:
    stream = STREAMS[name]
    for bit in range(len(stream.body) * 8):
        found = events(stream, [flipped(stream.body, bit)])
        check(found)
        assert isinstance(found[-1], Failure), bit


def test_r24_a_broken_length_is_seen_within_the_twelve_bytes_of_the_prelude() -> None:
    for bit in range(12 * 8):
        decoder = FrameDecoder()
        decoder.feed(flipped(FIRST, bit)[:12])
        assert decoder.fault is not None, bit


async def test_r24_there_is_no_search_for_the_next_frame(live: Live, simulator: Simulator, form: Form) -> None:
    simulator.push({"hex": (flipped(FIRST, 300) + HELLO_BYTES).hex()})
    outcome = await form.ask(live)
    assert (outcome.status, outcome.text) == (502, "")
    assert "damaged on its way" in outcome.message


async def test_r24_bytes_behind_a_whole_answer_are_damage(live: Live, simulator: Simulator, form: Form) -> None:
    simulator.push({"hex": (HELLO_BYTES + b"\x00" * 16).hex()})
    assert "damaged" in (await form.ask(live)).message


@pytest.mark.parametrize(
    ("total", "headers"),
    [(MAX_FRAME + 1, 0), (0xFFFFFFFF, 0), (0, 0), (15, 0), (100, 0xFFFFFFFF), (400_000, 128 * 1024 + 1), (40, 25)],
)
async def test_r25_a_frame_of_impossible_size_is_refused_from_its_prelude(
    form: Form, tmp_path: Path, total: int, headers: int
) -> None:
    async def talk(_received: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: 4294967295\r\n\r\n" + FIRST + prelude(total, headers))
        await left(reader)  # no more is sent: who waits for it waits for ever

    async with raw_kiro(talk) as kiro, gateway_to(kiro.url, tmp_path) as live:
        assert "impossible lengths" in (await form.ask(live)).message


async def test_r25_a_frame_of_exactly_the_limit_is_taken(form: Form, tmp_path: Path) -> None:
    empty = {"event": "codeEvent", "payload": {"content": ""}}
    full = {**empty, "payload": {"content": "x" * (MAX_FRAME - len(encoded(empty)))}}
    body = encoded(full, *HELLO)
    assert len(body) == MAX_FRAME + len(HELLO_BYTES)

    async def talk(_received: Received, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()

    async with raw_kiro(talk) as kiro, gateway_to(kiro.url, tmp_path) as live:
        outcome = await form.ask(live)
    assert (outcome.text, outcome.error) == ("Hello", None)


def test_r25_two_hundred_giants_that_are_announced_and_stall_cost_nothing() -> None:
    announced = prelude(MAX_FRAME - 100_000, 0)
    tracemalloc.start()
    decoders = [FrameDecoder() for _ in range(200)]
    for decoder in decoders:
        decoder.feed(announced)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 200_000
    assert all(decoder.pending == 12 and decoder.fault is None for decoder in decoders)


def test_r25_an_unfinished_frame_holds_what_came_and_no_more() -> None:
    decoder = FrameDecoder()
    chunk = b"x" * 65_536
    tracemalloc.start()
    decoder.feed(prelude(MAX_FRAME, 0))
    for _ in range(100):
        decoder.feed(chunk)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert decoder.pending == 12 + 100 * 65_536
    assert most < 2.5 * decoder.pending


STRANGE_HEADERS: list[Any] = [
    True,
    False,
    7,
    {"type": 2, "value": -5},
    {"type": 3, "value": 300},
    {"type": 5, "value": 2**40},
    {"type": 6, "value": "00ff"},
    "text",
]


async def test_r29_extra_headers_of_every_type_change_nothing(live: Live, simulator: Simulator, form: Form) -> None:
    usual = {":event-type": "assistantResponseEvent", ":message-type": "event"}
    more = {f"x-{number}": value for number, value in enumerate(STRANGE_HEADERS)}
    simulator.push({"frames": [{"headers": usual | more, "payload": {"content": "Hello"}}, *END]})
    assert (await form.ask(live)).text == "Hello"


@pytest.mark.parametrize(
    "stranger",
    [
        {"event": "somethingNewEvent", "payload": {"a": 1}},
        {"headers": {":event-type": "binaryEvent", ":message-type": "event"}, "payload": "\x00\x01"},
        {"headers": {":event-type": "emptyEvent", ":message-type": "event"}},
        {"headers": {}},
        {"event": "assistantResponseEvent", "payload": {"content": "", "novel": [1]}},
    ],
    ids=["unknown", "binary", "empty", "nameless", "a new member"],
)
async def test_r29_unknown_events_are_passed_over(
    live: Live, simulator: Simulator, form: Form, stranger: dict[str, Any]
) -> None:
    simulator.push({"frames": [stranger, *HELLO[:1], stranger, *HELLO[1:], stranger]})
    outcome = await form.ask(live)
    assert (outcome.text, outcome.error) == ("Hello", None)


def block(*headers: bytes) -> bytes:
    """A frame with these raw headers and no payload."""
    joined = b"".join(headers)
    body = prelude(16 + len(joined), len(joined)) + joined
    return body + struct.pack(">I", zlib.crc32(body))


@pytest.mark.parametrize(
    "headers",
    [
        (b"\x01a\x00", b"\x01a\x00"),
        (b"\x01a\x0a",),
        (b"\x01a\xff",),
        (b"\x00\x00",),
        (b"\x05ab",),
        (b"\x01a\x07\x00\x05ab",),
    ],
    ids=["twice", "type 10", "type 255", "no name", "cut name", "cut value"],
)
async def test_r29_broken_framing_is_an_error(
    live: Live, simulator: Simulator, form: Form, headers: tuple[bytes, ...]
) -> None:
    simulator.push({"hex": (FIRST + block(*headers) + HELLO_BYTES).hex()})
    outcome = await form.ask(live)
    assert "damaged" in outcome.message and outcome.text in ("", "Hel")


async def test_r29_garbage_is_an_error(live: Live, simulator: Simulator, form: Form) -> None:
    dice = random.Random(29)
    for size in (1, 11, 12, 40, 4000):
        simulator.push({"hex": dice.randbytes(size).hex()})
        assert (await form.ask(live)).status == 502
