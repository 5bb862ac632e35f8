"""The chunks of OpenAI's chat API (their bytes are in the golden files)."""

from typing import Any

import pytest

from gateway.conversation import ToolCall
from gateway.dialects.openai_chat import OPENAI_CHAT
from gateway.events import ArgumentsDelta, BlockEnd, BlockStart, Event, Stop, StopReason, Usage
from tests.dialects.sse_reader import read
from tests.dialects.turns import OPENING, TURNS, call, text

FUNCTIONS = {"functions": [{"name": "read"}]}


def chunks(events: list[Event], body: dict[str, Any]) -> list[Any]:
    encoder = OPENAI_CHAT.encoder(body, OPENING)
    return [data for _, data in read(encoder.start() + b"".join(encoder.encode(event) for event in events))]


@pytest.mark.parametrize("options", [None, {}, {"include_usage": False}])
def test_no_usage_chunk_comes_unasked(options: dict[str, bool] | None) -> None:
    received = chunks(TURNS["text"], {"stream_options": options})
    assert not any("usage" in chunk for chunk in received[:-1])
    assert received[-1] == "[DONE]"


def test_every_chunk_says_whose_it_is() -> None:
    for chunk in chunks(TURNS["two_calls"], {})[:-1]:
        assert chunk["id"] == f"chatcmpl-{OPENING.answer_id}"
        assert (chunk["object"], chunk["created"]) == ("chat.completion.chunk", OPENING.created)
        assert chunk["model"] == OPENING.model


def test_a_model_name_with_quotes_breaks_no_chunk() -> None:
    opening = type(OPENING)("A" * 24, 'm"\\\u2028}', 1, 1)
    encoder = OPENAI_CHAT.encoder({}, opening)
    stream = encoder.start() + b"".join(encoder.encode(event) for event in TURNS["two_calls"])
    assert all(chunk["model"] == opening.model for _, chunk in read(stream)[:-1])


def test_calls_are_counted_apart_from_text_blocks() -> None:
    events: list[Event] = [*text(0, "a"), *call(1, "x", "{}"), *text(2, "b"), *call(3, "y", "{", "}")]
    deltas = [chunk["choices"][0]["delta"].get("tool_calls") for chunk in chunks(events, {})]
    assert [delta[0]["index"] for delta in deltas if delta] == [0, 0, 1, 1, 1]


def test_the_first_tool_form_is_answered_in_its_own_words() -> None:
    call_ = [BlockStart(0, ToolCall("c", "read", "")), ArgumentsDelta(0, '{"a"'), ArgumentsDelta(0, ":1}"), BlockEnd(0)]
    received = chunks([*call_, Usage(1, 1), Stop(StopReason.TOOL_USE)], FUNCTIONS)
    assert [chunk["choices"][0]["delta"].get("function_call") for chunk in received[1:4]] == [
        {"name": "read", "arguments": ""},
        {"arguments": '{"a"'},
        {"arguments": ":1}"},
    ]
    assert received[4]["choices"][0]["finish_reason"] == "function_call"
