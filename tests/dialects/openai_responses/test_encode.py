"""The events of the Responses API (their bytes are in the golden files), by the types of OpenAI's own SDK."""

from typing import Any

import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from gateway.dialects.openai_responses import OPENAI_RESPONSES
from gateway.dialects.openai_responses.sealed import unseal
from gateway.errors import GatewayError, Kind
from gateway.events import Event, Failure, Stop, StopReason, Usage
from gateway.reply import Reply
from tests.dialects.received import openai_responses
from tests.dialects.sse_reader import read
from tests.dialects.turns import OPENING, TURNS, call, text, thinking

EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
BODY = {
    "instructions": "Be brief.",
    "metadata": {"a": "b"},
    "previous_response_id": "resp_0",
    "reasoning": {"effort": "low", "summary": "auto"},
    "tools": [
        {"type": "function", "name": "list_dir", "parameters": {}, "strict": False},
        {"type": "custom", "name": "patch"},
        {
            "type": "namespace",
            "name": "fs",
            "description": "files",
            "tools": [{"type": "function", "name": "read", "parameters": {}}, {"type": "custom", "name": "exec"}],
        },
    ],
}
END: list[Event] = [Usage(10, 5), Stop(StopReason.TOOL_USE)]


def stream(events: list[Event], body: dict[str, Any] = BODY) -> list[tuple[str, Any]]:
    encoder = OPENAI_RESPONSES.encoder(body, OPENING)
    return read(encoder.start() + b"".join(encoder.encode(event) for event in events))


def whole(events: list[Event]) -> dict[str, Any]:
    reply = Reply()
    for event in events:
        reply.add(event)
    return OPENAI_RESPONSES.render(reply, BODY, OPENING)


