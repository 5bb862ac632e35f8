"""Frames → parts, in the plain shapes and in all the odd ones."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Kind
from gateway.kiro.eventstream import Frame
from gateway.kiro.parts import (
    ContextUsage,
    Fault,
    Metering,
    Opening,
    Part,
    ReasoningPart,
    StopPart,
    TextPart,
    TokenUsage,
    ToolPart,
    Unknown,
)
from gateway.kiro.response import read
from tests.corpus.frames import as_json

TEXT, TOOL, METADATA = "assistantResponseEvent", "toolUseEvent", "metadataEvent"
LINKS = "supplementaryWebLinksEvent"


def parts(name: str | None, payload: Any, **headers: str) -> list[Part]:
    named = {} if name is None else {":event-type": name}
    raw = payload if isinstance(payload, bytes) else as_json(payload)
    return read(Frame(named | {f":{key.replace('_', '-')}": value for key, value in headers.items()}, raw))


@pytest.mark.parametrize(
    ("name", "payload", "expected"),
    [
        (TEXT, {"content": "a"}, [TextPart("a")]),
        (TEXT, {"content": "a", "modelId": "m"}, [TextPart("a", "m")]),
        (TEXT, {"content": "a", "messageStatus": "x"}, [TextPart("a")]),
        (TEXT, {"content": "a", "stopReason": "end_turn"}, [TextPart("a"), StopPart("end_turn")]),
        (TEXT, {TEXT: {"content": "a", "stop_reason": "x"}}, [TextPart("a"), StopPart("x")]),
        (TEXT, {TEXT: {"content": "a"}, "stopReason": "x"}, [TextPart("a"), StopPart("x")]),
        (TEXT, {"content": "a", TEXT: {"content": ""}}, [TextPart("a")]),
        (TEXT, {"toolUses": [{"toolUseId": "t", "name": "f", "input": {}}, 1]}, [ToolPart("t", "f", {}, stop=True)]),
        (TEXT, b'{"content":"\\ud83d"}', [TextPart("\ud83d")]),
        (TEXT, b'{"content":"\\uDE00x","extra":[]}', [TextPart("\ude00x")]),
        (TEXT, {"content": None}, []),
        (TEXT, b"", []),
        (TOOL, {"name": "f", "toolUseId": "t"}, [ToolPart("t", "f")]),
        (TOOL, {"input": "{", "name": "f", "toolUseId": "t", "stop": True}, [ToolPart("t", "f", "{", stop=True)]),
        (TOOL, {"input": {"a": 1}, "name": "f", "toolUseId": "t"}, [ToolPart("t", "f", {"a": 1})]),
        (TOOL, {"input": 3, "name": "f", "toolUseId": "t", "stop": None}, [ToolPart("t", "f", "3")]),
        (TOOL, {TOOL: {"input": "x", "name": "f", "toolUseId": "t"}}, [ToolPart("t", "f", "x")]),
        ("reasoningContentEvent", {"text": "a", "signature": "b"}, [ReasoningPart("a", "b")]),
        ("reasoningContentEvent", {"redactedContent": "r", "x": 1}, [ReasoningPart("", "", "r")]),
        ("contextUsageEvent", {"contextUsagePercentage": 12.4, "breakdown": {}}, [ContextUsage(12.4)]),
        ("contextUsageEvent", {"contextUsagePercentage": "12"}, []),
        ("contextUsageEvent", {"contextUsagePercentage": True}, []),
        ("contextUsageEvent", {"contextUsagePercentage": -1}, []),
        ("meteringEvent", {"unit": "credit", "usage": 0.5}, [Metering(0.5)]),
        (METADATA, {"tokenUsage": {"uncachedInputTokens": 1, "inputTokens": 9, "outputTokens": 2}}, [TokenUsage(1, 2)]),
        (
            METADATA,
            {"tokenUsage": {"cacheReadInputTokens": 3, "cacheWriteInputTokens": 4}},
            [TokenUsage(None, None, 3, 4)],
        ),
        (METADATA, {"usage": {"inputTokens": 1.0, "outputTokens": 2}}, [TokenUsage(1, 2)]),
        (METADATA, {"stopReason": "END_TURN"}, [StopPart("END_TURN")]),
        (LINKS, {"supplementaryWebLinks": [{"url": "u"}, {"inputTokens": 5}]}, [TokenUsage(5)]),
        (LINKS, {"supplementaryWebLinks": {"outputTokens": 5}}, [TokenUsage(None, 5)]),
        (LINKS, {"inputTokens": 5, "outputTokens": 6}, [TokenUsage(5, 6)]),
        (LINKS, {LINKS: {"inputTokens": 5}}, [TokenUsage(5)]),
        (LINKS, {"supplementaryWebLinks": [{"usage": {"inputTokens": 5, "outputTokens": 6}}]}, [TokenUsage(5, 6)]),
        (LINKS, {"a": {"b": [[{"c": {"inputTokens": 5}}]]}}, [TokenUsage(5)]),
        (METADATA, {"metadata": {"tokenUsage": {"uncachedInputTokens": 5}}}, [TokenUsage(5)]),
        (
            METADATA,
            {"tokenUsage": {"uncachedInputTokens": 1}, "usage": {"inputTokens": 9, "outputTokens": 2}},
            [TokenUsage(9, 2), TokenUsage(1)],
        ),
        (
            METADATA,
            {
                "tokenUsage": {
                    "outputTokens": 2,
                    "contextUsagePercentage": 12.5,
                    "normalizedTokenUsage": {"outputTokens": 7},
                }
            },
            [ContextUsage(12.5), TokenUsage(None, 2)],
        ),
        (METADATA, {"usage": 0.5}, [Metering(0.5, beside=True)]),
        (TEXT, {"content": "a", "usage": {"inputTokens": 5}}, [TextPart("a"), TokenUsage(5)]),
        (
            TOOL,
            {"name": "f", "toolUseId": "t", "input": {"inputTokens": 5}, "tokenUsage": {}},
            [ToolPart("t", "f", {"inputTokens": 5})],
        ),
        ("citationEvent", {"usage": {"outputTokens": 5}}, [TokenUsage(None, 5)]),
        ("citationEvent", b"Tokens", []),
        ("toolResultEvent", {"toolResult": {"inputTokens": 5}}, []),
        ("newEvent", {"tokenUsage": {"inputTokens": 5}}, [Unknown("newEvent"), TokenUsage(5)]),
        ("messageStopEvent", {"stop_reason": "max_tokens"}, [StopPart("max_tokens")]),
        ("message_stop", {}, [StopPart("")]),
        ("initial-response", {"conversationId": ""}, [Opening()]),
        ("messageMetadataEvent", {"conversationId": "c", "utteranceId": "u"}, [Opening()]),
        ("followupPromptEvent", {"followupPrompt": {"content": "x"}}, []),
        ("codeReferenceEvent", b"not JSON", []),
        ("newEvent", {"content": "x"}, [Unknown("newEvent")]),
        ("newEvent", b"\xff", [Unknown("newEvent")]),
        ("newEvent", b"[]", [Unknown("newEvent")]),
        (None, {"content": "a"}, [TextPart("a")]),
        (None, {"followupPrompt": {}}, []),
        (None, {TOOL: {"toolUseId": "t", "name": "f"}}, [ToolPart("t", "f")]),
        (None, {"conversationId": "c"}, [Opening()]),
        (None, {"strange": 1}, [Unknown("")]),
        (None, b"", [Unknown("")]),
    ],
)
def test_an_event_has_these_parts(name: str | None, payload: Any, expected: list[Part]) -> None:
    assert parts(name, payload) == expected
    assert parts(name, payload, message_type="event") == expected


@pytest.mark.parametrize("beyond", [10**400, 10**13, 1e300, -1], ids=["400 digits", "14 digits", "1e300", "minus"])
def test_a_figure_beyond_all_measure_is_none(beyond: float) -> None:
    told = {"contextUsagePercentage": beyond, "usage": beyond, "tokenUsage": {"uncachedInputTokens": beyond}}
    assert parts(METADATA, told) == []


def fault(*found: Part) -> Fault:
    (only,) = found
    assert isinstance(only, Fault)
    return only


@pytest.mark.parametrize(
    ("name", "payload", "headers", "kind"),
    [
        (
            None,
            {"message": "slow"},
            {"message_type": "exception", "exception_type": "ThrottlingException"},
            Kind.RATE_LIMIT,
        ),
        (None, b"not JSON", {"message_type": "exception", "exception_type": "NewException"}, None),
        (None, None, {"message_type": "exception"}, None),
        (None, None, {"message_type": "error", "error_code": "InternalError", "error_message": "boom"}, Kind.UPSTREAM),
        (None, {"_type": "x#ValidationException", "message": "bad"}, {}, Kind.INVALID_REQUEST),
        (TEXT, {"__type": "x#ValidationException", "message": "bad"}, {}, Kind.INVALID_REQUEST),
        (TEXT, {"type": "error", "message": "bad"}, {}, None),
        (TEXT, {"type": "exception", "error": {"message": "bad"}}, {}, None),
        (None, {"Output": {"__type": "x#UnknownOperationException"}, "Version": "1.0"}, {}, None),
        ("invalidStateEvent", {"reason": "INVALID_TASK_ASSIST_PLAN", "message": "gone"}, {}, None),
        (TEXT, b"not JSON", {}, Kind.UPSTREAM),
        (TOOL, b"[1]", {}, Kind.UPSTREAM),
        (TEXT, b'{"content":"\\ud83d"', {}, Kind.UPSTREAM),
        (TEXT, b'{"content":"\xff"}', {}, Kind.UPSTREAM),
        (TEXT, {"content": "x"}, {"message_type": "surprise"}, Kind.UPSTREAM),
    ],
)
def test_an_error_in_any_shape_is_a_fault(
    name: str | None, payload: Any, headers: dict[str, str], kind: Kind | None
) -> None:
    found = fault(*parts(name, payload, **headers))
    assert not found.limit
    assert kind in (None, found.error.kind)
    assert found.error.message


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("ContentLengthExceededException", {"message": "Output limit reached"}),
        ("com.amazon.aws.codewhisperer#ContentLengthExceededException", {"message": "x"}),
        ("ContentLengthExceededException:http://internal", {}),
        ("ValidationException", {"message": "Input is too long.", "reason": "CONTENT_LENGTH_EXCEEDS_THRESHOLD"}),
    ],
)
def test_an_exception_about_length_is_marked(name: str, payload: Any) -> None:
    assert fault(*parts(None, payload, message_type="exception", exception_type=name)).limit


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [TEXT, TOOL, LINKS, "content", "input", "toolUses", "usage", "tokenUsage", "name", "_type", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
event_types = st.sampled_from([TEXT, TOOL, METADATA, LINKS, "invalidStateEvent", "", "x"]) | st.integers() | st.binary()


@settings(deadline=None, max_examples=300)
@given(event_types, json_values | st.binary(max_size=30), st.sampled_from(["event", "exception", "error", "x", 5]))
def test_nothing_that_a_frame_holds_raises(name: Any, payload: Any, kind: Any) -> None:
    raw = payload if isinstance(payload, bytes) else as_json(payload)
    assert isinstance(read(Frame({":event-type": name, ":message-type": kind}, raw)), list)


def test_the_search_for_figures_is_bounded() -> None:
    deep: dict[str, Any] = {"inputTokens": 5}
    for _ in range(20):
        deep = {"inner": deep}
    assert parts(LINKS, deep) == []
    wide = {"supplementaryWebLinks": [{"url": "u"}] * 100_000 + [{"inputTokens": 5}]}
    assert parts(LINKS, wide) == []
