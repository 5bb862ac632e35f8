"""Several turns with searches between them as one, driven by hand: the steps, the events, the bounds."""

import pytest

from gateway.conversation import Message, Text, ToolCall, ToolResult
from gateway.errors import GatewayError, Kind
from gateway.events import BlockEnd, BlockStart, Event, Failure, Stop, StopReason, TextDelta, Usage
from gateway.search.turns import Ask, Find, Read, SearchTurns
from gateway.search.values import Hit, SearchCall, SearchResult, WebSearch
from tests import wellformed
from tests.dialects.turns import call, text

HIT = Hit("https://a.org/", "A", "words")
CALLED = Stop(StopReason.TOOL_USE)
ENDED = Stop(StopReason.END_TURN)


def search(index: int, query: str = "q") -> list[Event]:
    return call(index, "web_search", '{"que', f'ry":"{query}"}}')


def found(query: str = "q") -> SearchResult:
    return SearchResult(SearchCall("tooluse_web_search", query), (HIT,))


def driven(turns: SearchTurns, *answers: list[Event]) -> list[Event]:
    """All that goes out when Kiro answers so, turn by turn, and every search finds the same page."""
    coming = list(answers)
    out = turns.feed(coming.pop(0))
    while not turns.ended:
        match turns.step:
            case Find(made):
                out += turns.found(SearchResult(made, (HIT,)))
            case Read() | Ask():
                out += turns.feed(coming.pop(0))
    assert not coming
    return out


def test_a_turn_without_a_search_goes_through_as_it_is() -> None:
    events = [*text(0, "a", "b"), *call(1, "read", "{}"), Usage(1, 2), CALLED]
    assert driven(SearchTurns(WebSearch()), events) == events


def test_a_search_and_its_result_are_blocks_and_the_next_turn_goes_on_behind_them() -> None:
    first, second = (
        [*text(0, "Hm."), *search(1), Usage(1, 2, credits=0.5), CALLED],
        [*text(0, "A."), Usage(3, 4), ENDED],
    )
    out = driven(SearchTurns(WebSearch()), first, second)
    wellformed.check(out)
    made = SearchCall("tooluse_web_search", "q")
    assert out[3:7] == [BlockStart(1, made), BlockEnd(1), BlockStart(2, SearchResult(made, (HIT,))), BlockEnd(2)]
    assert out[7:] == [*text(3, "A."), Usage(4, 6, credits=0.5, searches=1), ENDED]


def test_kiro_is_asked_again_with_all_that_was_said_and_found() -> None:
    turns = SearchTurns(WebSearch())
    turns.feed([*text(0, "Hm."), *search(1), Usage(1, 2), CALLED])
    assert turns.step == Find(SearchCall("tooluse_web_search", "q"))
    turns.found(found())
    assert isinstance(turns.step, Ask)
    said, results = turns.step.said
    assert said == Message("assistant", (Text("Hm."), ToolCall("tooluse_web_search", "web_search", '{"query":"q"}')))
    assert isinstance(results.blocks[0], ToolResult) and results.role == "user"


def test_it_does_not_matter_how_the_events_come() -> None:
    events = [*text(0, "Hm."), *search(1), *text(2, "and"), Usage(1, 2), CALLED]
    whole = SearchTurns(WebSearch()).feed(events)
    one_by_one = SearchTurns(WebSearch())
    assert [out for event in events for out in one_by_one.feed([event])] == whole
    wellformed.check(whole, ended=False)
    assert TextDelta(1, "and") in whole


def test_a_call_of_another_tool_makes_it_the_last_turn() -> None:
    out = driven(SearchTurns(WebSearch()), [*search(0), *call(1, "read", "{}"), Usage(1, 2), CALLED])
    wellformed.check(out)
    assert out[-2:] == [Usage(1, 2, searches=1), CALLED]


@pytest.mark.parametrize("arguments", ["", "{", "[]", '{"query":7}', '{"query":" "}'])
def test_a_call_without_a_query_is_answered_without_a_search(arguments: str) -> None:
    turns = SearchTurns(WebSearch())
    out = turns.feed([*call(0, "web_search", arguments), Usage(1, 2), CALLED])
    assert isinstance(turns.step, Ask)
    assert out[2] == BlockStart(1, SearchResult(SearchCall("tooluse_web_search", ""), error="invalid_input"))


def test_a_search_too_many_is_refused_and_a_second_refusal_ends_the_answer() -> None:
    turn = [*search(0), Usage(1, 1), CALLED]
    out = driven(SearchTurns(WebSearch(max_uses=1)), turn, turn, turn)
    wellformed.check(out)
    errors = [event.block.error for event in out if isinstance(event, BlockStart) and _is_result(event)]
    assert errors == [None, "max_uses_exceeded", "max_uses_exceeded"]
    assert out[-2:] == [Usage(3, 3, searches=1), ENDED]


def _is_result(event: BlockStart) -> bool:
    return isinstance(event.block, SearchResult)


def test_a_cut_call_is_not_searched_for() -> None:
    cut = [*search(0), Usage(1, 1), Stop(StopReason.MAX_TOKENS)]
    assert driven(SearchTurns(WebSearch()), cut) == cut[-2:]


def test_a_broken_turn_is_a_broken_answer() -> None:
    failure = Failure(GatewayError(Kind.UPSTREAM, "cut"))
    turns = SearchTurns(WebSearch())
    assert turns.feed([*search(0)[:2], failure]) == [failure] and turns.ended


def test_an_answer_that_cannot_go_on_fails() -> None:
    error = GatewayError(Kind.UPSTREAM, "no")
    turns = SearchTurns(WebSearch())
    assert turns.fail(error) == [Failure(error)] and turns.ended
