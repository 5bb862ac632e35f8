"""Claude Code's billing line on its way to Kiro."""

from pathlib import Path

import pytest

from gateway.simulator.server import Simulator
from tests.live import gateway

LINE = "x-anthropic-billing-header: cc_version=2.1.329.abc;"


@pytest.mark.parametrize(("strip", "sent"), [(True, "You are."), (False, f"{LINE}\nYou are.")])
async def test_it_reaches_kiro_only_where_the_user_wants_it(
    simulator: Simulator, tmp_path: Path, strip: bool, sent: str
) -> None:
    async with gateway(simulator, tmp_path, prompt__strip_billing_header=strip) as live:
        await live.ask(system=f"{LINE}\nYou are.")
        first = live.sent()["conversationState"]["history"][0]["userInputMessage"]["content"]
    assert first == sent
