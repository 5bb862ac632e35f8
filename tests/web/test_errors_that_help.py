"""Each refusal of Kiro's as the client sees it: status, type, words, headers; streamed and whole, in both APIs."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.simulator.server import Simulator
from tests.live import Live, gateway

MESSAGES, CHAT = "/v1/messages", "/v1/chat/completions"
FORMS = [(MESSAGES, False), (MESSAGES, True), (CHAT, False), (CHAT, True)]
OVERFLOW = (
    r"prompt is too long: Kiro refused a request of (\d+) bytes, which are \d+ tokens by this gateway's estimate\."
)
PROFILE = 200
"""Bytes that the profile's name takes at the most; it is not part of what is measured."""

TEXT = {"event": "assistantResponseEvent", "payload": {"content": "half"}}


@pytest.fixture
async def live(simulator: Simulator, tmp_path: Path) -> AsyncIterator[Live]:
    async with gateway(simulator, tmp_path) as running:
        yield running


def refusal(status: int, message: str, reason: str | None = None) -> dict[str, Any]:
    body = {"message": message, "reason": reason}
    return {"status": status, "body": body, "headers": {"x-amzn-requestid": "kiro-7"}, "times": 12}


SUSPENDED = refusal(403, "Your User ID temporarily is suspended.", "TEMPORARILY_SUSPENDED")
MONTHLY = refusal(402, "You have reached the limit.", "MONTHLY_REQUEST_COUNT")
TOO_LONG = refusal(400, "Input is too long.", "CONTENT_LENGTH_EXCEEDS_THRESHOLD")
NO_MODEL = refusal(400, "Invalid model. Please select a different model to continue.", "INVALID_MODEL_ID")
SLOW = refusal(429, "Too many requests, please wait before trying again.")
BARE = refusal(400, "Improperly formed request.")

Seen = tuple[int, str, str | None]
"""(status, type, code)"""

TABLE: list[tuple[str, dict[str, Any], Seen, Seen]] = [
    ("suspended", SUSPENDED, (403, "permission_error", None), (403, "permission_error", "insufficient_permissions")),
    ("monthly", MONTHLY, (402, "billing_error", None), (429, "insufficient_quota", "insufficient_quota")),
    (
        "too long",
        TOO_LONG,
        (400, "invalid_request_error", None),
        (400, "invalid_request_error", "context_length_exceeded"),
    ),
    ("no model", NO_MODEL, (404, "not_found_error", None), (404, "invalid_request_error", "model_not_found")),
    ("bare", BARE, (400, "invalid_request_error", None), (400, "invalid_request_error", None)),
    ("slow", SLOW, (429, "rate_limit_error", None), (429, "rate_limit_error", "rate_limit_exceeded")),
]


@pytest.mark.parametrize(("path", "stream"), FORMS)
@pytest.mark.parametrize(("name", "answer", "anthropic", "openai"), TABLE, ids=[row[0] for row in TABLE])
async def test_a_refusal_has_its_status_type_and_code(
    live: Live, name: str, answer: dict[str, Any], anthropic: Seen, openai: Seen, path: str, stream: bool
) -> None:
    live.simulator.push(answer)
    status, body = await live.ask(path, stream=stream)
    error = body["error"]
    assert (status, error["type"], error.get("code")) == (anthropic if path == MESSAGES else openai)


@pytest.mark.parametrize(("path", "stream"), FORMS)
@pytest.mark.parametrize("answer", [SUSPENDED, MONTHLY, NO_MODEL, BARE, SLOW])
async def test_kiros_own_words_and_request_id_are_in_the_text(
    live: Live, answer: dict[str, Any], path: str, stream: bool
) -> None:
    live.simulator.push(answer)
    _, body = await live.ask(path, stream=stream)
    assert f"Kiro says: {answer['body']['message']}" in body["error"]["message"]
    assert "(Kiro's request id: kiro-7)" in body["error"]["message"]


@pytest.mark.parametrize(("path", "stream"), FORMS)
@pytest.mark.parametrize("where", ["status", "first frame"])
async def test_an_overflow_of_a_short_prompt_gives_its_size_and_no_figure_that_nobody_measured(
    live: Live, path: str, stream: bool, where: str
) -> None:
    frame = {"exception": "ValidationException", "message": "Input is too long.", "reason": TOO_LONG["body"]["reason"]}
    live.simulator.push(TOO_LONG if where == "status" else {"frames": [frame]})
    status, body = await live.ask(path, stream=stream)
    assert status == 400
    message = body["error"]["message"]
    found = re.fullmatch(OVERFLOW, message)
    assert found, message
    size = int(found[1])
    assert 0 <= len(json.dumps(live.sent(), separators=(",", ":"))) - size < PROFILE


async def test_an_overflow_of_a_long_prompt_gives_our_estimate_in_the_words_that_clients_read(live: Live) -> None:
    live.simulator.push(TOO_LONG)
    history = [{"role": role, "content": "a" * 500_000} for role in ("user", "assistant")] * 1
    _, body = await live.ask(messages=[*history, {"role": "user", "content": "now"}])
    assert body["error"]["message"] == (
        "prompt is too long: 285715 tokens > 200000 maximum. The first figure is this gateway's estimate."
    )


async def test_a_suspension_begins_with_the_words_scripts_look_for(live: Live) -> None:
    live.simulator.push(SUSPENDED)
    _, body = await live.ask()
    assert body["error"]["message"].startswith("account suspended:")


@pytest.mark.parametrize(("path", "stream"), FORMS)
async def test_an_unknown_model_comes_with_the_nearest_names(live: Live, path: str, stream: bool) -> None:
    live.simulator.push(NO_MODEL)
    _, body = await live.ask(path, stream=stream, model="claude-sonet-4.5")
    assert "Did you mean claude-sonnet-4.5" in body["error"]["message"]


@pytest.mark.parametrize(("path", "stream"), FORMS)
@pytest.mark.parametrize(
    ("answer", "retry"),
    [(SLOW, "true"), (MONTHLY, "false"), (SUSPENDED, "false"), (TOO_LONG, "false"), (BARE, "false")],
)
async def test_the_headers_say_whether_and_when_to_try_again(
    live: Live, answer: dict[str, Any], retry: str, path: str, stream: bool
) -> None:
    live.simulator.push(answer)
    async with live.post(path, stream=stream) as response:
        assert response.headers["x-should-retry"] == retry
        wait = response.headers.get("retry-after")
        assert (wait is not None and 1 <= int(wait) <= 60) if response.status == 429 else wait is None


@pytest.mark.parametrize(("path", "stream"), FORMS)
async def test_a_bare_refusal_says_that_no_known_rule_is_broken(live: Live, path: str, stream: bool) -> None:
    live.simulator.push(BARE)
    _, body = await live.ask(path, stream=stream)
    assert "No known rule is broken. Set DEBUG_MODE=errors" in body["error"]["message"]


@pytest.mark.parametrize("path", [MESSAGES, CHAT])
async def test_a_fault_in_mid_stream_has_kiros_words_and_id_too(live: Live, path: str) -> None:
    fault = {"exception": "InternalServerException", "message": "boom"}
    live.simulator.push({"frames": [TEXT, fault], "headers": {"x-amzn-requestid": "kiro-7"}})
    told = await live.stream(path)
    assert "Kiro says: boom (Kiro's request id: kiro-7)" in told
