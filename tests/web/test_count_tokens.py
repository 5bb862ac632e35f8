"""Counting without asking anybody."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.simulator.server import Simulator
from tests.live import Live, gateway

PATH = "/v1/messages/count_tokens"
TOOL = {"name": "read", "description": "Reads a file of the project.", "input_schema": {"type": "object"}}


@pytest.fixture
async def live(simulator: Simulator, tmp_path: Path) -> AsyncIterator[Live]:
    async with gateway(simulator, tmp_path) as running:
        yield running


async def counted(live: Live, **changes: Any) -> int:
    status, answer = await live.ask(PATH, **changes)
    assert status == 200 and list(answer) == ["input_tokens"]
    return int(answer["input_tokens"])


async def test_everything_that_is_sent_counts(live: Live) -> None:
    bare = await counted(live)
    assert bare > 0
    for more in ({"system": "Be kind."}, {"tools": [TOOL]}, {"messages": [{"role": "user", "content": "hello " * 50}]}):
        assert await counted(live, **more) > bare


async def test_nobody_is_asked(live: Live) -> None:
    await asyncio.gather(*(counted(live, system=f"Number {number}") for number in range(25)))
    assert live.simulator.requests("generate") == []


async def test_what_is_no_request_is_a_400(live: Live) -> None:
    status, answer = await live.ask(PATH, messages=[{"role": "nobody", "content": "x"}])
    assert (status, answer["type"]) == (400, "error")
