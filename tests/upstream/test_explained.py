"""A refusal without a reason is explained by the body that was sent, before the stream and as its first frame."""

import threading
from typing import Any

import pytest

from gateway.errors import UpstreamError
from gateway.simulator.server import Simulator
from gateway.threads import Threads
from gateway.upstream.exchange import UNEXPLAINED, Exchange, Patience
from tests.upstream.conftest import Way

BARE: dict[str, Any] = {"message": "Improperly formed request.", "reason": None}
FIRST_FRAME = {"frames": [{"exception": "ValidationException", **BARE}]}


async def refused(kiro: Way, content: str = "Say hello.") -> str:
    with pytest.raises(UpstreamError) as caught:
        await kiro.open(content)
    return caught.value.message


async def test_a_bare_refusal_names_the_broken_rule_and_its_place(kiro: Way, simulator: Simulator) -> None:
    told = await refused(kiro, content="")
    path = "conversationState.currentMessage.userInputMessage.content"
    assert f"What was sent breaks rule 4 (user-content) at {path}: put a text here" in told
    assert "Kiro says: Improperly formed request." in told


@pytest.mark.parametrize("answer", [{"status": 400, "body": BARE}, FIRST_FRAME], ids=["status", "first frame"])
async def test_without_a_broken_rule_it_says_so_and_what_to_do(
    kiro: Way, simulator: Simulator, answer: dict[str, Any]
) -> None:
    simulator.push(answer)
    told = await refused(kiro)
    assert "No known rule is broken." in told and "DEBUG_MODE=errors" in told


async def test_a_refusal_that_says_why_needs_no_explanation(kiro: Way, simulator: Simulator) -> None:
    simulator.push({"status": 400, "body": {"message": "Invalid profileArn."}})
    assert "rule" not in await refused(kiro)


async def test_where_too_many_refusals_are_examined_the_next_goes_out_unexplained(
    kiro: Way, simulator: Simulator
) -> None:
    explaining, gate = Threads("explanations", 1, waiting=0), threading.Event()
    examined = explaining.submit(gate.wait, 30)
    kiro.client.exchange = Exchange(Patience(), explaining=explaining)
    simulator.push({"status": 400, "body": BARE})
    assert (await refused(kiro)).endswith(UNEXPLAINED)
    gate.set()
    assert await examined