def items(events: list[Event]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stream([*events, *END])[-1][1]["response"]["output"]
    return found


@pytest.mark.parametrize("name", set(TURNS) - {"failure_in_text"})
def test_every_event_is_one_of_the_sdks_and_the_last_is_the_whole_answer(name: str) -> None:
    events = stream(TURNS[name])
    for _, data in events:
        EVENT.validate_python(data)
    assert events[-1][1]["response"] == whole(TURNS[name])
    Response.model_validate(whole(TURNS[name]))


def test_the_response_repeats_what_was_asked() -> None:
    begun = stream(TURNS["text"])[0][1]["response"]
    assert {name: begun[name] for name in BODY} == BODY
    assert (begun["status"], begun["output"], begun["usage"]) == ("in_progress", [], None)


def test_a_freeform_call_gives_its_text_as_it_grows() -> None:
    events = stream([*call(0, "patch", '{"in', 'put":"a\\', "nb", '😀"}'), *END])
    assert [data["delta"] for name, data in events if name.endswith("input.delta")] == ["a", "\nb", "😀"]
    assert openai_responses(events).calls == [["tooluse_patch", "patch", "a\nb😀"]]
    assert events[-1][1]["response"]["output"][0]["input"] == "a\nb😀"
    for _, data in events:
        EVENT.validate_python(data)


def test_a_freeform_call_of_another_form_comes_at_its_end() -> None:
    events = stream([*call(0, "patch", '{"text":1,', '"input":"late"}'), *END])
    assert [data["delta"] for name, data in events if name.endswith("input.delta")] == ["late"]
    assert openai_responses(events).calls == [["tooluse_patch", "patch", "late"]]


def test_a_namespace_is_restored_in_every_place() -> None:
    events = stream([*call(0, "fs__read", "{}"), *call(1, "fs__exec", '{"input":"x"}'), *END])
    told = [data["item"] for name, data in events if name.startswith("response.output_item.")]
    told += events[-1][1]["response"]["output"]
    assert {(item["type"], item["namespace"], item["name"]) for item in told} == {
        ("function_call", "fs", "read"),
        ("custom_tool_call", "fs", "exec"),
    }


def test_a_cut_call_of_a_function_shows_that_it_was_cut() -> None:
    events = stream([*call(0, "list_dir", '{"path":"a'), Usage(1, 1), Stop(StopReason.MAX_TOKENS)])
    [item] = events[-1][1]["response"]["output"]
    assert (item["status"], item["arguments"]) == ("incomplete", '{"path":"a')
    assert events[-1][0] == "response.incomplete"


def test_a_cut_freeform_call_is_never_done_so_that_half_a_script_is_not_run() -> None:
    events = stream([*call(0, "patch", '{"input":"rm -r a'), Usage(1, 1), Stop(StopReason.MAX_TOKENS)])
    assert not any(name.endswith(".done") for name, _ in events)
    assert events[-1][1]["response"]["output"] == []


def test_signed_reasoning_is_sealed_and_unsigned_is_not() -> None:
    signed, unsigned = items([*thinking(0, "a", signature="s"), *thinking(1, "b")])
    assert unseal(signed["encrypted_content"]).signature == "s"  # type: ignore[union-attr]
    assert unsigned["encrypted_content"] is None


def test_reasoning_without_a_word_has_no_summary() -> None:
    events = stream([*thinking(0, signature="s"), *END])
    assert not any("summary" in name for name, _ in events)
    assert events[-1][1]["response"]["output"][0]["summary"] == []


@pytest.mark.parametrize(
    ("reason", "status", "details"),
    [
        (StopReason.END_TURN, "completed", None),
        (StopReason.STOP_SEQUENCE, "completed", None),
        (StopReason.MAX_TOKENS, "incomplete", {"reason": "max_output_tokens"}),
        (StopReason.CONTEXT_FULL, "incomplete", {"reason": "max_output_tokens"}),
        (StopReason.REFUSAL, "incomplete", {"reason": "content_filter"}),
    ],
)
def test_the_end_has_its_reason(reason: StopReason, status: str, details: object) -> None:
    response = whole([*text(0, "a"), Usage(1, 1), Stop(reason)])
    assert (response["status"], response["incomplete_details"]) == (status, details)


def test_usage_counts_cached_tokens_as_input_and_the_share_that_was_thought() -> None:
    turn = [*thinking(0, "a" * 30), *text(1, "b" * 70), Usage(10, 100, cache_read=300, cache_write=5, credits=0.5)]
    assert whole([*turn, Stop(StopReason.END_TURN)])["usage"] == {
        "input_tokens": 315,
        "input_tokens_details": {"cached_tokens": 300, "cache_write_tokens": 5},
        "output_tokens": 100,
        "output_tokens_details": {"reasoning_tokens": 30},
        "total_tokens": 415,
        "credits_used": 0.5,
    }


@pytest.mark.parametrize("kind", Kind)
def test_a_failure_has_a_code_the_finished_items_and_nothing_after_it(kind: Kind) -> None:
    error = GatewayError(kind, "Words.", retry_after=1.5)
    *_, (name, data) = stream([*text(0, "a"), *text(1, "b")[:2], Failure(error)])
    assert (name, data["response"]["status"]) == ("response.failed", "failed")
    assert data["response"]["error"]["code"]
    assert data["response"]["error"]["message"].startswith("Words.")
    assert [item["content"][0]["text"] for item in data["response"]["output"]] == ["a"]


def test_codex_reads_the_time_to_wait_out_of_the_message() -> None:
    error = GatewayError(Kind.RATE_LIMIT, "Slow down.", retry_after=1.5)
    told = stream([Failure(error)])[-1][1]["response"]["error"]
    assert told == {"code": "rate_limit_exceeded", "message": "Slow down. Please try again in 1.5s."}


def test_a_stream_that_fails_before_its_first_frame_begins_all_the_same() -> None:
    encoder = OPENAI_RESPONSES.encoder({}, OPENING)
    events = read(encoder.encode(Failure(GatewayError(Kind.UPSTREAM, "No."))))
    assert [name for name, _ in events] == ["response.created", "response.in_progress", "response.failed"]
