"""R26: exception and error frames, by every name, first, in the middle and last: the right error before and after."""

from typing import Any

import anthropic
import openai
import pytest

from gateway.simulator.server import Simulator
from tests.faults.forms import Form
from tests.faults.kiro import END, said
from tests.live import KEY, Live

EXPECTED: dict[str, tuple[tuple[int, str], tuple[int, str]]] = {
    "AccessDeniedException": ((403, "permission_error"), (403, "permission_error")),
    "ConflictException": ((502, "api_error"), (502, "server_error")),
    "DryRunOperationException": ((400, "invalid_request_error"), (400, "invalid_request_error")),
    "InternalServerException": ((502, "api_error"), (502, "server_error")),
    "internalServerException": ((502, "api_error"), (502, "server_error")),
    "ResourceNotFoundException": ((502, "api_error"), (502, "server_error")),
    "ServiceUnavailableException": ((529, "overloaded_error"), (503, "server_error")),
    "ThrottlingException": ((429, "rate_limit_error"), (429, "rate_limit_error")),
    "ValidationException": ((400, "invalid_request_error"), (400, "invalid_request_error")),
    "ExpiredTokenException": ((401, "authentication_error"), (401, "invalid_request_error")),
    "com.amazon.aws.codewhisperer#ThrottlingException": ((429, "rate_limit_error"), (429, "rate_limit_error")),
    "error": ((502, "api_error"), (502, "server_error")),
    "NobodyHasSeenThisException": ((502, "api_error"), (502, "server_error")),
    "ServiceQuotaExceededException": ((402, "billing_error"), (429, "insufficient_quota")),
}
"""Name: status and type for Anthropic's clients, then for OpenAI's. The last one ends the account's month."""

WORDS = "Kiro's own words."


def expected(form: Form, name: str) -> tuple[int, str]:
    return EXPECTED[name][0 if form.api == "anthropic" else 1]


def exception(name: str) -> dict[str, Any]:
    return {"exception": name, "message": WORDS}


async def test_r26_first_it_is_a_status(live: Live, simulator: Simulator, form: Form) -> None:
    for name in EXPECTED:
        simulator.push({"frames": [exception(name)], "times": 12})
        outcome = await form.ask(live)
        assert outcome.error is not None
        assert (outcome.status, outcome.error["type"]) == expected(form, name), name
        assert WORDS in outcome.message and outcome.text == ""
        simulator.state.script.reset()
        await live.enable()


@pytest.mark.parametrize("place", ["in the middle", "behind the signal"])
async def test_r26_later_it_is_an_error_event_or_for_a_whole_answer_still_a_status(
    live: Live, simulator: Simulator, form: Form, place: str
) -> None:
    rest = [said(" more"), *END] if place == "in the middle" else []
    before = [said("Hel"), said("lo")] if place == "in the middle" else [said("Hello"), *END]
    for name in EXPECTED:
        simulator.push({"frames": [*before, exception(name), *rest]})
        outcome = await form.ask(live)
        status, kind = expected(form, name)
        assert outcome.error is not None
        assert (outcome.status, outcome.error["type"]) == (200 if form.stream else status, kind), name
        assert outcome.text == ("Hello" if form.stream else "") and WORDS in outcome.message
    assert len(simulator.requests("generate")) == len(EXPECTED)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    "frame",
    [
        {"error": "InternalServerException", "message": WORDS},
        {"headers": {":message-type": "error", ":error-code": "Whatever", ":error-message": WORDS}},
        {"headers": {":message-type": "exception", ":exception-type": "InternalServerException"}, "payload": WORDS},
        {"headers": {":message-type": "exception"}, "payload": {"message": WORDS}},
        {"headers": {":message-type": "event"}, "payload": {"_type": "x#InternalServerException", "message": WORDS}},
        {"headers": {":message-type": "event"}, "payload": {"type": "error", "message": WORDS}},
    ],
    ids=["error frame", "unknown code", "no JSON", "no name", "typed payload", "error payload"],
)
async def test_r26_every_shape_of_an_error_is_one(
    live: Live, simulator: Simulator, form: Form, frame: dict[str, Any], first: bool
) -> None:
    simulator.push({"frames": [frame] if first else [said("Hello"), frame], "always": True})
    outcome = await form.ask(live)
    assert WORDS in outcome.message
    assert outcome.status == (200 if form.stream and not first else 502)


