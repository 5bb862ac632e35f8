"""One tool call of a turn and no second."""

import pytest

from gateway.events import Stop, StopReason
from gateway.honour.one_call import OneCall
from tests.honour.turns import call, ended, passed, text

USED = Stop(StopReason.TOOL_USE)


@pytest.mark.parametrize("chunk", [1, 3, 100])
def test_the_turn_ends_where_a_second_call_begins(chunk: int) -> None:
    first = [*text(0, "I look."), *call(1, "read", "{", "}"), *text(2, "And then")]
    events = ended(first, call(3, "write", "{}"), call(4, "run"), stop=USED)
    assert passed(OneCall(), events, chunk=chunk) == [*first, USED]


@pytest.mark.parametrize("events", [ended(text(0, "no call")), ended(call(0, "read", "{}"), text(1, "on"), stop=USED)])
def test_a_turn_with_one_call_or_none_keeps_its_own_end(events: list[object]) -> None:
    assert passed(OneCall(), events) == events
