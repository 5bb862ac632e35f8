"""The limit of tokens: when it cuts, and the usage it then gives. A token is a word here."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.events import ArgumentsDelta, BlockEnd, Event, Stop, StopReason, TextDelta, ThinkingDelta, Usage
from gateway.honour.length import Length
from gateway.kiro.tokens import TokenCounter
from tests.honour.turns import USAGE, call, ended, passed, said, split, text, thinking

CUT = Stop(StopReason.MAX_TOKENS)
COUNTER = TokenCounter()


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
def test_a_longer_one_is_cut_where_it_passes_that(size: int) -> None:
    whole = counted_up_to(200)
    events = passed(length(100), ended(text(0, *split(whole, range(0, len(whole), size)))), chunk=7)
    assert whole.startswith(said(events))
    assert words(said(events)) == 125
    assert events[-3:] == [BlockEnd(0), Usage(7, words(said(events)), estimated=True), CUT]


PROSE = "The quick brown fox jumps over the lazy dog, and then it is gone.\n" * 40
TEXTS = {
    "prose": PROSE,
    "chinese": "我" * 800,
    "accents": "é" * 800,
    "letters and digits": "A1b2" * 400,
    "json": '{"path": "/tmp/a-b_c.txt", "n": [1, 2, 33]}' * 60,
    "emoji": "👩‍👩‍👧 " * 300,
    "ligatures that are 18 letters in NFKC": "\ufdfa" * 200,
    "white space": "\n\n  \t\n" * 400,
    "symbols": "§±¶†‡•…‰" * 200,
}


@pytest.mark.parametrize("size", [1, 3, 50, 2000, 10**6])
@pytest.mark.parametrize("sort", TEXTS)
def test_no_text_gets_past_the_limit_however_it_comes(sort: str, size: int) -> None:
    counter, whole = COUNTER, TEXTS[sort]
    events = passed(Length(20, counter, input_estimate=1), ended(text(0, *split(whole, range(0, len(whole), size)))))
    assert whole.startswith(said(events)) and said(events)
    assert events[-1] == CUT
    (usage,) = [event for event in events if isinstance(event, Usage)]
    assert usage.output_tokens <= 25
    assert counter(said(events)) <= 25 + (1 if size < 50 else 0)  # words that came apart are counted apart
    assert usage.output_tokens >= 15


def test_one_frame_is_cut_at_the_character_with_which_its_count_passes_the_limit() -> None:
    counter = COUNTER
    events = passed(Length(20, counter, input_estimate=1), ended(text(0, PROSE[:2000])))
    delivered = said(events)
    assert counter(delivered) == 25 < counter(PROSE[: len(delivered) + 1])
    assert events[-2] == Usage(1, 25, estimated=True)


@pytest.mark.parametrize(
    "deltas", [text(0, PROSE), thinking(0, PROSE), call(0, "t", PROSE), text(0, "The ", PROSE[4:])]
)
def test_every_sort_of_delta_is_cut(deltas: list[Event]) -> None:
    events = passed(length(20), ended(deltas), chunk=100)
    last = next(event for event in reversed(events) if isinstance(event, TextDelta | ThinkingDelta | ArgumentsDelta))
    assert last.json if isinstance(last, ArgumentsDelta) else last.text
    assert events[-3:] == [BlockEnd(0), Usage(7, 25, estimated=True), CUT]


@pytest.mark.parametrize(
    "whole", ["a" + "e\u0301" * 50, "👩\u200d👩\u200d👧" * 30, "👍\U0001f3fd" * 30, "x" + "\u0301" * 500]
)
def test_no_character_is_cut_in_two(whole: str) -> None:
    for limit in range(1, 40):
        events = passed(Length(limit, len, input_estimate=1), ended(text(0, whole)))
        delivered = said(events)
        assert len(delivered) <= limit * 1.25
        if len(delivered) < len(whole) and "x" not in whole:
            rest = whole[len(delivered) :]
            assert rest[0] not in "\u0301\u200d\U0001f3fd" and not delivered.endswith("\u200d")


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.text(max_size=40) | st.sampled_from(["word ", "我", "\n\n", "x" * 3000, "\ud83d"]), max_size=30),
    st.integers(1, 60),
)
def test_the_limit_holds_for_any_text(pieces: list[str], limit: int) -> None:
    counter = COUNTER
    events = passed(Length(limit, counter, input_estimate=1), ended(text(0, *filter(None, pieces))), chunk=3)
    assert "".join(pieces).startswith(said(events))
    (usage,) = [event for event in events if isinstance(event, Usage)]
    if events[-1] == CUT:
        assert usage.output_tokens <= limit * 1.25


def test_counting_is_done_in_small_steps_and_each_character_a_few_times_only() -> None:
    for whole in (PROSE * 80, "x" * 200_000):
        for size in (1, 200_000):
            steps: list[int] = []
            stage = Length(
                20_000, lambda part, steps=steps: steps.append(len(part)) or len(part) // 5, input_estimate=1
            )
            events = passed(stage, ended(text(0, *(whole[at : at + size] for at in range(0, len(whole), size)))))
            assert events[-1] == CUT
            assert max(steps) <= 1024
            assert sum(steps) < 40 * len(whole)


def test_a_long_answer_leaves_little_to_count_at_its_end() -> None:
    sizes: list[int] = []
    stage = Length(None, lambda part: sizes.append(len(part)) or len(part), input_estimate=1)
    stage.feed(text(0, *["0123456789"] * 10_000))
    counted = sum(sizes)
    assert counted > 80_000
    assert stage.feed([Stop(StopReason.STOP_SEQUENCE, "x")])[0] == Usage(1, 100_000, estimated=True)
    assert sum(sizes) == 100_000 and max(sizes) <= 1024


def test_thinking_text_and_arguments_count_together() -> None:
    cut_in_call = passed(
        length(10), ended(thinking(0, "a b c d "), text(1, "a b c d "), call(2, "t", *["e ", "f "] * 20))
    )
    assert cut_in_call[-3:-1] == [BlockEnd(2), Usage(7, 12, estimated=True)]
    cut_in_thinking = passed(length(2), ended(thinking(0, *["word "] * 9), text(1, "never")))
    assert cut_in_thinking[-3] == BlockEnd(0)


def test_thinking_nobody_asked_for_does_not_count_towards_the_limit() -> None:
    events = ended(thinking(0, *["word "] * 500), text(1, "short"))
    assert passed(length(10, thinking=False), events) == events
    cut = passed(length(4, thinking=False), ended(thinking(0, "a b c "), text(1, *["word "] * 20)))
    assert cut[-2:] == [Usage(7, 3 + 5, estimated=True), CUT]


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
    passed(stage, ended(text(0, *["twelve bytes"] * 100)))
    assert counted == []


def test_half_a_surrogate_pair_does_no_harm() -> None:
    assert passed(length(1), ended(text(0, *["\ud83d "] * 20)))[-1] == CUT
