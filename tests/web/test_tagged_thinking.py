"""Answers of models that think between tags, over HTTP: the answer arrives, whatever follows the end tag."""

from pathlib import Path
from typing import Any

import pytest

from gateway.simulator.server import Simulator
from tests.live import Live, gateway

END = {"event": "contextUsageEvent", "payload": {"contextUsagePercentage": 12.5}}
PROMPT = "Say hello."


def said(*deltas: str) -> dict[str, Any]:
    return {"frames": [*({"event": "assistantResponseEvent", "payload": {"content": text}} for text in deltas), END]}


async def messages(live: Live) -> str:
    _, answer = await live.ask(max_tokens=9000, thinking={"type": "enabled", "budget_tokens": 2000})
    return "".join(block.get("text", "") for block in answer["content"])


async def chat(live: Live) -> str:
    _, answer = await live.ask("/v1/chat/completions", reasoning_effort="low")
    return str(answer["choices"][0]["message"]["content"])


async def responses(live: Live) -> str:
    _, answer = await live.ask("/v1/responses", input=PROMPT, reasoning={"effort": "low"})
    return "".join(part["text"] for item in answer["output"] if item["type"] == "message" for part in item["content"])


@pytest.mark.parametrize("handling", ["as_reasoning_content", "remove"])
async def test_an_answer_arrives_whatever_follows_the_end_tag(
    simulator: Simulator, tmp_path: Path, handling: str
) -> None:
    async with gateway(simulator, tmp_path, thinking__handling=handling) as live:
        for ask in (messages, chat, responses):
            for behind in ("answer", "\nanswer", " answer", "\n\nanswer"):
                simulator.push(said("<thinking>a</thin", f"king>{behind}"))
                assert await ask(live) == "answer", (ask.__name__, behind)


async def test_an_answer_behind_a_quoted_end_tag_arrives_when_the_turn_ends(
    simulator: Simulator, tmp_path: Path
) -> None:
    async with gateway(simulator, tmp_path) as live:
        for ask in (messages, chat, responses):
            simulator.push(said('<thinking>a 5" pipe</thinking>ans', "wer"))
            assert await ask(live) == "answer", ask.__name__
