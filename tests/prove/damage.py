"""Answers that are cut or damaged at every byte and every bit: how many were taken for good ones. None may be."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from gateway.errors import GatewayError, Kind
from gateway.events import Event, Failure, TextDelta
from gateway.kiro.eventstream import FrameDecoder
from gateway.simulator.server import start
from tests.corpus import STREAMS, Stream, answer
from tests.corpus.frames import event
from tests.faults.cuts import STREAM_NAMES, borders, cuts, wrong
from tests.faults.forms import FORMS
from tests.faults.kiro import gateway_to
from tests.wellformed import check

RANDOMS: Final = 200
MEGABYTE: Final = 1_000_000


def over_sockets(randoms: int = RANDOMS) -> dict[str, Any]:
    """Cut at every frame's border, beside it and at random places, by FIN, RST, last chunk and close, in four forms."""
    found = list(cuts(STREAM_NAMES, ["borders", "random"], randoms=randoms))
    broken = asyncio.run(_sent(found))
    tried, whole = len(found) * len(FORMS), sum(cut.complete for cut in found) * len(FORMS)
    print(f"  {tried} answers cut over sockets, {whole} of them whole by all that can be known: {len(broken)} wrong")
    for words in broken[:20]:
        print(f"    BROKEN {words}")
    return {"ok": not broken, "tried": tried, "whole": whole, "wrong": len(broken)}


async def _sent(found: list[Any]) -> list[str]:
    simulator = await start()
    broken: list[str] = []
    with tempfile.TemporaryDirectory(prefix="prove-") as folder:
        async with gateway_to(simulator.url, Path(folder)) as live:
            for cut in found:
                told = [await wrong(live, simulator, form, cut) for form in FORMS]
                broken += [words for words in told if words]
    await simulator.stop()
    return broken


def everywhere() -> dict[str, Any]:
    """Every byte at which a stream of the corpus can be cut, and every bit of it flipped, on the decoder itself."""
    places = bits = 0
    broken: list[str] = []
    for stream in STREAMS.values():
        for number in range(len(stream.frames)):
            before = _before(stream, number)
            places += len(stream.frames[number])
            broken += _cut(stream, number, before)
            bits += len(stream.frames[number]) * 8
            broken += _flipped(stream, number, before)
    on_borders, at_borders = _on_borders()
    broken += at_borders
    print(f"  {places} places at which {len(STREAMS)} streams were cut, {on_borders} of them frame borders,")
    print(f"  {bits} bits flipped: {len(broken)} taken for a good answer, or with text that Kiro did not send")
    for words in broken[:20]:
        print(f"    BROKEN {words}")
    return {"ok": not broken, "streams": len(STREAMS), "places": places, "bits": bits, "wrong": len(broken)}


def _before(stream: Stream, number: int) -> bytes:
    """The frame before, for its state; nothing where the answer would be over with it."""
    before = stream.frames[max(0, number - 1)] if number else b""
    decoder = answer(stream)
    decoder.feed(before)
    return b"" if decoder.ended else before


def _cut(stream: Stream, number: int, before: bytes) -> Iterator[str]:
    """Cut inside one frame: never a good end, however the body ends."""
    frame = stream.frames[number]
    for at in range(1, len(frame)):
        decoder = answer(stream)
        found = decoder.feed(before + frame[:at]) + decoder.finish(delimited=at % 2 == 0)
        if not _failed(found):
            yield f"{stream.name!r}, frame {number}, cut after {at} bytes"


def _flipped(stream: Stream, number: int, before: bytes) -> Iterator[str]:
    """One bit of one frame: told as damage, and with no more text than when the way breaks in front of that frame."""
    frame, after = stream.frames[number], b"".join(stream.frames[number + 1 : number + 2])
    decoder = answer(stream)
    said = _text(decoder.feed(before) + decoder.fail(GatewayError(Kind.UPSTREAM, "broken")))
    for bit in range(len(frame) * 8):
        broken = bytearray(frame)
        broken[bit // 8] ^= 0x80 >> bit % 8
        decoder = answer(stream)
        found = decoder.feed(before + bytes(broken) + after) + decoder.finish()
        if not _failed(found, "damaged") or _text(found) != said:
            yield f"{stream.name!r}, frame {number}, bit {bit}"


def _on_borders() -> tuple[int, list[str]]:
    """Cut between frames: good only behind a completion signal, or where the model sends none and HTTP says so."""
    count, broken = 0, list[str]()
    for stream in STREAMS.values():
        _, signal = borders(stream)
        position = 0
        for number, frame in enumerate(stream.frames[:-1]):
            position += len(frame)
            decoder = answer(stream)
            found = decoder.feed(b"".join(stream.frames[: number + 1]))
            over = decoder.ended
            found += decoder.finish(delimited=False)
            count += 1
            if not over and position < signal and not _failed(found):
                broken.append(f"{stream.name!r} cut after frame {number}")
    return count, broken


def _failed(found: list[Event], words: str = "") -> bool:
    check(found)
    return isinstance(found[-1], Failure) and words in found[-1].error.message


def _text(found: list[Event]) -> str:
    return "".join(one.text for one in found if isinstance(one, TextDelta))


def drip() -> dict[str, Any]:
    """The CPU time of frames that come byte by byte, beside that of the same frames at once."""
    body = b"".join(frame for stream in STREAMS.values() for frame in stream.frames)
    at_once, slowly = _seconds([body]), _seconds([body[at : at + 1] for at in range(len(body))])
    giant = event("assistantResponseEvent", {"content": "x" * MEGABYTE})
    one = _seconds([giant[at : at + 1] for at in range(len(giant))])
    print(f"  {len(body)} bytes of frames: {at_once * 1000:.1f} ms at once, {slowly * 1000:.1f} ms byte by byte")
    print(f"  one frame of 1 MB, byte by byte: {one:.2f} s")
    return {
        "ok": one < 1.0,
        "bytes": len(body),
        "byte_by_byte_ms": round(slowly * 1000, 1),
        "megabyte_s": round(one, 2),
    }


def _seconds(chunks: list[bytes]) -> float:
    decoder = FrameDecoder()
    began = time.process_time()
    frames = sum(len(decoder.feed(chunk)) for chunk in chunks)
    assert frames and decoder.fault is None and not decoder.pending
    return time.process_time() - began
