import json
from pathlib import Path

import pytest

from gateway.simulator import events
from gateway.simulator.events import Message

TOOL = ("read_file", "tooluse_AbCdEfGhIjKlMnOpQrStUv")
CHAT = "11111111-2222-4333-8444-555555555551"

SAMPLES = [
    events.initial_response(),
    events.message_metadata(CHAT, "11111111-2222-4333-8444-555555555553"),
    events.reasoning("Let me "),
    events.reasoning("think."),
    events.signature("EqQBCkYIinvented=="),
    events.text("Hel", "claude-sonnet-4.5"),
    events.text("lo"),
    *events.tool_use(*TOOL, ['{"pa', 'th": "a.txt"}']),
    events.metadata(uncached=812, output=57, cache_read=4096, cache_write=0),
    events.context_usage(0.226),
    events.metering(0.228),
    events.exception("ContentLengthExceededException", "Output limit reached"),
    events.exception(
        "ThrottlingException",
        "I am experiencing high traffic, please try again shortly.",
        "INSUFFICIENT_MODEL_CAPACITY",
    ),
    events.exception("ValidationException", "Improperly formed request.", with_reason=True),
    events.exception("InternalServerException", "Encountered an unexpected error", "MODEL_TEMPORARILY_UNAVAILABLE"),
    events.error("InternalError", "An internal server error occurred"),
]
VECTORS = json.loads((Path(__file__).parent / "vectors" / "frames.json").read_text(encoding="utf-8"))["kiro"]


@pytest.mark.parametrize(("message", "vector"), list(zip(SAMPLES, VECTORS, strict=True)))
def test_the_builders_make_the_known_frames(message: Message, vector: dict[str, str]) -> None:
    assert message.encode().hex() == vector["hex"]


@pytest.mark.parametrize(
    ("message", "kind", "payload"),
    [
        (events.redacted("cmVk"), "reasoningContentEvent", '{"redactedContent":"cmVk"}'),
        (
            events.tool_part("now", "t1", arguments={}, stop=True),
            "toolUseEvent",
            '{"input":{},"name":"now","stop":true,"toolUseId":"t1"}',
        ),
        (
            events.context_usage(12.4, {"conversation": 10.1}),
            "contextUsageEvent",
            '{"contextUsagePercentage":12.4,"breakdown":{"conversation":10.1}}',
        ),
        (
            events.metadata(stop_reason="END_TURN", uncached=10, output=5),
            "metadataEvent",
            '{"stopReason":"END_TURN","tokenUsage":{"uncachedInputTokens":10,"outputTokens":5,"totalTokens":15}}',
        ),
        (
            events.followup("Shall I add tests?", "GENERATE_UNIT_TESTS"),
            "followupPromptEvent",
            '{"followupPrompt":{"content":"Shall I add tests?","userIntent":"GENERATE_UNIT_TESTS"}}',
        ),
        (
            events.code_reference("MIT", "acme/x", "https://example.org", (0, 42)),
            "codeReferenceEvent",
            '{"references":[{"licenseName":"MIT","repository":"acme/x","url":"https://example.org",'
            '"recommendationContentSpan":{"start":0,"end":42}}]}',
        ),
        (
            events.web_links(("https://e.org", "E", "text"), tokens=(3, 4)),
            "supplementaryWebLinksEvent",
            '{"supplementaryWebLinks":[{"url":"https://e.org","title":"E","snippet":"text"}],'
            '"inputTokens":3,"outputTokens":4}',
        ),
        (
            events.citation(12, "https://e.org", "1"),
            "citationEvent",
            '{"target":{"location":12},"citationText":"1","citationLink":"https://e.org"}',
        ),
        (
            events.citation((1, 5), "https://e.org"),
            "citationEvent",
            '{"target":{"range":{"start":1,"end":5}},"citationLink":"https://e.org"}',
        ),
        (
            events.invalid_state("INVALID_TASK_ASSIST_PLAN", "gone"),
            "invalidStateEvent",
            '{"reason":"INVALID_TASK_ASSIST_PLAN","message":"gone"}',
        ),
        (events.code("x=1"), "codeEvent", '{"content":"x=1"}'),
        (
            events.intents("SUPPORT", "topic", "billing"),
            "intentsEvent",
            '{"intents":{"SUPPORT":{"topic":{"string":"billing"}}}}',
        ),
        (
            events.interaction("c1", {"text": {"content": "hi"}}),
            "interactionComponentsEvent",
            '{"interactionComponentEntries":[{"interactionComponentId":"c1",'
            '"interactionComponent":{"text":{"content":"hi"}}}]}',
        ),
        (events.dry_run(), "dryRunSucceedEvent", "{}"),
        (
            events.tool_result("t1", "ok"),
            "toolResultEvent",
            '{"toolResult":{"toolUseId":"t1","content":[{"text":"ok"}],"status":"success"}}',
        ),
    ],
)
def test_the_rarer_events_keep_the_key_order_of_the_wire(message: Message, kind: str, payload: str) -> None:
    assert (message.headers[":event-type"], message.payload.decode()) == (kind, payload)


def test_an_untyped_event_has_no_event_type() -> None:
    message = events.untyped({"_type": "com.amazon.aws.codewhisperer#ValidationException", "message": "bad"})
    assert message.headers == {":message-type": "event"}
