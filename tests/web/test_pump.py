"""The pump: silence first, comments after, pings between events, and no good end of a broken answer."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from gateway.simulator.server import Simulator
from tests.corpus.frames import event
from tests.live import gateway

TEXT = {"event": "assistantResponseEvent", "payload": {"content": "first"}}
END = {"event": "meteringEvent", "payload": {"unit": "credit", "unitPlural": "credits", "usage": 0.1}}
BOOM = {"exception": "InternalServerException", "message": "boom"}
PATHS = ("/v1/messages", "/v1/chat/completions")


def events(text: str) -> list[Any]:
    """The data of each server-sent event; the OpenAI end mark as it is."""
    lines = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


@pytest.mark.parametrize("path", PATHS)
async def test_a_slow_first_frame_gets_comments_and_then_its_answer(
    simulator: Simulator, tmp_path: Path, path: str
) -> None:
    simulator.push({"frames": [{**TEXT, "gate": "go"}, END]})
    async with (
        gateway(simulator, tmp_path, stream__hold=0.05, stream__ping_interval=0.05) as live,
        live.post(path, stream=True) as answer,
    ):
        waiting = await answer.content.readuntil(b"\n\n") + await answer.content.readuntil(b"\n\n")
        simulator.open("go")
        rest = await answer.text()
    assert answer.status == 200 and waiting == b": waiting\n\n: waiting\n\n"
    assert "first" in rest


@pytest.mark.parametrize("path", PATHS)
async def test_within_the_hold_a_fault_is_still_a_status(simulator: Simulator, tmp_path: Path, path: str) -> None:
    simulator.push({"frames": [BOOM], "times": 9})
    async with gateway(simulator, tmp_path) as live, live.post(path, stream=True) as answer:
        assert answer.status in {500, 502, 503}
        assert answer.content_type == "application/json"


@pytest.mark.parametrize("path", PATHS)
async def test_after_the_hold_a_fault_is_an_event_and_no_good_end(
    simulator: Simulator, tmp_path: Path, path: str
) -> None:
    simulator.push({"frames": [{**BOOM, "gate": "go"}]}, {"frames": [BOOM], "times": 9})
    async with gateway(simulator, tmp_path, stream__hold=0.02) as live, live.post(path, stream=True) as answer:
        await answer.content.readuntil(b": waiting\n\n")
        simulator.open("go")
        told = events(await answer.text())
    assert answer.status == 200
    assert "error" in told[-1] and "[DONE]" not in told


async def test_silence_between_events_is_pinged_in_the_apis_own_way(simulator: Simulator, tmp_path: Path) -> None:
    for path, ping in zip(PATHS, (b"event: ping", b": ping"), strict=True):
        simulator.push({"frames": [TEXT, {**END, "gate": "go"}]})
        async with (
            gateway(simulator, tmp_path, stream__ping_interval=0.05) as live,
            live.post(path, stream=True) as answer,
        ):
            await answer.content.readuntil(b"first")
            await answer.content.readuntil(ping)
            simulator.open("go")
            assert b"error" not in await answer.read()


@pytest.mark.parametrize("path", PATHS)
async def test_a_whole_answer_that_broke_is_an_error_and_nothing_of_it_is_told(
    simulator: Simulator, tmp_path: Path, path: str
) -> None:
    simulator.push({"frames": [TEXT, BOOM]})
    async with gateway(simulator, tmp_path) as live:
        status, body = await live.ask(path)
    assert status >= 500
    assert "first" not in json.dumps(body) and "message" in body["error"]


async def test_one_network_chunk_of_the_upstream_is_one_write_to_the_client(
    simulator: Simulator, tmp_path: Path
) -> None:
    frames = [event(frame["event"], frame["payload"]) for frame in (*[TEXT] * 41, END)]
    simulator.push({"hex": b"".join(frames).hex()})
    async with gateway(simulator, tmp_path) as live, live.post(stream=True) as answer:
        chunks = [chunk async for chunk, complete in answer.content.iter_chunks() if chunk]
    assert b"".join(chunks).count(b"first") == 41
    assert len(chunks) < 5


async def test_a_client_that_does_not_read_stops_the_reading_of_the_upstream(
    simulator: Simulator, tmp_path: Path
) -> None:
    long = {"event": "assistantResponseEvent", "payload": {"content": "x" * 60_000}}
    simulator.push({"frames": [long], "repeat": 1000})
    async with gateway(simulator, tmp_path) as live, live.post(stream=True) as answer:
        await answer.content.readany()
        exchange = simulator.requests("generate")[0]
        before = -1
        while exchange.sent != before:  # until the kernel's buffers are full and nothing moves any more
            before = exchange.sent
            for _ in range(200):
                await asyncio.sleep(0)
            await live.get("/health")
        assert exchange.sent < 60_000_000
        answer.close()
    await simulator.until("client_left")
