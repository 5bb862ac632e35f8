"""The queue over HTTP, with the default settings where no other are named: who runs, who waits, who is refused."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.simulator.server import Simulator, start
from tests.faults.kiro import END, said
from tests.live import gateway

HELD = {"frames": [{**said("Hello"), "gate": "go"}, *END], "always": True}
"""An answer that begins when its gate is opened."""


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    running = await start()
    yield running
    await running.stop()


def chat(number: int) -> dict[str, Any]:
    """A conversation of its own."""
    return {"messages": [{"role": "user", "content": f"Chat {number}."}]}


async def test_four_requests_of_an_account_run_at_once_and_all_are_served(simulator: Simulator, tmp_path: Path) -> None:
    async with gateway(simulator, tmp_path) as live:
        simulator.push(HELD)
        asking = asyncio.gather(*(live.ask(**chat(number)) for number in range(30)))
        await simulator.until("generate", 4)
        simulator.open("go", 30)
        statuses = Counter(status for status, _ in await asking)
    assert (statuses, simulator.state.record.peak["generate"]) == ({200: 30}, 4)
