"""Parts → events: how blocks open and close, and how a turn ends."""

from typing import Any

import pytest

from gateway.conversation import Text, ToolCall
from gateway.errors import GatewayError, Kind, Trouble, UpstreamError
from gateway.events import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    Event,
    Failure,
    Stop,
    StopReason,
    TextDelta,
    Usage,
)
from gateway.kiro.parts import ContextUsage, Fault, Metering, Part, ReasoningPart, StopPart, TextPart, ToolPart
from gateway.kiro.turn import ReasoningMode, Turn
from tests.corpus import plan
from tests.wellformed import check

SIGNAL = Metering(0.5)


def turn_of(*parts: Part, **changes: Any) -> tuple[Turn, list[Event]]:
    turn = Turn(plan(**changes), len)
    for part in parts:
        turn.add(part)
    return turn, turn.take()


def events(*parts: Part, delimited: bool = True, pending: int = 0, **changes: Any) -> list[Event]:
    turn, found = turn_of(*parts, **changes)
    turn.finish(delimited=delimited, pending=pending)
    found += turn.take()
    check(found)
    assert turn.ended
    return found


def reason(*parts: Part, **changes: Any) -> StopReason | str:
    """The stop reason, or the failure's message."""
    match events(*parts, **changes)[-1]:
        case Stop(why):
            return why
        case Failure(error):
            return error.message
    raise AssertionError("no end")


def limit_fault() -> Fault:
    return Fault(UpstreamError(Kind.CONTEXT_FULL, "too long"), limit=True)


def test_text_and_a_tool_have_their_own_blocks() -> None:
    assert events(TextPart("a"), TextPart("b"), ToolPart("t", "f", "{}", stop=True), SIGNAL) == [
        BlockStart(0, Text("")),
        TextDelta(0, "a"),
        TextDelta(0, "b"),
        BlockEnd(0),
        BlockStart(1, ToolCall("t", "f", "")),
        ArgumentsDelta(1, "{}"),
        BlockEnd(1),
        Usage(7, 4, credits=0.5, estimated=True),
        Stop(StopReason.TOOL_USE),
    ]


def test_every_piece_is_passed_on_as_it_comes() -> None:
    turn = Turn(plan(), len)
    for part, sort in (
        (TextPart("a"), TextDelta),
        (ToolPart("t", "f", '{"a"'), ArgumentsDelta),
        (ToolPart("t", "f", ":1}"), ArgumentsDelta),
    ):
        turn.add(part)
        assert isinstance(turn.take()[-1], sort)


END, TOOL, MAX = StopReason.END_TURN, StopReason.TOOL_USE, StopReason.MAX_TOKENS
SAID, CALLED = TextPart("x"), ToolPart("t", "f", "{}", stop=True)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((SAID, SIGNAL), END),
        ((SAID, CALLED, SIGNAL), TOOL),
        ((SAID, CALLED, StopPart("END_TURN")), END),
        ((SAID, StopPart("MAX_TOKENS"), SIGNAL), MAX),
        ((SAID, StopPart("length")), MAX),
        ((SAID, StopPart("new word")), END),
        ((SAID, CALLED, StopPart("")), TOOL),
        ((SAID, StopPart("REFUSAL")), StopReason.REFUSAL),
        ((SAID, StopPart("model_context_window_exceeded")), StopReason.CONTEXT_FULL),
        ((SAID, ContextUsage(99.9)), END),
        ((SAID, CALLED, ContextUsage(100.0)), StopReason.CONTEXT_FULL),
        ((SAID, StopPart("end_turn"), ContextUsage(101.0)), END),
        ((SAID, ToolPart("t", "f", "{", stop=True), StopPart("tool_use")), MAX),
        ((SAID, ToolPart("t", "f", "{"), SIGNAL), MAX),
        ((SAID, ToolPart("t", "f"), SIGNAL), MAX),
        ((SAID, ToolPart("t", "f", '{"a":1}'), SIGNAL), TOOL),
        ((SAID, limit_fault(), CALLED), MAX),
        ((ReasoningPart("x"), limit_fault()), MAX),
    ],
)
def test_a_complete_turn_stops_for_this_reason(parts: tuple[Part, ...], expected: StopReason) -> None:
    assert reason(*parts) is expected


CUT, EMPTY = "Kiro's answer was cut off before its end.", "Kiro sent an empty answer."
NOTHING = "Kiro ended the turn without saying anything."


