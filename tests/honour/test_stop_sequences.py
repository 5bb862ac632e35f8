"""The cut at a stop sequence, at every split of the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError, Kind
from gateway.events import BlockEnd, BlockStart, Failure, Stop, StopReason, TextDelta
from gateway.honour.stop_sequences import StopSequences
from tests.honour.turns import END, USAGE, call, ended, passed, said, split, text, thinking

LETTERS = st.text("ab\n", max_size=14)
SEQUENCES = st.lists(st.text("ab\n", min_size=1, max_size=4), min_size=1, max_size=3)


def cut_by_hand(whole: str, sequences: list[str]) -> tuple[str, str | None]:
    """The definition, letter by letter: the first moment at which the text ends with a sequence, the longest one."""
    for end in range(1, len(whole) + 1):
        found = [sequence for sequence in sequences if whole[:end].endswith(sequence)]
        if found:
            longest = max(found, key=len)
            return whole[: end - len(longest)], longest
    return whole, None


@given(whole=LETTERS, sequences=SEQUENCES, cuts=st.lists(st.integers(0, 99), max_size=6), chunk=st.integers(1, 9))
def test_the_cut_does_not_depend_on_deltas_and_loses_nothing(
    whole: str, sequences: list[str], cuts: list[int], chunk: int
) -> None:
    expected, sequence = cut_by_hand(whole, sequences)
    events = passed(StopSequences(sequences), ended(text(0, *split(whole, cuts))), chunk=chunk)
    assert said(events) == expected
    assert events[-1] == (END if sequence is None else Stop(StopReason.STOP_SEQUENCE, sequence))
    assert (USAGE in events) is (sequence is None)


@pytest.mark.parametrize("position", range(1, 12))
def test_a_sequence_over_a_delta_border_is_found_at_every_split(position: int) -> None:
    whole = "one END two!"
    events = passed(StopSequences(["END"]), ended(text(0, whole[:position], whole[position:])))
    assert (said(events), events[-1]) == ("one ", Stop(StopReason.STOP_SEQUENCE, "END"))


def test_text_that_may_begin_a_sequence_waits_and_no_other_does() -> None:
    stage = StopSequences(["\n\nHuman:"])
    start, first, second, _ = text(0, "so\n", "\nHe")
    assert stage.feed([start, first]) == [BlockStart(0, start.block), TextDelta(0, "so")]
    assert stage.feed([second]) == [TextDelta(0, "\n\nHe")]


def test_text_that_waited_is_said_when_its_block_ends() -> None:
    assert said(passed(StopSequences(["END"]), ended(text(0, "the E", "N")))) == "the EN"


def test_text_that_waited_is_said_before_a_failure() -> None:
    broken = [*text(0, "the EN")[:-1], Failure(GatewayError(Kind.UPSTREAM, "cut"))]
    events = passed(StopSequences(["END"]), broken)
    assert said(events) == "the EN" and isinstance(events[-1], Failure)


def test_a_block_that_the_cut_leaves_empty_never_existed() -> None:
    events = passed(StopSequences(["END"]), ended(thinking(0, "hm"), text(1, "EN", "D of it")))
    assert events == [*thinking(0, "hm"), Stop(StopReason.STOP_SEQUENCE, "END")]


def test_an_empty_block_of_kiro_stays() -> None:
    events = ended(text(0), text(1, ""))
    assert [event for event in passed(StopSequences(["x"]), events) if isinstance(event, BlockEnd)] == [
        BlockEnd(0),
        BlockEnd(1),
    ]


def test_thinking_and_arguments_are_not_searched() -> None:
    events = ended(thinking(0, "END"), call(1, "read", '"END"'), text(2, "fine"))
    assert passed(StopSequences(["END"]), events) == events


def test_a_sequence_does_not_reach_over_two_blocks() -> None:
    events = ended(text(0, "E"), call(1, "read"), text(2, "ND"))
    assert said(passed(StopSequences(["END"]), events)) == "END"
