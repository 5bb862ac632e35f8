"""Every feature of a scripted answer, seen from the client's end of the socket."""

import asyncio
import json
import socket
import struct
from typing import Any

import aiohttp
import pytest
from botocore.eventstream import ChecksumMismatch

from gateway.simulator import events
from gateway.simulator.options import ACCESS_TOKEN
from gateway.simulator.server import Simulator
from tests.simulator.client import RPC_HEADERS, ask, body, decode

HI = {"event": "assistantResponseEvent", "payload": {"content": "hi"}}
HI_BYTES = events.text("hi").encode()


class Opened:
    """A generation request whose answer is read by hand."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self.session = aiohttp.ClientSession()

    async def __aenter__(self) -> aiohttp.ClientResponse:
        headers = RPC_HEADERS | {"authorization": f"Bearer {ACCESS_TOKEN}"}
        self.answer = await self.session.post(self._simulator.url + "/", data=json.dumps(body()), headers=headers)
        return self.answer

    async def __aexit__(self, *_: object) -> None:
        self.answer.close()
        await self.session.close()


async def raw(simulator: Simulator) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The same request without a library between; the reader stands behind the answer's head."""
    reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
    sent = json.dumps(body()).encode()
    head = [f"{name}: {value}" for name, value in RPC_HEADERS.items()]
    head += [f"authorization: Bearer {ACCESS_TOKEN}", f"content-length: {len(sent)}", "host: x"]
    writer.write(("POST / HTTP/1.1\r\n" + "\r\n".join(head) + "\r\n\r\n").encode() + sent)
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def broken(simulator: Simulator) -> tuple[bytes, bool]:
    """What came of an answer, and whether it broke off."""
    got = b""
    async with Opened(simulator) as answer:
        try:
            async for chunk in answer.content.iter_any():
                got += chunk
        except (aiohttp.ClientError, ConnectionError):
            return got, True
    return got, False


async def test_frames_come_as_written(simulator: Simulator) -> None:
    simulator.push(
        {
            "frames": [
                HI,
                {"exception": "ThrottlingException", "message": "slow", "reason": "DAILY_REQUEST_COUNT"},
                {"exception": "ValidationException", "payload": {"Message": "m"}},
                {"error": "InternalError", "message": "broken"},
                {"headers": {"a": True, "b": 1, "c": {"type": 5, "value": 2}, "d": {"type": 6, "value": "00ff"}}},
                {"headers": {":message-type": "event"}, "payload": "not json"},
                {"hex": HI_BYTES.hex()},
            ]
        }
    )
    frames = (await ask(simulator, body())).frames
    assert [payload for _, payload in frames][:3] == [
        b'{"content":"hi"}',
        b'{"message":"slow","reason":"DAILY_REQUEST_COUNT"}',
        b'{"Message":"m"}',
    ]
    assert frames[3][0] == {":message-type": "error", ":error-code": "InternalError", ":error-message": "broken"}
    assert frames[4] == ({"a": True, "b": 1, "c": 2, "d": b"\x00\xff"}, b"")
    assert [payload for _, payload in frames[5:]] == [b"not json", b'{"content":"hi"}']


async def test_a_status_is_answered_so_many_times_and_then_the_next(simulator: Simulator) -> None:
    refusal = {"message": "Too many requests, please wait before trying again.", "reason": None}
    simulator.push({"status": 429, "body": refusal, "headers": {"retry-after": "3"}, "times": 2}, {"frames": [HI]})
    answers = [await ask(simulator, body()) for _ in range(4)]
    assert [answer.status for answer in answers] == [429, 429, 200, 200]
    assert (json.loads(answers[0].raw), answers[1].headers["retry-after"]) == (refusal, "3")
    assert answers[2].text() == "hi"
    assert answers[3].text().startswith("Hello!")


async def test_an_answer_for_always_stays(simulator: Simulator) -> None:
    simulator.push({"frames": [HI], "always": True})
    assert {(await ask(simulator, body())).text() for _ in range(3)} == {"hi"}


async def test_text_bodies_go_out_as_they_are(simulator: Simulator) -> None:
    simulator.push({"status": 502, "body": "<html>Bad Gateway</html>"}, {"status": 503})
    answer = await ask(simulator, body())
    assert (answer.status, answer.raw) == (502, b"<html>Bad Gateway</html>")
    assert answer.headers["Content-Type"] == "text/html"
    assert (await ask(simulator, body())).raw == b""


async def test_a_200_may_carry_json(simulator: Simulator) -> None:
    simulator.push({"body": {"_type": "x#ValidationException", "message": "bad"}})
    answer = await ask(simulator, body())
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")


async def test_raw_bytes_and_repeats(simulator: Simulator) -> None:
    simulator.push({"frames": [HI], "repeat": 300, "hex": "00ff"}, {"hex": ""})
    raw, _ = await broken(simulator)
    assert raw == HI_BYTES * 300 + b"\x00\xff"
    assert (await ask(simulator, body())).raw == b""


