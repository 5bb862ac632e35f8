"""A simulator for each test, and gateways in front of it with any settings."""

from collections.abc import AsyncIterator

import pytest

from gateway.simulator.server import Simulator, start


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    running = await start()
    yield running
    await running.stop()
