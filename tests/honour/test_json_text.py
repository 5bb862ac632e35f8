"""Answers that must be JSON: what is taken off them."""

import pytest

from gateway.errors import GatewayError, Kind
from gateway.events import Event, Failure
from gateway.honour.json_text import JsonText
from tests.honour.turns import END, ended, passed, said, text, thinking


def bare(events: list[Event]) -> list[Event]:
    return passed(JsonText(), events)


@pytest.mark.parametrize(
    ("pieces", "left"),
    [
        (['{"name": "Ada"', ', "age": 36}'], '{"name": "Ada", "age": 36}'),
        (["```json\n", '{"name": ', '"Ada"}', "\n``", "`"], '{"name": "Ada"}'),
        ([' {"name":"\\ud83d"} '], ' {"name":"\\ud83d"} '),
        (["Sure! {}"], "Sure! {}"),
    ],
)
def test_a_fence_around_the_whole_text_is_taken_off(pieces: list[str], left: str) -> None:
    events = bare(ended(thinking(0, "no JSON here"), text(1, *pieces)))
    assert (said(events), events[-1]) == (left, END)


def test_a_failure_of_kiro_stays_and_what_was_held_back_comes_before_it() -> None:
    broken = Failure(GatewayError(Kind.UPSTREAM, "cut"))
    events = bare([*text(0, "```")[:-1], broken])
    assert (said(events), events[-1]) == ("```", broken)