async def test_chunk_sizes_split_the_frames_and_lose_nothing(simulator: Simulator) -> None:
    simulator.push({"frames": [HI] * 2, "chunk_sizes": [1, 100, 7]})
    reader, writer = await raw(simulator)
    sizes, got = [], b""
    while size := int(await reader.readline(), 16):
        sizes.append(size)
        got += (await reader.readexactly(size + 2))[:-2]
    writer.close()
    assert got == HI_BYTES * 2
    assert sizes[:6] == [1, 100, 7, 7, 7, 2]
    assert set(sizes[6:-1]) == {7}


async def test_a_frame_waits_at_its_gate(simulator: Simulator) -> None:
    simulator.push({"frames": [HI] * 3, "gate": "next"})
    async with Opened(simulator) as answer:
        for _ in range(2):
            assert await answer.content.readexactly(len(HI_BYTES)) == HI_BYTES
            assert simulator.requests()[0].ending == "open"
            simulator.open("next")
        assert await answer.content.read() == HI_BYTES


async def test_one_frame_can_have_a_gate_or_a_delay_of_its_own(simulator: Simulator) -> None:
    simulator.push(
        {"frames": [HI, HI | {"gate": "second"}, HI | {"delay": 0.01}], "frame_delay": 0.001, "delay": 0.001}
    )
    async with Opened(simulator) as answer:
        assert await answer.content.readexactly(len(HI_BYTES)) == HI_BYTES
        simulator.open("second", times=1)
        assert await answer.content.read() == HI_BYTES * 2


@pytest.mark.parametrize("how", ["prelude_crc", "message_crc", "bit:200"])
async def test_one_frame_can_be_corrupt(simulator: Simulator, how: str) -> None:
    simulator.push(
        {"frames": [HI] * 3, "corrupt": {"frame": 1, "how": how}},
        {"frames": [HI, HI | {"corrupt": how}, HI]},
    )
    (first, _), (second, _) = await broken(simulator), await broken(simulator)
    assert first == second
    assert first[: len(HI_BYTES)] == HI_BYTES == first[-len(HI_BYTES) :]
    with pytest.raises(ChecksumMismatch):
        decode(first)


@pytest.mark.parametrize(
    ("how", "breaks"), [("fin", True), ("rst", True), ("chunked-end", False), ("close-delimited", False)]
)
@pytest.mark.parametrize("at", [0, 5, len(HI_BYTES), len(HI_BYTES) + 20])
async def test_an_answer_is_cut_at_the_byte(simulator: Simulator, how: str, at: int, *, breaks: bool) -> None:
    simulator.push({"frames": [HI] * 3, "cut_at": at, "how": how})
    assert await broken(simulator) == ((HI_BYTES * 3)[:at], breaks)
    assert simulator.requests()[0].ending == "cut"
    assert simulator.requests()[0].sent == at


async def test_a_body_can_be_delimited_by_the_closing_alone(simulator: Simulator) -> None:
    simulator.push({"frames": [HI], "how": "close-delimited"})
    async with Opened(simulator) as answer:
        assert not {"Content-Length", "Transfer-Encoding"} & set(answer.headers)
        assert await answer.read() == HI_BYTES
    assert simulator.requests()[0].ending == "completed"


@pytest.mark.parametrize("how", ["fin", "rst"])
async def test_status_zero_closes_without_any_answer(simulator: Simulator, how: str) -> None:
    simulator.push({"status": 0, "how": how})
    with pytest.raises((aiohttp.ClientError, ConnectionError)):
        await ask(simulator, body())


@pytest.mark.parametrize("script", [{"stall": True}, {"frames": [HI] * 2, "gate": "never"}])
async def test_a_client_that_leaves_a_silent_stream_is_noticed(simulator: Simulator, script: dict[str, Any]) -> None:
    simulator.push({"frames": [HI]} | script)
    async with Opened(simulator) as answer:
        await answer.content.readexactly(len(HI_BYTES))
        answer.close()
        await asyncio.wait_for(simulator.until("client_fin"), 10)
    left = simulator.requests()[0]
    assert left.ended is not None
    assert left.began < left.ended


async def test_a_client_that_resets_is_told_from_one_that_closes(simulator: Simulator) -> None:
    simulator.push({"frames": [HI], "stall": True})
    _, writer = await raw(simulator)
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    await asyncio.wait_for(simulator.until("client_rst"), 10)


async def test_a_client_that_leaves_before_the_status_line_is_noticed(simulator: Simulator) -> None:
    simulator.push({"stall": "headers"})
    waiting = asyncio.ensure_future(ask(simulator, body()))
    await simulator.until("generate")
    waiting.cancel()
    await asyncio.wait_for(simulator.until("client_fin"), 10)
    assert simulator.requests()[0].status is None


async def test_a_client_that_leaves_in_the_middle_of_a_big_answer_is_noticed(simulator: Simulator) -> None:
    simulator.push({"frames": [HI], "repeat": 200_000})
    async with Opened(simulator) as answer:
        await answer.content.readexactly(10)
        answer.close()
        await asyncio.wait_for(simulator.until("client_left"), 10)
    assert simulator.requests()[0].ending in {"client_fin", "client_rst"}
