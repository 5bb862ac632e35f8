"""R32, R35: every answer of Kiro is closed on every path, and none is read faster than its client reads."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gateway.accounts.pool import Pool
from gateway.errors import GatewayError
from gateway.simulator.record import Exchange
from gateway.simulator.sending import CUTS
from gateway.simulator.server import Simulator
from tests.faults.forms import FORMS, Form
from tests.faults.kiro import END, HELLO, HELLO_BYTES, Received, encoded, gateway_to, left, raw_kiro, said
from tests.live import HELLO as HELLO_BODY
from tests.live import UNQUEUED, Live, gateway
from tests.upstream.conftest import Way, way
from tests.web import raw

FAULTS: list[dict[str, Any]] = [
    {"frames": HELLO},
    {"frames": [said("Hel"), *END, said("late")]},
    {"frames": [said("Hel"), {"exception": "InternalServerException", "message": "x"}, *END]},
    {"frames": [{"exception": "ThrottlingException", "message": "x"}]},
    {"status": 400, "body": {"message": "No."}},
    {"status": 429, "body": {"message": "Slow down."}},
    {"status": 500, "body": {"__type": "InternalServerException", "message": "x"}},
    {"status": 502, "body": "<html>"},
    {"status": 403, "body": {"message": "The bearer token included in the request is invalid."}},
    {"status": 200, "body": {"message": "No."}},
    {"status": 0, "how": "rst"},
    {"hex": "00" * 40},
    {"frames": []},
    *({"hex": HELLO_BYTES.hex(), "cut_at": at, "how": how} for how in CUTS for at in (3, 60, 200)),
]


BLANKS = " " * 60_000
"""Text of few tokens: no limit of the client's may end an answer that is to fill all buffers on its way."""


@pytest.fixture
async def kiro(simulator: Simulator, tmp_path: Path) -> AsyncIterator[Way]:
    async with way(simulator.url, tmp_path) as made:
        made.client.pool = Pool(made.client.pool.members)
        yield made


def held(kiro: Way) -> int:
    """Connections that the connector counts as in use."""
    return len(kiro.connection._connector._acquired)


async def asked(kiro: Way) -> None:
    """One answer, read to its end or given up for its fault."""
    with suppress(GatewayError):
        await kiro.events()
    for member in kiro.client.pool.members:
        kiro.client.pool.enable(member)


async def test_r32_after_any_fault_no_connection_is_held(kiro: Way, simulator: Simulator) -> None:
    for answer in FAULTS:
        simulator.push({**answer, "times": 6})
        await asked(kiro)
        assert held(kiro) == 0, answer
        simulator.state.script.reset()


async def test_r32_after_mixed_faults_at_once_no_connection_is_held(kiro: Way, simulator: Simulator) -> None:
    dice = random.Random(32)
    simulator.push(*(dice.choice(FAULTS) for _ in range(400)))
    await asyncio.gather(*(asked(kiro) for _ in range(200)))
    assert held(kiro) == 0


@pytest.mark.parametrize("passes", range(0, 40, 3))
async def test_r32_cancelled_at_any_moment_no_connection_is_held(kiro: Way, simulator: Simulator, passes: int) -> None:
    simulator.push({"status": 429, "body": {"message": "x"}}, {"frames": [said("Hel")], "stall": True})
    task = asyncio.create_task(kiro.events())
    for _ in range(passes):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    assert held(kiro) == 0


async def test_r32_through_the_gateway_nothing_stays_open_in_the_simulator(
    live: Live, simulator: Simulator, form: Form
) -> None:
    for answer in FAULTS:
        simulator.push({**answer, "times": 6})
        await form.ask(live)
        simulator.state.script.reset()
    assert [exchange.ending for exchange in simulator.requests() if exchange.ending == "open"] == []


async def test_r32_a_kiro_that_goes_on_after_the_error_is_hung_up_on(form: Form, tmp_path: Path) -> None:
    gone = asyncio.Event()

    async def endless(_received: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n\r\n")
        writer.write(encoded(said("Hel")) + b"\xff" * 12)
        await left(reader)
        gone.set()

    async with raw_kiro(endless) as kiro, gateway_to(kiro.url, tmp_path) as live:
        assert (await form.ask(live)).error is not None
        await asyncio.wait_for(gone.wait(), 10)


async def test_r35_a_client_that_stops_reading_stops_the_reading_of_kiro(simulator: Simulator, tmp_path: Path) -> None:
    for form in (Form("anthropic", stream=True), Form("openai", stream=True)):
        simulator.push({"frames": [said(BLANKS)], "repeat": 4000})
        async with gateway(simulator, tmp_path) as live, live.post(form.path, **form.body()) as answer:
            await answer.content.readany()
            exchange = simulator.requests("generate")[-1]
            assert await standstill(live, exchange) < 40_000_000, "of 240 MB"
            answer.close()
        await simulator.until("client_left")
        simulator.state.record.clear()


async def test_r35_a_client_that_reads_nothing_and_half_closes_is_let_go_with_the_next_ping(
    simulator: Simulator, tmp_path: Path
) -> None:
    simulator.push({"frames": [said(BLANKS)], "repeat": 4000})
    body = json.dumps({**HELLO_BODY, "stream": True, "max_tokens": 64_000}).encode()
    told = {"content_type": "application/json", "content_length": len(body)}
    async with (
        gateway(simulator, tmp_path, stream__ping_interval=0.2) as live,
        raw.said(live, "POST", "/v1/messages", body, **told) as client,
    ):
        await client.reader.readuntil(b"message_start")
        await standstill(live, simulator.requests("generate")[-1])
        client.writer.write_eof()
        await simulator.until("client_left")


async def standstill(live: Live, exchange: Exchange) -> int:
    """Bytes that the simulator has sent, once that no longer moves while the loop is free to move it."""
    before = -1
    while exchange.sent != before:
        before = exchange.sent
        for _ in range(300):
            await asyncio.sleep(0)
        await live.get("/health")
    assert exchange.ending == "open"
    return before


async def test_r35_many_readers_that_stand_still_hold_up_nobody(simulator: Simulator, tmp_path: Path) -> None:
    simulator.push({"frames": [said(BLANKS)], "repeat": 4000, "times": 4}, {"frames": HELLO, "times": 4})
    async with gateway(simulator, tmp_path, **UNQUEUED) as live:
        form = Form("anthropic", stream=True)
        stalled = [await live.post(form.path, **form.body()) for _ in range(4)]
        for other in FORMS:
            assert (await other.ask(live)).text == "Hello"
        for answer in stalled:
            answer.close()
        await simulator.until("client_left", 4)
