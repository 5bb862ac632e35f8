"""A simulator for each test, a gateway on it, and the four forms."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.simulator.server import Simulator, start
from tests.faults.forms import FORMS
from tests.faults.kiro import gateway_to
from tests.live import Live


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes a ``form`` runs in all four."""
    if "form" in metafunc.fixturenames:
        metafunc.parametrize("form", FORMS, ids=str)


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    running = await start()
    yield running
    await running.stop()


@pytest.fixture
async def live(simulator: Simulator, tmp_path: Path) -> AsyncIterator[Live]:
    async with gateway_to(simulator.url, tmp_path) as made:
        yield made
