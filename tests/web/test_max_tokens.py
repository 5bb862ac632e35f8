"""``max_tokens`` where Kiro has no field for it: over HTTP, however few frames the answer comes in."""

from pathlib import Path
from typing import Any

import pytest

from gateway.kiro.tokens import TokenCounter
from gateway.simulator.server import Simulator
from tests.live import Live, gateway

PROSE = "The quick brown fox jumps over the lazy dog, and then it is gone.\n" * 4000
COUNTER = TokenCounter()


def said(*deltas: str) -> dict[str, Any]:
    return {
        "frames": [
            *({"event": "assistantResponseEvent", "payload": {"content": text}} for text in deltas),
            {"event": "contextUsageEvent", "payload": {"contextUsagePercentage": 12.5}},
        ]
    }


async def messages(live: Live, limit: int) -> tuple[str, int, str]:
    """(text, output tokens, why it ended)"""
    _, answer = await live.ask(max_tokens=limit)
    return answer["content"][0]["text"], answer["usage"]["output_tokens"], answer["stop_reason"]


async def chat(live: Live, limit: int) -> tuple[str, int, str]:
    _, answer = await live.ask("/v1/chat/completions", max_tokens=limit)
    choice = answer["choices"][0]
    return choice["message"]["content"], answer["usage"]["completion_tokens"], choice["finish_reason"]


async def responses(live: Live, limit: int) -> tuple[str, int, str]:
    _, answer = await live.ask("/v1/responses", input="Say hello.", max_output_tokens=limit)
    text = answer["output"][-1]["content"][0]["text"]
    return text, answer["usage"]["output_tokens"], answer["incomplete_details"]["reason"]


@pytest.mark.parametrize("ask", [messages, chat, responses])
async def test_one_long_frame_is_cut_within_the_tolerance_and_usage_counts_what_was_delivered(
    simulator: Simulator, tmp_path: Path, ask: Any
) -> None:
    async with gateway(simulator, tmp_path) as live:
        for length in (2000, 200_000):
            simulator.push(said(PROSE[:length]))
            text, tokens, reason = await ask(live, 20)
            assert PROSE.startswith(text)
            assert (COUNTER(text), tokens) == (25, 25)
            assert reason in ("max_tokens", "length", "max_output_tokens")


async def test_a_frame_of_many_portions_arrives_whole_within_the_limit(simulator: Simulator, tmp_path: Path) -> None:
    async with gateway(simulator, tmp_path) as live:
        simulator.push(said(PROSE[:40_000], "the end"))
        text, _, reason = await messages(live, 20_000)
        assert (text, reason) == (PROSE[:40_000] + "the end", "end_turn")
        simulator.push(said(PROSE[:40_000]))
        text, tokens, reason = await messages(live, 2000)
        assert PROSE.startswith(text) and 2400 < tokens <= 2500 and reason == "max_tokens"
