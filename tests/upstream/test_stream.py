import asyncio
import socket
import struct
from pathlib import Path

import pytest

from gateway.errors import Kind
from gateway.events import Failure, Stop
from gateway.simulator import events
from gateway.simulator.server import Simulator
from gateway.upstream.exchange import Patience
from gateway.upstream.stream import READ_BYTES
from tests.upstream.conftest import TEXT, WHOLE, Way, raw_server, rest_of, text_of, way

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n"
FRAME = events.text("Hello").encode()
USED = events.context_usage(1.5).encode()
GIANT = events.text("x" * 100_000).encode()


@pytest.mark.parametrize("how", ["fin", "rst", "chunked-end", "close-delimited"])
@pytest.mark.parametrize("cut", [len(FRAME) + 5, len(FRAME)])
async def test_a_cut_answer_keeps_its_text_and_ends_as_a_failure(
    kiro: Way, simulator: Simulator, how: str, cut: int
) -> None:
    simulator.push({"frames": [TEXT, TEXT], "cut_at": cut, "how": how})
    found = await kiro.events()
    assert text_of(found) == "Hello"
    assert isinstance(found[-1], Failure)
    assert found[-1].error.should_retry is not True


async def test_a_whole_answer_in_a_close_delimited_body_is_complete(tmp_path: Path) -> None:
    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"\r\n" + FRAME + USED)

    async with raw_server(talk) as server, way(server.url, tmp_path) as kiro:
        assert isinstance((await kiro.events())[-1], Stop)


async def test_an_end_that_came_with_the_last_bytes_is_told_with_them(tmp_path: Path) -> None:
    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % len(FRAME + USED) + FRAME + USED)

    async with raw_server(talk) as server, way(server.url, tmp_path) as kiro, await kiro.open() as stream:
        assert isinstance(stream.events[-1], Stop)


async def test_a_fault_in_such_an_end_is_the_answers_and_no_failed_attempt(tmp_path: Path) -> None:
    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % len(USED) + USED)

    async with raw_server(talk) as server, way(server.url, tmp_path) as kiro, await kiro.open() as stream:
        assert isinstance(stream.events[-1], Failure)


async def test_frames_that_arrived_together_with_the_reset_still_count(tmp_path: Path) -> None:
    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: 9999\r\n\r\n" + FRAME)

    async with raw_server(talk) as server, way(server.url, tmp_path) as kiro:
        found = await kiro.events()
    assert text_of(found) == "Hello"
    assert isinstance(found[-1], Failure)


async def test_frames_that_arrived_before_a_cut_that_nobody_has_read_yet_still_count(tmp_path: Path) -> None:
    opened = asyncio.Event()

    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: 9999\r\n\r\n" + FRAME)
        await opened.wait()
        writer.write(FRAME)

    async with raw_server(talk) as server, way(server.url, tmp_path) as kiro, await kiro.open() as stream:
        opened.set()
        await asyncio.wait({stream._gone}, timeout=20)
        found = await rest_of(stream)
    assert text_of(found) == "HelloHello"
    assert isinstance(found[-1], Failure)


async def test_a_reset_is_told_as_a_cut(tmp_path: Path) -> None:
    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: 9999\r\n\r\n" + FRAME)
        await writer.drain()
        linger: socket.socket = writer.get_extra_info("socket")
        linger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async with raw_server(talk) as server, way(server.url, tmp_path) as kiro:
        found = await kiro.events()
    assert isinstance(found[-1], Failure)
    assert found[-1].error.kind is Kind.UPSTREAM


@pytest.mark.parametrize("damage", [b"zz\r\n", b"-1\r\n", b"0\r\nno trailer\r\n\r\n", b"f" * 17 + b"\r\n"])
async def test_r23_a_broken_chunk_ends_the_answer_without_a_time_out(tmp_path: Path, damage: bytes) -> None:
    opened = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(FRAME + USED), FRAME + USED))
        await opened.wait()
        writer.write(damage)
        await reader.read()

    async with raw_server(talk) as server, way(server.url, tmp_path) as kiro, await kiro.open() as stream:
        opened.set()
        async with asyncio.timeout(20):
            found = await rest_of(stream)
    assert text_of(found) == "Hello"
    assert isinstance(found[-1], Failure) and found[-1].error.kind is Kind.UPSTREAM


@pytest.mark.parametrize("drip", [False, True])
async def test_silence_in_mid_answer_ends_it_and_bytes_of_an_unfinished_frame_are_silence(
    tmp_path: Path, drip: bool
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: 9999\r\n\r\n" + FRAME)
        for byte in GIANT if drip else b"":  # it takes half an hour
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.02)
        await reader.read()

    patience = Patience(idle=0.3)
    async with raw_server(talk) as server, way(server.url, tmp_path, patience=patience) as kiro:
        async with asyncio.timeout(20):
            found = await kiro.events()
            await server.left.wait()
    assert isinstance(found[-1], Failure)
    assert found[-1].error.kind is Kind.TIMEOUT


async def test_a_reader_that_is_slow_itself_meets_no_idle_time_out(simulator: Simulator, tmp_path: Path) -> None:
    simulator.push({"frames": [TEXT, {**TEXT, "gate": "go"}, WHOLE["frames"][1]]})
    async with way(simulator.url, tmp_path, patience=Patience(idle=0.05)) as kiro, await kiro.open() as stream:
        done = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.2, done.set_result, None)
        await done
        simulator.open("go")
        found = await rest_of(stream)
    assert isinstance(found[-1], Stop)


async def test_a_read_that_is_given_up_for_a_ping_loses_nothing(kiro: Way, simulator: Simulator) -> None:
    simulator.push({"frames": [TEXT, {**TEXT, "gate": "go"}, WHOLE["frames"][1]]})
    async with await kiro.open() as stream:
        for _ in range(3):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await stream.read()
        simulator.open("go")
        assert text_of(await rest_of(stream)) == "HelloHello"


async def test_closing_twice_is_closing_once(kiro: Way, simulator: Simulator) -> None:
    simulator.push(WHOLE)
    stream = await kiro.open()
    await stream.close()
    await stream.close()


async def test_an_answer_read_to_its_end_gives_its_connection_back(tmp_path: Path) -> None:
    connections: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(0)
        while head := await reader.read(65536):
            connections[-1] += head.count(b"POST ")
            body = FRAME + USED
            writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with way(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", tmp_path) as kiro:
        for _ in range(3):
            await kiro.events()
        assert connections == [3]
    server.close()


async def test_a_burst_is_decoded_in_pieces_and_nothing_of_it_is_lost(tmp_path: Path) -> None:
    body = FRAME * 5000 + USED

    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)

    largest = READ_BYTES // len(FRAME) + 3
    async with raw_server(talk) as server, way(server.url, tmp_path) as kiro, await kiro.open() as stream:
        found = list(stream.events)
        while not stream.ended:
            events = await stream.read()
            assert len(events) <= largest
            found += events
    assert text_of(found) == "Hello" * 5000
    assert isinstance(found[-1], Stop)
