"""The limit of tokens: when it cuts, and the usage it then gives. A token is a word here."""

import pytest

from gateway.events import BlockEnd, Event, Stop, StopReason, Usage
from gateway.honour.length import Length
from gateway.kiro.tokens import TokenCounter
from tests.honour.turns import USAGE, call, ended, passed, said, split, text, thinking

CUT = Stop(StopReason.MAX_TOKENS)


def words(text: str) -> int:
    return len(text.split())


def length(limit: int | None, *, thinking: bool = True) -> Length:
    return Length(limit, words, input_estimate=7, thinking=thinking)


def counted_up_to(number: int) -> str:
    return " ".join(f"word{index:04d}" for index in range(number))


@pytest.mark.parametrize("number", [1, 100, 124])
@pytest.mark.parametrize("size", [1, 5, 12, 4096])
def test_an_answer_up_to_a_quarter_over_the_limit_passes_whole(number: int, size: int) -> None:
    whole = counted_up_to(number)
    events = ended(text(0, *split(whole, range(0, len(whole), size))))
    assert passed(length(100), events) == events


@pytest.mark.parametrize("size", [1, 5, 12])
def test_a_longer_one_is_cut_just_after(size: int) -> None:
    whole = counted_up_to(200)
    events = passed(length(100), ended(text(0, *split(whole, range(0, len(whole), size)))), chunk=7)
    assert whole.startswith(said(events))
    assert 125 < words(said(events)) <= 128
    assert events[-3:] == [BlockEnd(0), Usage(7, words(said(events)), estimated=True), CUT]


def test_a_text_without_white_space_is_cut_too() -> None:
    counter = TokenCounter()
    for whole in ("我" * 400, "é" * 400, "A1b2" * 200):
        events = passed(Length(20, counter, input_estimate=1), ended(text(0, *split(whole, range(0, 800, 3)))))
        assert events[-1] == CUT
        assert 25 < counter(said(events)) < 80


def test_thinking_text_and_arguments_count_together() -> None:
    cut_in_call = passed(
        length(10), ended(thinking(0, "a b c d "), text(1, "a b c d "), call(2, "t", *["e ", "f "] * 20))
    )
    assert cut_in_call[-3:-1] == [BlockEnd(2), Usage(7, 13, estimated=True)]
    cut_in_thinking = passed(length(2), ended(thinking(0, *["word "] * 9), text(1, "never")))
    assert cut_in_thinking[-3] == BlockEnd(0)


def test_thinking_nobody_asked_for_does_not_count_towards_the_limit() -> None:
    events = ended(thinking(0, *["word "] * 500), text(1, "short"))
    assert passed(length(10, thinking=False), events) == events
    cut = passed(length(4, thinking=False), ended(thinking(0, "a b c "), text(1, *["word "] * 20)))
    assert cut[-2:] == [Usage(7, 3 + 6, estimated=True), CUT]


def test_kiros_own_usage_stays() -> None:
    events = ended(text(0, "hi"))
    assert passed(length(1), events) == events
    assert USAGE in events


def test_a_turn_that_another_stage_ended_gets_a_counted_usage() -> None:
    stopped: list[Event] = [*text(0, "one two three"), Stop(StopReason.STOP_SEQUENCE, "x")]
    assert passed(length(None), stopped) == [*text(0, "one two three"), Usage(7, 3, estimated=True), stopped[-1]]


def test_nothing_is_counted_while_the_limit_is_far() -> None:
    counted: list[str] = []
    stage = Length(1000, lambda text: counted.append(text) or 0, input_estimate=1)
    passed(stage, ended(text(0, *["twelve bytes"] * 200)))
    assert counted == []


def test_half_a_surrogate_pair_does_no_harm() -> None:
    assert passed(length(1), ended(text(0, *["\ud83d "] * 20)))[-1] == CUT
