"""A whole answer is the fold of a turn's events."""

from gateway.conversation import RedactedThinking, Text, Thinking, ToolCall
from gateway.errors import GatewayError, Kind
from gateway.events import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    Event,
    Failure,
    SignatureDelta,
    Stop,
    StopReason,
    TextDelta,
    ThinkingDelta,
    Usage,
)
from gateway.reply import Reply


def fold(*events: Event) -> Reply:
    reply = Reply()
    for event in events:
        reply.add(event)
    return reply


def test_deltas_are_joined_in_their_block() -> None:
    reply = fold(BlockStart(0, Text("")), TextDelta(0, "a"), TextDelta(0, "a"), BlockEnd(0), Stop(StopReason.END_TURN))
    assert reply.blocks == [Text("aa")]


def test_a_signature_stays_with_its_thinking() -> None:
    reply = fold(
        BlockStart(0, Thinking("")),
        ThinkingDelta(0, "hm"),
        SignatureDelta(0, "sig"),
        BlockEnd(0),
        BlockStart(1, Thinking("")),
        BlockEnd(1),
    )
    assert reply.blocks == [Thinking("hm", "sig"), Thinking("", None)]


def test_redacted_thinking_is_whole_from_its_start() -> None:
    assert fold(BlockStart(0, RedactedThinking("AA==")), BlockEnd(0)).blocks == [RedactedThinking("AA==")]


def test_arguments_are_kept_verbatim() -> None:
    call = BlockStart(0, ToolCall("t1", "read", ""))
    reply = fold(call, ArgumentsDelta(0, '{"a" :'), ArgumentsDelta(0, " 1}"), BlockEnd(0))
    assert reply.blocks == [ToolCall("t1", "read", '{"a" : 1}')]


def test_usage_stop_and_failure_are_remembered() -> None:
    error = GatewayError(Kind.UPSTREAM, "cut")
    reply = fold(Usage(3, 4), Stop(StopReason.MAX_TOKENS), Failure(error))
    assert (reply.usage, reply.stop.reason, reply.error) == (Usage(3, 4), StopReason.MAX_TOKENS, error)
