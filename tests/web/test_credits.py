"""What a request used and cost: in the body, in headers and in the log, in three APIs, streamed and whole."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.simulator.server import Simulator
from gateway.web.buffered import BATCH
from tests.live import CEILING, Live, gateway
from tests.web.test_pump import events

MESSAGES, CHAT, RESPONSES = "/v1/messages", "/v1/chat/completions", "/v1/responses"
APIS = [MESSAGES, CHAT, RESPONSES]
FORMS = [(path, stream) for path in APIS for stream in (False, True)]
WINDOW = 200_000
CREDITS, EFFORT, MODEL = "x-kiro-gateway-credits", "x-kiro-gateway-effort", "x-kiro-gateway-model"


def text(content: str = "x" * 1000, model: str | None = None) -> dict[str, Any]:
    return {
        "event": "assistantResponseEvent",
        "payload": {"content": content} | ({"modelId": model} if model else {}),
    }


def percent(value: float) -> dict[str, Any]:
    return {"event": "contextUsageEvent", "payload": {"contextUsagePercentage": value}}


def metering(credits: float) -> dict[str, Any]:
    return {"event": "meteringEvent", "payload": {"unit": "credit", "unitPlural": "credits", "usage": credits}}


def counts(**tokens: int) -> dict[str, Any]:
    return {"event": "metadataEvent", "payload": {"stopReason": "END_TURN", "tokenUsage": tokens}}


def reasoning(content: str) -> dict[str, Any]:
    return {"event": "reasoningContentEvent", "payload": {"text": content}}


@pytest.fixture
async def live(simulator: Simulator, tmp_path: Path) -> AsyncIterator[Live]:
    """A gateway that counts a character as a token."""
    async with gateway(simulator, tmp_path, count=len) as running:
        yield running


@pytest.fixture
def records() -> Iterator[list[Any]]:
    with capture_logs() as found:
        yield found


async def line(live: Live, records: list[Any]) -> dict[str, Any]:
    """The access log's line of the only request, which is written when its answer is over."""
    async with asyncio.timeout(CEILING):
        while True:
            for record in records:
                if record["event"] == "request" and record["path"] in [*APIS, "/cc/v1/messages"]:
                    found: dict[str, Any] = record
                    return found
            await live.get("/health")


def request(path: str, content: str = "Say hello.", **changes: Any) -> dict[str, Any]:
    """The body of a request without a limit of tokens."""
    body: dict[str, Any] = {"model": "claude-sonnet-4.5", **changes}
    if path.startswith(RESPONSES):
        return {**body, "input": content}
    body["messages"] = [{"role": "user", "content": content}]
    if path == CHAT:
        return {**body, "stream_options": {"include_usage": True}} if body.get("stream") else body
    return {"max_tokens": 60_000, **body}