@pytest.mark.parametrize(
    ("parts", "changes", "expected"),
    [
        ((SAID,), {}, CUT),
        ((SAID,), {"needs_signal": False}, END),
        ((SAID,), {"needs_signal": False, "delimited": False}, CUT),
        ((SAID,), {"needs_signal": False, "pending": 1}, CUT),
        ((SAID, SIGNAL), {"pending": 1}, CUT),
        ((SAID, SIGNAL), {"delimited": False}, END),
        ((), {"pending": 5}, CUT),
        ((), {}, EMPTY),
        ((), {"after_tool_results": True}, EMPTY),
        ((), {"needs_signal": False}, NOTHING),
        ((SIGNAL,), {}, NOTHING),
        ((TextPart(""), SIGNAL), {}, NOTHING),
        ((SIGNAL,), {"after_tool_results": True}, END),
        ((CALLED,), {"needs_signal": False}, TOOL),
        ((ToolPart("t", "f", "{}"),), {"needs_signal": False}, CUT),
        ((ToolPart("t", "f", "{", stop=True),), {"needs_signal": False}, MAX),
        ((ToolPart("t", ""), SIGNAL), {}, NOTHING),
        ((ToolPart("", "f"), SIGNAL), {}, "Kiro sent a tool call without an id."),
        ((limit_fault(),), {}, "too long"),
    ],
)
def test_completeness_decides_the_end(
    parts: tuple[Part, ...], changes: dict[str, Any], expected: StopReason | str
) -> None:
    assert reason(*parts, **changes) == expected


WAYS = ("retry", "elsewhere", "expired", "profile", "should_retry")
"""All that may lead to another send, beside the trouble that the account is in."""


def mendable() -> UpstreamError:
    ways = {"retry": True, "elsewhere": True, "expired": True, "profile": True, "should_retry": True}
    return UpstreamError(Kind.RATE_LIMIT, "slow", **ways, trouble=Trouble.BUSY)


@pytest.mark.parametrize("before", [SAID, SIGNAL, ReasoningPart("hm"), ToolPart("t", "f")])
@pytest.mark.parametrize("mode", [ReasoningMode.REMOVE, ReasoningMode.FIELD])
def test_a_fault_after_a_sign_of_work_forbids_sending_again(before: Part, mode: ReasoningMode) -> None:
    error = mendable()
    _, found = turn_of(before, Fault(error), reasoning=mode)
    failure = found[-1]
    assert isinstance(failure, Failure) and isinstance(failure.error, UpstreamError)
    assert (failure.error.kind, failure.error.message) == (error.kind, error.message)
    assert not any(getattr(failure.error, way) for way in WAYS) and failure.error.worked_on


def test_a_fault_before_any_sign_of_work_is_handed_on_as_it_is() -> None:
    error = mendable()
    _, found = turn_of(Fault(error))
    assert found == [Failure(error)]
    assert all(getattr(error, way) for way in WAYS) and error.trouble is Trouble.BUSY


def test_what_was_held_back_goes_out_before_a_failure() -> None:
    turn, _ = turn_of(TextPart("<thi\ud83d"), tags=True)
    turn.fail(GatewayError(Kind.TIMEOUT, "late"))
    found = turn.take()
    assert "".join(event.text for event in found if isinstance(event, TextDelta)) == "<thi\ufffd"
    assert isinstance(found[-1], Failure)


def test_an_open_call_stays_open_at_a_failure() -> None:
    turn, found = turn_of(ToolPart("t", "f", '{"a":1}'))
    turn.fail(GatewayError(Kind.TIMEOUT, "late"))
    assert not any(isinstance(event, BlockEnd) for event in found + turn.take())


def test_nothing_comes_after_the_end() -> None:
    turn, _ = turn_of(SAID, Fault(UpstreamError(Kind.UPSTREAM, "x")))
    turn.add(SAID)
    turn.finish(delimited=True, pending=0)
    turn.fail(GatewayError(Kind.TIMEOUT, "late"))
    assert turn.take() == []


def test_thousands_of_interleaved_calls_come_out_one_after_another() -> None:
    ids = [f"t{number}" for number in range(3000)]
    parts = [ToolPart(id, "f", "{") for id in ids] + [ToolPart(id, "f", "}", stop=True) for id in reversed(ids)]
    found = events(*parts, SIGNAL)
    assert [event.block.id for event in found if isinstance(event, BlockStart)] == ids  # type: ignore[union-attr]
    assert found[-1] == Stop(StopReason.TOOL_USE)


def test_a_queued_call_without_an_id_ends_the_turn_once() -> None:
    found = events(ToolPart("t", "f"), ToolPart("", "g"), TextPart("x"), ToolPart("t", "f", stop=True), SIGNAL)
    assert isinstance(found[-1], Failure)
    assert sum(isinstance(event, Failure) for event in found) == 1


def test_a_call_without_an_id_that_waited_for_the_end_is_a_failure_too() -> None:
    found = events(ToolPart("t", "f", "{}x"), ToolPart("", "g"), TextPart("x"), SIGNAL)
    assert isinstance(found[-1], Failure)


def test_a_signature_alone_has_a_block() -> None:
    found = events(ReasoningPart(signature="s"), SAID, SIGNAL)
    assert [type(event).__name__ for event in found[:3]] == ["BlockStart", "SignatureDelta", "BlockEnd"]
