"""Liveness: open to all, asks nobody."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from gateway import __version__
from gateway.app import build, upstream_name
from gateway.simulator.server import Simulator
from tests.live import Live, gateway, given
from tests.web.raw import tell


@pytest.fixture
async def live(simulator: Simulator, tmp_path: Path) -> AsyncIterator[Live]:
    async with gateway(simulator, tmp_path) as running:
        yield running


@pytest.mark.parametrize("path", ["/", "/health"])
async def test_it_says_what_runs_here_to_anybody(live: Live, path: str) -> None:
    answer = await tell(live, "GET", path, key=None)
    told = answer.json()
    assert (answer.status, told["status"], told["version"], told["upstream"]) == (200, "ok", __version__, "custom")
    assert datetime.fromisoformat(told["timestamp"]) <= datetime.now(UTC)
    assert live.simulator.requests("generate") == []


async def test_the_greeting_of_claude_code_is_answered(live: Live) -> None:
    answer = await tell(live, "HEAD", "/api/hello", key=None)
    assert (answer.status, answer.body) == (200, b"")


async def test_a_simulator_is_never_taken_for_kiro(simulator: Simulator, tmp_path: Path) -> None:
    app = await build(replace(given(simulator, tmp_path), simulated=True))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        async with gateway(simulator, tmp_path / "client") as live:
            answer = await live.client.get(f"http://{host}:{port}/health")
            assert (await answer.json())["upstream"] == "simulator"
            assert answer.headers["x-kiro-gateway-upstream"] == "simulator"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("base_url", "simulated", "name"),
    [(None, False, "kiro"), ("http://127.0.0.1:1", False, "custom"), ("http://127.0.0.1:1", True, "simulator")],
)
async def test_the_server_behind_has_a_true_name(
    simulator: Simulator, tmp_path: Path, base_url: str | None, simulated: bool, name: str
) -> None:
    made = given(simulator, tmp_path, upstream__base_url=base_url)
    assert upstream_name(replace(made, simulated=simulated)) == name
