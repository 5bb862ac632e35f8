"""GPT costs about a third while a task keeps its conversationId; Claude's price does not depend on it."""

from collections.abc import Callable
from itertools import count

import pytest

from gateway.simulator.server import Simulator
from tests.simulator.client import ask, body

STEPS = 5


async def cost(simulator: Simulator, model: str, conversation: Callable[[], str]) -> float:
    """Credits of a task whose prompt grows a little in each step."""
    credits = 0.0
    for step in range(1, STEPS + 1):
        request = body("Read the file. " * (200 + 10 * step), model=model)
        request["conversationState"]["conversationId"] = conversation()
        answer = await ask(simulator, request)
        credits += sum(payload["usage"] for payload in answer.payloads("meteringEvent"))
    return credits


async def both(simulator: Simulator, model: str) -> tuple[float, float]:
    """Credits with one id for all steps, and with another in each."""
    numbers = count()
    stable = await cost(simulator, model, lambda: "one")
    return stable, await cost(simulator, model, lambda: f"random {next(numbers)}")


@pytest.mark.parametrize("model", ["gpt-5.6-sol", "gpt-5.6-luna"])
async def test_a_task_under_one_id_costs_about_a_third(simulator: Simulator, model: str) -> None:
    stable, changing = await both(simulator, model)
    assert 2.5 < changing / stable < 3.5


async def test_claude_costs_the_same_either_way(simulator: Simulator) -> None:
    stable, changing = await both(simulator, "claude-sonnet-4.5")
    assert stable == pytest.approx(changing, rel=0.01)


async def test_each_model_and_a_reset_begin_with_an_empty_cache(simulator: Simulator) -> None:
    first = await cost(simulator, "gpt-5.6-sol", lambda: "one")
    assert await cost(simulator, "gpt-5.6-terra", lambda: "one") == pytest.approx(first / 2, rel=0.01)  # half its rate
    assert await cost(simulator, "gpt-5.6-sol", lambda: "one") < first
    simulator.state.reset()
    assert await cost(simulator, "gpt-5.6-sol", lambda: "one") == pytest.approx(first, rel=0.01)
