import asyncio
import struct
import zlib
from pathlib import Path

from gateway.errors import Kind
from gateway.events import Failure
from gateway.simulator import events
from gateway.upstream.exchange import Exchange, Patience
from gateway.upstream.room import Room
from gateway.upstream.stream import OpenStream
from tests.upstream.conftest import raw_server, way

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\nContent-Length: 99999999\r\n\r\n"
LENGTHS = struct.pack(">II", 15_900_000, 0)
PART = LENGTHS + struct.pack(">I", zlib.crc32(LENGTHS)) + b"x" * 100_000


def test_what_does_not_fit_is_not_counted() -> None:
    room = Room(100)
    assert room.change(0, 60)
    assert not room.change(0, 41)
    assert room.change(0, 40)
    assert room.change(60, 0) and room.change(0, 60)


async def giant(stream: OpenStream) -> bool:
    """Whether it holds all that came of its frame; False when it failed."""
    while stream.answer.pending < len(PART) and not stream.ended:
        stream.events += await stream.read()
    return not stream.ended


async def test_r25_giants_that_stall_are_held_up_to_a_limit_of_all_and_a_closed_one_makes_room(tmp_path: Path) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + events.text("Hello").encode() + PART)
        await reader.read()

    async with raw_server(talk) as server, way(server.url, tmp_path) as kiro:
        kiro.client.exchange = Exchange(Patience(), Room(250_000))
        streams = [await kiro.open() for _ in range(3)]
        assert [await giant(stream) for stream in streams] == [True, True, False]
        failure = streams[2].events[-1]
        assert isinstance(failure, Failure) and failure.error.kind is Kind.OVERLOADED
        await streams[0].close()
        streams.append(await kiro.open())
        assert await giant(streams[-1])
        for stream in streams:
            await stream.close()
        assert [stream.answer.pending for stream in streams] == [0] * 4, "a kept connection keeps its last answer"