@pytest.mark.parametrize("payload", ["", "not JSON", "[1]", "\x00\x01"])
async def test_r26_an_exception_without_readable_words_has_ours(
    live: Live, simulator: Simulator, form: Form, payload: str
) -> None:
    headers = {":message-type": "exception", ":exception-type": "ThrottlingException"}
    simulator.push({"frames": [said("Hello"), {"headers": headers, "payload": payload}]})
    outcome = await form.ask(live)
    assert outcome.error is not None and outcome.error["type"] == "rate_limit_error"
    assert outcome.message.startswith("Too many requests to Kiro")


async def test_r26_a_message_of_an_unknown_kind_is_an_error(live: Live, simulator: Simulator, form: Form) -> None:
    simulator.push({"frames": [said("Hello"), {"headers": {":message-type": "novel"}, "payload": "{}"}, *END]})
    assert "unknown kind" in (await form.ask(live)).message


async def test_r26_the_context_limit_reads_as_each_clients_compaction_expects(
    live: Live, simulator: Simulator, form: Form
) -> None:
    too_long = {"exception": "ValidationException", "message": "x", "reason": "CONTENT_LENGTH_EXCEEDS_THRESHOLD"}
    simulator.push({"frames": [too_long]})
    outcome = await form.ask(live)
    assert outcome.status == 400 and outcome.error is not None
    if form.api == "anthropic":
        assert outcome.message.startswith("prompt is too long: ") and "gateway's estimate" in outcome.message
    else:
        assert outcome.error["code"] == "context_length_exceeded"


async def test_r26_the_output_limit_after_text_ends_the_answer_as_cut_by_it(
    live: Live, simulator: Simulator, form: Form
) -> None:
    simulator.push({"frames": [said("Hello"), {"exception": "ContentLengthExceededException", "message": "x"}]})
    outcome = await form.ask(live)
    assert (outcome.text, outcome.stop) == ("Hello", "max_tokens" if form.api == "anthropic" else "length")


async def test_r26_the_output_limit_before_any_text_is_not_told_as_a_prompt_too_long(
    live: Live, simulator: Simulator, form: Form
) -> None:
    simulator.push({"frames": [{"exception": "ContentLengthExceededException", "message": WORDS}]})
    outcome = await form.ask(live)
    assert outcome.error is not None and outcome.error.get("code") is None
    assert outcome.status == 400 and "too long" not in outcome.message
    assert "smaller parts" in outcome.message and WORDS in outcome.message


@pytest.mark.parametrize("first", [True, False])
async def test_r26_the_official_sdks_raise_the_right_class(live: Live, simulator: Simulator, first: bool) -> None:
    simulator.push({"frames": [*([] if first else [said("Hel")]), exception("ThrottlingException")], "always": True})
    hello: Any = {"model": "claude-sonnet-4.5", "messages": [{"role": "user", "content": "Say hello."}]}
    async with anthropic.AsyncAnthropic(base_url=live.url, api_key=KEY, max_retries=0) as claude:
        with pytest.raises(anthropic.RateLimitError if first else anthropic.APIStatusError, match=WORDS):
            async with claude.messages.stream(**hello, max_tokens=99) as stream:
                await stream.get_final_message()
    async with openai.AsyncOpenAI(base_url=f"{live.url}/v1", api_key=KEY, max_retries=0) as gpt:
        with pytest.raises(openai.RateLimitError if first else openai.APIError, match=WORDS):
            [chunk async for chunk in await gpt.chat.completions.create(**hello, stream=True)]
