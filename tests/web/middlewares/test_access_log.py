"""One line a request, however it ends: with what it took, without what was said."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.simulator.server import Simulator
from tests.live import KEY, Live, gateway
from tests.web.raw import said

TEXT = {"event": "assistantResponseEvent", "payload": {"content": "An answer nobody may log."}}
END = {"event": "contextUsageEvent", "payload": {"contextUsagePercentage": 12.5}}
BUSY = {"status": 429, "body": {"message": "slow"}}
SAID = "a prompt nobody may log"
MESSAGES = [{"role": "user", "content": SAID}]


@pytest.fixture
async def live(simulator: Simulator, tmp_path: Path) -> AsyncIterator[Live]:
    async with gateway(simulator, tmp_path) as running:
        yield running


class Lines:
    """The access log's lines while a test runs; ``next`` waits for one, since it is written when the answer is over."""

    def __init__(self, live: Live, records: list[Any]) -> None:
        self._live = live
        self._records = records

    def all(self) -> list[dict[str, Any]]:
        return [record for record in self._records if record["event"] == "request" and record["path"] != "/health"]

    async def only(self) -> dict[str, Any]:
        async with asyncio.timeout(30):
            while not self.all():
                await self._live.get("/health")
        [line] = self.all()
        assert SAID not in str(self._records) and KEY not in str(self._records)
        assert "nobody may log" not in json.dumps(line)
        return line


@pytest.fixture
def lines(live: Live) -> Any:
    with capture_logs() as records:
        yield Lines(live, records)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("path", "dialect"), [("/v1/messages", "anthropic"), ("/v1/chat/completions", "openai_chat")])
async def test_an_answer_leaves_its_tokens_stop_attempts_and_time(
    live: Live, lines: Lines, path: str, dialect: str, stream: bool
) -> None:
    live.simulator.push(BUSY, {"frames": [TEXT, END], "headers": {"x-amzn-requestid": "kiro-7"}})
    async with live.post(f"{path}?secret=1", stream=stream, messages=MESSAGES) as answer:
        await answer.read()
    line = await lines.only()
    assert (line["method"], line["path"], line["status"], line["dialect"]) == ("POST", path, 200, dialect)
    assert line["input_tokens"] + line["output_tokens"] == 25_000 and line["stop"] == "end_turn"
    assert (line["attempts"], line["endpoint"], line["upstream_request_id"]) == (2, "codewhisperer", "kiro-7")
    assert line["model"] == line["upstream_model"] == "claude-sonnet-4.5"
    assert line.get("stream", False) is stream and line["ms"] > 0
    assert line["faults"] == ["rate_limit"] and not {"error", "end", "refreshes", "waited_ms"} & line.keys()


async def test_what_went_wrong_on_the_way_is_told_and_counted(live: Live, lines: Lines) -> None:
    refused = {"status": 403, "body": {"message": "The bearer token included in the request is invalid."}}
    broken = {"status": 500, "body": {"__type": "InternalServerException", "message": "x"}}
    live.simulator.push(refused, BUSY, broken, {"frames": [TEXT, END]})
    await live.ask(messages=MESSAGES)
    line = await lines.only()
    assert line["attempts"] == 4 and line["faults"] == ["authentication", "rate_limit", "upstream"]
    assert line["refreshes"] == 1 and "stuck" not in line


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [({"messages": 7}, 400, "invalid_request"), ({"thread": {}}, 400, "invalid_request")],
)
async def test_a_request_that_fails_before_leaves_its_reason(
    live: Live, lines: Lines, changes: dict[str, Any], status: int, error: str
) -> None:
    await live.ask(**{"messages": MESSAGES, **changes})
    line = await lines.only()
    assert (line["status"], line["error"]) == (status, error)
    assert line["reason"] and "attempts" not in line and "stop" not in line


async def test_a_stranger_leaves_a_line_too(live: Live, lines: Lines) -> None:
    async with live.client.post(f"{live.url}/v1/messages", headers={"x-api-key": "wrong-key-of-a-stranger"}) as answer:
        assert answer.status == 401
    line = await lines.only()
    assert (line["status"], line["error"]) == (401, "authentication")
    assert "wrong-key" not in str(line)


async def test_a_stream_that_breaks_says_so_under_its_200(live: Live, lines: Lines) -> None:
    live.simulator.push({"frames": [TEXT, {"exception": "InternalServerException", "message": "boom"}]})
    assert "error" in await live.stream(messages=MESSAGES)
    line = await lines.only()
    assert (line["status"], line["end"], line["error"]) == (200, "failed", "upstream")


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_leaves_is_told_as_such(live: Live, lines: Lines, stream: bool) -> None:
    live.simulator.push({"frames": [TEXT], "stall": True} if stream else {"stall": "headers"})
    if stream:
        async with live.post(stream=True, messages=MESSAGES) as answer:
            await answer.content.readuntil(b"nobody may log")
            answer.close()
    else:
        await left_before_an_answer(live)
    line = await lines.only()
    assert line["end"] == "client_left"
    assert "error" not in line and "stop" not in line


async def left_before_an_answer(live: Live) -> None:
    body = json.dumps({"model": "auto", "max_tokens": 9, "messages": MESSAGES}).encode()
    headers = {"content_type": "application/json", "content_length": len(body)}
    async with said(live, "POST", "/v1/messages", body, **headers):
        await live.simulator.until("generate")


async def test_events_nobody_knows_are_counted(live: Live, lines: Lines) -> None:
    live.simulator.push({"frames": [TEXT, {"event": "novelEvent", "payload": {"a": 1}}, END]})
    await live.ask(messages=MESSAGES)
    assert (await lines.only())["unknown_events"] == {"novelEvent": 1}
