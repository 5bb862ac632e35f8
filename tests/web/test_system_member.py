"""Members of a body that belong to another API, over HTTP: they reach the model or are refused, and are never lost."""

import json
from pathlib import Path

import pytest

from gateway.simulator.server import Simulator
from tests.live import gateway

WORDS = "Answer like a pirate."


@pytest.mark.parametrize(
    ("path", "member"), [("/v1/chat/completions", "system"), ("/v1/chat/completions", "instructions")]
)
async def test_a_system_member_at_the_top_of_a_chat_body_reaches_kiro(
    simulator: Simulator, tmp_path: Path, path: str, member: str
) -> None:
    async with gateway(simulator, tmp_path) as live:
        status, _ = await live.ask(path, **{member: WORDS})
        assert status == 200 and WORDS in json.dumps(live.sent())


@pytest.mark.parametrize("member", ["prompt", "input", "prediction"])
async def test_what_a_chat_body_cannot_hold_is_refused_with_its_path(
    simulator: Simulator, tmp_path: Path, member: str
) -> None:
    async with gateway(simulator, tmp_path) as live:
        status, body = await live.ask("/v1/chat/completions", **{member: WORDS})
        assert (status, body["error"]["param"]) == (400, member)
