"""What the gateway does around a request, over real sockets: headers, repeats, trimming, cut calls, written calls."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.kiro.recovery import NOTICE
from gateway.simulator.server import Simulator
from tests.live import KEY, Live, gateway

MESSAGES, CHAT = "/v1/messages", "/v1/chat/completions"
FORMS = [(MESSAGES, False), (MESSAGES, True), (CHAT, False), (CHAT, True)]
TEXT = {"event": "assistantResponseEvent", "payload": {"content": "Hello", "modelId": "claude-haiku-4.5"}}
USAGE = {"event": "contextUsageEvent", "payload": {"contextUsagePercentage": 1.5}}
ANSWER = {"frames": [TEXT, USAGE], "headers": {"x-amzn-requestid": "kiro-7"}}
TOOLS = [{"name": "write", "description": "Write", "input_schema": {"type": "object", "properties": {}}}]
FUNCTIONS = [{"type": "function", "function": {"name": "write", "parameters": {"type": "object", "properties": {}}}}]


@pytest.fixture
async def live(simulator: Simulator, tmp_path: Path) -> AsyncIterator[Live]:
    async with gateway(simulator, tmp_path) as running:
        yield running


def ours(headers: Any) -> dict[str, str]:
    """The gateway's own headers, without their common front."""
    front = "x-kiro-gateway-"
    return {name.lower()[len(front) :]: value for name, value in headers.items() if name.lower().startswith(front)}


@pytest.mark.parametrize(("path", "stream"), FORMS)
async def test_the_answer_tells_who_gave_it_and_what_it_took(live: Live, path: str, stream: bool) -> None:
    live.simulator.push({"status": 429, "body": {"message": "slow"}}, ANSWER)
    async with live.post(path, stream=stream, model="auto", temperature=0.5) as response:
        told = ours(response.headers)
    assert told.pop("account") and KEY not in str(told)
    assert told == {
        "model": "claude-haiku-4.5",
        "endpoint": "codewhisperer",
        "upstream-request-id": "kiro-7",
        "attempts": "2",
        "ignored": "temperature",
    }


@pytest.mark.parametrize(("path", "stream"), FORMS)
async def test_an_error_tells_what_it_took_too(live: Live, path: str, stream: bool) -> None:
    live.simulator.push({"status": 400, "body": {"message": "no"}, "headers": {"x-amzn-requestid": "kiro-7"}})
    async with live.post(path, stream=stream) as response:
        told = ours(response.headers)
    assert response.status == 400
    assert (told["attempts"], told["endpoint"], told["upstream-request-id"]) == ("1", "kiro", "kiro-7")


async def test_before_kiro_names_a_model_the_one_it_was_asked_for_is_told(live: Live) -> None:
    thinking = {"event": "reasoningContentEvent", "payload": {"text": "hm"}}
    live.simulator.push({"frames": [thinking], "stall": True})
    async with live.post(stream=True, model="claude-sonnet-4-5-20250929") as response:
        assert ours(response.headers)["model"] == "claude-sonnet-4.5"


