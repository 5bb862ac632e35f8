"""A request above its model's double-price threshold: a warning before it is sent, and what Kiro's figures add."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.simulator.server import Simulator
from tests.live import Live, gateway
from tests.web.test_credits import CHAT, MESSAGES, RESPONSES, counts, metering, request, search, text
from tests.web.test_guard import TOOLS, failing

ABOVE = 272_000
GPT = "gpt-5.6-luna"
WARNING = "x-kiro-gateway-warning"
LONG = 200_000
"""Words: 1.2 MB, which are 300,000 tokens at four characters each, as these tests count, and 343,000 by its length."""


JSON = {"content-type": "application/json"}


def in_pieces(body: dict[str, Any]) -> BytesIO:
    """A large body as aiohttp wants it."""
    return BytesIO(json.dumps(body).encode())


def long(path: str, words: int, **changes: Any) -> dict[str, Any]:
    """The body of a request of so many words in several messages, as Kiro limits each."""
    said: list[dict[str, Any]] = []
    for _ in range(words // 20_000):
        said += [{"role": "user", "content": "words " * 20_000}, {"role": "assistant", "content": "ok"}]
    said.append({"role": "user", "content": "words " * (words % 20_000) + "Go on."})
    return request(path, **changes) | {"input" if path == RESPONSES else "messages": said}


def count(text: str) -> int:
    return len(text) // 4


async def warned(live: Live, body: dict[str, Any], path: str = MESSAGES) -> tuple[str, list[dict[str, Any]]]:
    """The warning in the headers, and what the log says of double prices."""
    with capture_logs() as records:
        async with live.client.post(f"{live.url}{path}", data=in_pieces(body), headers=JSON) as answer:
            await answer.read()
    assert answer.status == 200, await answer.text()
    return answer.headers.get(WARNING, ""), [one for one in records if one["event"].startswith("double_price")]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", [MESSAGES, CHAT, RESPONSES])
async def test_request_above_the_threshold_is_warned_of(
    simulator: Simulator, tmp_path: Path, path: str, stream: bool
) -> None:
    async with gateway(simulator, tmp_path, count=count) as live:
        warning, logged = await warned(live, long(path, LONG, model=GPT, stream=stream), path)
    assert f"above 272000 Kiro bills the whole request of {GPT} double" in warning
    assert ("about 300000 tokens" in warning) is stream
    expected = next(one for one in logged if one["event"] == "double_price_expected")
    assert (expected["model"], expected["threshold"], expected["log_level"]) == (GPT, ABOVE, "warning")
    assert 300_000 < expected["estimate"] < 300_500
    reached = next(one for one in logged if one["event"] == "double_price_reached")
    assert reached["input_tokens"] > 300_000 and reached["expected"] is True


@pytest.mark.parametrize(
    ("model", "words"),
    [(GPT, 170_000), ("claude-opus-5", LONG), ("auto", LONG)],
    ids=["below", "opus", "auto"],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_other_requests_are_not(
    simulator: Simulator, tmp_path: Path, model: str, words: int, stream: bool
) -> None:
    async with gateway(simulator, tmp_path, count=count) as live:
        assert await warned(live, long(MESSAGES, words, model=model, stream=stream)) == ("", [])


async def test_simulator_bills_it_double(simulator: Simulator, tmp_path: Path) -> None:
    async with gateway(simulator, tmp_path, count=count) as live:
        prices = []
        for words in (181_000, 182_000):
            body, chat = long(MESSAGES, words, model=GPT), {**JSON, "x-session-id": str(words)}
            async with live.client.post(f"{live.url}{MESSAGES}", data=in_pieces(body), headers=chat) as answer:
                prices.append((await answer.json())["usage"]["credits_used"])
    assert prices == [2.2, 4.4]


@pytest.mark.parametrize("stream", [False, True])
async def test_figure_of_kiros_that_is_above_is_logged_though_the_estimate_was_below(
    simulator: Simulator, tmp_path: Path, stream: bool
) -> None:
    simulator.push(
        {"frames": [text("Hi"), counts(uncachedInputTokens=100_000, cacheReadInputTokens=172_001, outputTokens=9)]}
    )
    async with gateway(simulator, tmp_path) as live:
        warning, [logged] = await warned(live, request(MESSAGES, model=GPT, stream=stream))
    assert (logged["event"], logged["input_tokens"], logged["expected"]) == ("double_price_reached", 272_001, False)
    assert ("The input was 272001 tokens" in warning) is not stream


@pytest.mark.parametrize("stream", [False, True])
async def test_figure_of_kiros_that_is_not_above_takes_the_warning_back_where_it_can(
    simulator: Simulator, tmp_path: Path, stream: bool
) -> None:
    simulator.push({"frames": [text("Hi"), counts(uncachedInputTokens=272_000, outputTokens=9)]})
    async with gateway(simulator, tmp_path, count=count) as live:
        warning, [logged] = await warned(live, long(MESSAGES, LONG, model=GPT, stream=stream))
    assert logged["event"] == "double_price_expected"
    assert bool(warning) is stream


async def test_stream_that_is_held_back_has_the_exact_figure(simulator: Simulator, tmp_path: Path) -> None:
    simulator.push({"frames": [text("Hi"), counts(uncachedInputTokens=300_123, outputTokens=9)]})
    async with gateway(simulator, tmp_path, count=count) as live:
        warning, logged = await warned(live, long(MESSAGES, LONG, model=GPT, stream=True), "/cc/v1/messages")
    assert warning.startswith("The input was 300123 tokens")
    assert [one["event"] for one in logged] == ["double_price_expected", "double_price_reached"]


async def test_an_estimate_confirms_nothing(simulator: Simulator, tmp_path: Path) -> None:
    simulator.push({"frames": [text("Hi"), metering(1.0)]})
    async with gateway(simulator, tmp_path, count=count) as live:
        warning, logged = await warned(live, long(MESSAGES, LONG, model=GPT))
    assert "about 300000 tokens" in warning
    assert [one["event"] for one in logged] == ["double_price_expected"]


async def test_each_call_of_an_answer_is_billed_by_its_own_input(simulator: Simulator, tmp_path: Path) -> None:
    used = counts(uncachedInputTokens=200_000, outputTokens=9)
    simulator.push(search(used), {"frames": [text("Hi"), used]})
    tools = [{"type": "web_search_20250305", "name": "web_search"}]
    async with gateway(simulator, tmp_path) as live:
        assert await warned(live, request(MESSAGES, model=GPT, tools=tools)) == ("", [])


async def test_it_stands_beside_the_warning_of_repeated_failures(simulator: Simulator, tmp_path: Path) -> None:
    simulator.push({"frames": [text("Hi"), counts(uncachedInputTokens=300_000, outputTokens=9)]})
    async with gateway(simulator, tmp_path) as live:
        warning, _ = await warned(live, request(MESSAGES, model=GPT, tools=TOOLS) | {"messages": failing(5)})
    repeated, price = warning.split("; ")
    assert "tool write has failed 5 times" in repeated and "double" in price