async def answered(live: Live, path: str, body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The usage at the end of an answer, and the answer's headers."""
    async with live.client.post(f"{live.url}{path}", json=body) as answer:
        said = await answer.text()
        headers = {name.lower(): value for name, value in answer.headers.items()}
    if not body.get("stream"):
        return json.loads(said)["usage"], headers
    data = [event for event in events(said) if event != "[DONE]"]
    found = [event.get("usage") or event.get("response", {}).get("usage") for event in data]
    return next(usage for usage in reversed(found) if usage), headers


def tokens(usage: dict[str, Any]) -> tuple[int, int]:
    """Input and output, by the names of any API."""
    return (
        usage.get("prompt_tokens", usage.get("input_tokens")),
        usage.get("completion_tokens", usage.get("output_tokens")),
    )


@pytest.mark.parametrize(("path", "stream"), FORMS)
async def test_input_is_percent_of_the_window_less_output(live: Live, path: str, stream: bool) -> None:
    live.simulator.push({"frames": [text(), percent(12.5)]})
    usage, _ = await answered(live, path, request(path, stream=stream))
    assert tokens(usage) == (24_000, 1_000)


@pytest.mark.parametrize(("path", "stream"), FORMS)
@pytest.mark.parametrize(
    ("frames", "used"),
    [
        ([text("x" * 600), reasoning("y" * 400), percent(12.5)], (24_000, 1_000)),
        ([text(), counts(outputTokens=5_000), percent(12.5)], (20_000, 5_000)),
        ([text(), counts(uncachedInputTokens=70, outputTokens=9), percent(12.5)], (70, 9)),
        ([text(), percent(1.0), percent(12.5)], (24_000, 1_000)),
    ],
    ids=["reasoning", "output given", "all given", "percent twice"],
)
async def test_output_is_all_that_the_model_wrote_and_kiros_own_counts_win(
    live: Live, path: str, stream: bool, frames: list[Any], used: tuple[int, int]
) -> None:
    live.simulator.push({"frames": frames})
    usage, _ = await answered(live, path, request(path, stream=stream))
    assert tokens(usage) == used


@pytest.mark.parametrize(("path", "stream"), FORMS)
@pytest.mark.parametrize("ends", [[percent(0.25)], [percent(0.0)], [metering(0.5)]], ids=["smaller", "zero", "none"])
async def test_without_a_percent_that_covers_the_output_the_input_is_an_estimate(
    live: Live, records: list[Any], path: str, stream: bool, ends: list[Any]
) -> None:
    live.simulator.push({"frames": [text(), *ends]})
    usage, _ = await answered(live, path, request(path, "word " * 700, stream=stream))
    assert tokens(usage) == (1_000, 1_000)
    assert (await line(live, records))["estimated"] is True


@pytest.mark.parametrize("stream", [False, True])
async def test_cached_tokens_are_a_part_of_what_percent_covers(live: Live, stream: bool) -> None:
    cached = counts(cacheReadInputTokens=10_000, cacheWriteInputTokens=4_000)
    live.simulator.push({"frames": [text(), cached, percent(12.5)]})
    usage, _ = await answered(live, MESSAGES, request(MESSAGES, stream=stream))
    names = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    assert [usage[name] for name in names] == [10_000, 1_000, 10_000, 4_000]


@pytest.mark.parametrize(("path", "stream"), FORMS)
async def test_metering_events_are_added_up_in_body_header_and_log(
    live: Live, records: list[Any], path: str, stream: bool
) -> None:
    live.simulator.push({"frames": [text(), percent(12.5), metering(0.1), metering(0.2)]})
    usage, headers = await answered(live, path, request(path, stream=stream))
    assert usage["credits_used"] == 0.3
    assert (await line(live, records))["credits"] == 0.3
    assert headers.get(CREDITS) == (None if stream else "0.3")


@pytest.mark.parametrize(("credits", "shown"), [(0.00001, "0.00001"), (0.0, "0"), (12.5, "12.5"), (3, "3")])
async def test_credits_are_written_as_a_plain_number(live: Live, credits: float, shown: str) -> None:
    live.simulator.push({"frames": [text(), metering(credits)]})
    _, headers = await answered(live, MESSAGES, request(MESSAGES))
    assert headers[CREDITS] == shown


async def test_credits_that_kiro_does_not_tell_have_no_header(live: Live, records: list[Any]) -> None:
    live.simulator.push({"frames": [text(), percent(12.5)]})
    usage, headers = await answered(live, MESSAGES, request(MESSAGES))
    assert CREDITS not in headers and "credits_used" not in usage
    assert "credits" not in await line(live, records)


async def test_stream_that_is_held_back_has_the_header(live: Live) -> None:
    live.simulator.push({"frames": [text(), percent(12.5), metering(0.1), metering(0.2)]})
    usage, headers = await answered(live, "/cc/v1/messages", request(MESSAGES, stream=True))
    assert (usage["credits_used"], headers[CREDITS]) == (0.3, "0.3")


async def test_usage_of_a_held_stream_is_logged_wherever_its_batches_end(live: Live, records: list[Any]) -> None:
    """A turn whose usage is the last event of a batch, and whose stop is alone in the next."""
    deltas = [text("x") for _ in range(BATCH - 3)]  # with the block's start and end and the usage, a batch
    live.simulator.push({"frames": [*deltas, percent(12.5), metering(0.5)]})
    usage, _ = await answered(live, "/cc/v1/messages", request(MESSAGES, stream=True))
    logged = await line(live, records)
    assert (logged["output_tokens"], logged["credits"]) == (usage["output_tokens"], 0.5) == (BATCH - 3, 0.5)


SEARCH_TOOL = {"type": "web_search_20250305", "name": "web_search"}


def search(*ends: dict[str, Any]) -> dict[str, Any]:
    """A turn that calls the search."""
    call = {"name": "web_search", "toolUseId": "tooluse_1"}
    payloads = [{**call, "input": '{"query": "kiro"}'}, {**call, "stop": True}]
    return {"frames": [*({"event": "toolUseEvent", "payload": payload} for payload in payloads), *ends]}


@pytest.mark.parametrize("stream", [False, True])
async def test_turns_of_a_web_search_are_added_up(live: Live, records: list[Any], stream: bool) -> None:
    live.simulator.push(search(metering(0.1)), {"frames": [text(), metering(0.2), metering(0.3)]})
    usage, headers = await answered(live, MESSAGES, request(MESSAGES, stream=stream, tools=[SEARCH_TOOL]))
    assert usage["credits_used"] == 0.6
    assert headers.get(CREDITS) == (None if stream else "0.6")
    assert (await line(live, records))["credits"] == 0.6


@pytest.mark.parametrize("stream", [False, True])
async def test_turns_before_a_failed_one_are_paid_for(live: Live, records: list[Any], stream: bool) -> None:
    live.simulator.push(search(metering(0.1)), {"status": 400, "body": {"message": "no"}})
    body = request(MESSAGES, stream=stream, tools=[SEARCH_TOOL])
    async with live.client.post(f"{live.url}{MESSAGES}", json=body) as answer:
        assert "error" in await answer.text()
    assert answer.headers.get(CREDITS) == (None if stream else "0.1")
    assert (await line(live, records))["credits"] == 0.1


@pytest.mark.parametrize("stream", [False, True])
async def test_answer_that_broke_after_it_was_metered_is_paid_for(live: Live, records: list[Any], stream: bool) -> None:
    broken = {"exception": "InternalServerException", "message": "boom"}
    live.simulator.push({"frames": [text(), metering(0.25), broken]})
    async with live.client.post(f"{live.url}{MESSAGES}", json=request(MESSAGES, stream=stream)) as answer:
        assert "error" in await answer.text()
    assert answer.headers.get(CREDITS) == (None if stream else "0.25")
    assert (await line(live, records))["credits"] == 0.25


async def test_both_answers_of_a_repair_are_paid_for(simulator: Simulator, tmp_path: Path, records: list[Any]) -> None:
    form = {"format": {"type": "json_schema", "schema": {"type": "object"}}}
    simulator.push({"frames": [text("no JSON"), metering(0.1)]}, {"frames": [text("{}"), metering(0.2)]})
    async with gateway(simulator, tmp_path, honour__repair=True) as live:
        usage, headers = await answered(live, MESSAGES, request(MESSAGES, output_config=form))
        assert (usage["credits_used"], headers[CREDITS]) == (0.3, "0.3")
        assert (await line(live, records))["credits"] == 0.3


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("path", "asked", "effort"),
    [
        (CHAT, {"model": "claude-opus-5", "reasoning_effort": "low"}, "low"),
        (CHAT, {"model": "claude-opus-5", "reasoning_effort": "xhigh"}, "xhigh"),
        (CHAT, {"model": "claude-opus-4.6", "reasoning_effort": "xhigh"}, "high"),
        (CHAT, {"model": "gpt-5.6-sol", "reasoning_effort": "none"}, "none"),
        (CHAT, {"model": "gpt-5.6-sol", "reasoning_effort": "medium"}, "medium"),
        (RESPONSES, {"model": "gpt-5.6-sol", "reasoning": {"effort": "high"}}, "high"),
        (MESSAGES, {"model": "claude-opus-5", "output_config": {"effort": "max"}}, "max"),
        (MESSAGES, {"model": "claude-opus-5"}, None),
        (CHAT, {"model": "claude-sonnet-4.5", "reasoning_effort": "high"}, None),
    ],
)
async def test_effort_is_the_one_that_was_sent(
    live: Live, records: list[Any], path: str, asked: dict[str, Any], effort: str | None, stream: bool
) -> None:
    _, headers = await answered(live, path, request(path, stream=stream, **asked))
    fields = live.sent().get("additionalModelRequestFields", {})
    assert (fields.get("output_config") or fields.get("reasoning") or {}).get("effort") == effort
    assert headers.get(EFFORT) == effort
    assert (await line(live, records)).get("effort") == effort


@pytest.mark.parametrize("stream", [False, True])
async def test_model_that_answered_is_in_header_and_log(live: Live, records: list[Any], stream: bool) -> None:
    live.simulator.push({"frames": [text("Hi", "claude-haiku-4.5"), percent(1.0)]})
    _, headers = await answered(live, MESSAGES, request(MESSAGES, model="auto", stream=stream))
    assert headers[MODEL] == "claude-haiku-4.5"
    logged = await line(live, records)
    assert (logged["model"], logged["upstream_model"], logged["answered_model"]) == ("auto", "auto", "claude-haiku-4.5")


@pytest.mark.parametrize("stream", [False, True])
async def test_credits_that_the_simulator_spreads_over_events_are_those_of_one(live: Live, stream: bool) -> None:
    spent = []
    for prompt in ("[[metering 1]] Say hello.", "[[metering 4]] Say hello."):
        usage, _ = await answered(live, MESSAGES, request(MESSAGES, prompt, stream=stream))
        spent.append(usage["credits_used"])
    assert spent[0] > 0 and spent[1] == pytest.approx(spent[0], abs=1e-5)