def failing(times: int) -> list[dict[str, Any]]:
    """A history that ends in so many equal failures."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": "go"}]
    for number in range(times):
        call = {"type": "tool_use", "id": f"t{number}", "name": "write", "input": {"path": "a"}}
        result = {"type": "tool_result", "tool_use_id": f"t{number}", "content": "no such folder", "is_error": True}
        messages += [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    return messages


@pytest.mark.parametrize(("times", "warned"), [(4, False), (5, True), (6, True)])
@pytest.mark.parametrize("stream", [False, True])
async def test_five_equal_failures_in_a_row_are_warned_of(live: Live, times: int, warned: bool, stream: bool) -> None:
    async with live.post(messages=failing(times), tools=TOOLS, stream=stream) as response:
        assert response.status == 200
        warning = ours(response.headers).get("warning", "")
    assert (f"tool write has failed {times} times in a row" in warning) is warned


async def test_with_the_setting_they_are_refused(simulator: Simulator, tmp_path: Path) -> None:
    async with gateway(simulator, tmp_path, guard__repeats=True) as live:
        status, body = await live.ask(messages=failing(5), tools=TOOLS)
        assert (status, body["error"]["type"]) == (400, "invalid_request_error")
        assert "write has failed 5 times in a row" in body["error"]["message"]
        assert "guard.repeats" in body["error"]["message"]
        assert (await live.ask(messages=failing(4), tools=TOOLS))[0] == 200
    assert len(simulator.requests("generate")) == 1


LONG = [{"role": role, "content": f"{number} " * 2000} for number in range(10) for role in ("user", "assistant")]
NOW = {"role": "user", "content": "now"}


async def test_without_a_limit_nothing_is_refused_or_dropped(live: Live) -> None:
    async with live.post(messages=[*LONG, NOW]) as response:
        assert response.status == 200 and "trimmed" not in ours(response.headers)
    assert len(live.sent()["conversationState"]["history"]) == len(LONG)


@pytest.mark.parametrize(("path", "kind"), [(MESSAGES, "request_too_large"), (CHAT, "invalid_request_error")])
async def test_a_limit_of_the_users_refuses_by_its_name(
    simulator: Simulator, tmp_path: Path, path: str, kind: str
) -> None:
    async with gateway(simulator, tmp_path, guard__max_payload_bytes=20_000) as live:
        status, body = await live.ask(path, messages=[*LONG, NOW])
    assert (status, body["error"]["type"]) == (413, kind)
    assert "guard.max_payload_bytes (KIRO_MAX_PAYLOAD_BYTES) allows 20000" in body["error"]["message"]
    assert simulator.requests("generate") == []


@pytest.mark.parametrize("stream", [False, True])
async def test_trimming_drops_the_oldest_turns_and_says_what(
    simulator: Simulator, tmp_path: Path, stream: bool
) -> None:
    settings = {"guard__auto_trim": True, "guard__max_payload_bytes": 40_000}
    async with gateway(simulator, tmp_path, **settings) as live:
        async with live.post(messages=[*LONG, NOW], stream=stream) as response:
            assert response.status == 200
            told = ours(response.headers)["trimmed"]
        kept = live.sent()["conversationState"]["history"]
    assert len(json.dumps(live.sent())) < 41_000
    assert told.startswith(f"messages={len(LONG) - len(kept)}; bytes=")
    assert kept[-1]["assistantResponseMessage"]["content"].startswith("9 ")


CUT = [
    {"event": "toolUseEvent", "payload": {"name": "write", "toolUseId": "t-cut", "input": '{"text": "abc'}},
    USAGE,
]


def back(path: str) -> list[dict[str, Any]]:
    """The history that brings the cut call back with a result, as a client of this API does."""
    if path == MESSAGES:
        call = {"type": "tool_use", "id": "t-cut", "name": "write", "input": {}}
        result = {"type": "tool_result", "tool_use_id": "t-cut", "content": "invalid input", "is_error": True}
        return [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    function = {"name": "write", "arguments": '{"text": "abc'}
    call = {"id": "t-cut", "type": "function", "function": function}
    answer = {"role": "tool", "tool_call_id": "t-cut", "content": "invalid input"}
    return [{"role": "assistant", "content": None, "tool_calls": [call]}, answer]


async def after_a_cut(live: Live, path: str, *, stream: bool, frames: list[Any], **cut: Any) -> str:
    """The user's words in the turn after an answer of these frames."""
    tools = TOOLS if path == MESSAGES else FUNCTIONS
    asked = [{"role": "user", "content": "write it"}]
    live.simulator.push({"frames": frames, **cut})
    async with live.post(path, messages=asked, tools=tools, stream=stream) as response:
        await response.read()
    async with live.post(path, messages=[*asked, *back(path)], tools=tools) as response:
        assert response.status == 200
    content: str = live.sent()["conversationState"]["currentMessage"]["userInputMessage"]["content"]
    return content


@pytest.mark.parametrize(("path", "stream"), FORMS)
async def test_the_model_is_told_of_a_call_that_the_limit_cut_off(live: Live, path: str, stream: bool) -> None:
    assert NOTICE in await after_a_cut(live, path, stream=stream, frames=CUT)


@pytest.mark.parametrize(("path", "stream"), FORMS)
async def test_of_a_call_lost_with_the_connection_it_is_not_told(live: Live, path: str, stream: bool) -> None:
    assert NOTICE not in await after_a_cut(live, path, stream=stream, frames=CUT[:1], cut_at=150, how="chunked-end")


async def test_nor_where_the_user_does_not_want_it(simulator: Simulator, tmp_path: Path) -> None:
    async with gateway(simulator, tmp_path, tools__truncation_recovery=False) as live:
        assert NOTICE not in await after_a_cut(live, MESSAGES, stream=True, frames=CUT)


WRITTEN = [
    {"event": "assistantResponseEvent", "payload": {"content": "So:\n[Called write wi"}},
    {"event": "assistantResponseEvent", "payload": {"content": 'th args: {"path": "a"}]'}},
    USAGE,
]


@pytest.mark.parametrize("on", [False, True])
async def test_a_written_call_is_a_call_only_with_the_setting(simulator: Simulator, tmp_path: Path, on: bool) -> None:
    async with gateway(simulator, tmp_path, tools__parse_text_calls=on) as live:
        simulator.push({"frames": WRITTEN, "times": 2})
        _, whole = await live.ask(tools=TOOLS)
        streamed = await live.stream(tools=TOOLS)
    assert whole["stop_reason"] == ("tool_use" if on else "end_turn")
    assert ('"stop_reason":"tool_use"' in streamed) is on
    if on:
        assert [block["type"] for block in whole["content"]] == ["text", "tool_use"]
        assert whole["content"][1]["input"] == {"path": "a"} and whole["content"][0]["text"] == "So:\n"


async def test_a_call_of_a_tool_that_was_not_offered_stays_text(simulator: Simulator, tmp_path: Path) -> None:
    async with gateway(simulator, tmp_path, tools__parse_text_calls=True) as live:
        simulator.push({"frames": WRITTEN, "times": 2})
        for changes in ({}, {"tools": TOOLS, "tool_choice": {"type": "none"}}):
            _, whole = await live.ask(**changes)
            assert whole["stop_reason"] == "end_turn"
