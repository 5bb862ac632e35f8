"""The gate: how many are in, and how far apart they begin."""

from math import inf

import pytest

from gateway.accounts.pacing import UNLIMITED, Turnstile, pacer
from tests.accounts.pooled import Time


async def test_without_limits_there_is_no_gate() -> None:
    assert pacer(0, 0.0) is UNLIMITED
    assert isinstance(pacer(1, 0.0), Turnstile)
    assert UNLIMITED.enter_now()
    UNLIMITED.pause(9)
    UNLIMITED.leave()
    assert (UNLIMITED.full, UNLIMITED.opens_at) == (False, -inf)


async def test_no_more_than_so_many_are_in() -> None:
    gate = Turnstile(2)
    assert [gate.enter_now() for _ in range(3)] == [True, True, False]
    assert (gate.running, gate.full, gate.opens_at) == (2, True, -inf)
    gate.leave()
    assert (gate.running, gate.full) == (1, False)


def test_beginnings_are_an_interval_apart() -> None:
    time = Time(0.0)
    gate, began = Turnstile(interval=10, clock=time), []
    for time.now in range(0, 31, 5):
        if gate.enter_now():
            began.append(time.now)
    assert began == [0, 10, 20, 30]
    assert gate.opens_at == 40


def test_pause_lets_nobody_in_until_it_is_over() -> None:
    time = Time(0.0)
    gate = Turnstile(clock=time)
    gate.pause(30)
    gate.pause(10)
    seen = []
    for time.now in (0, 10, 29, 30):
        seen.append(gate.full)
    assert (seen, gate.opens_at) == ([True, True, True, False], 30)


@pytest.mark.parametrize(("running", "opens_at"), [(1, 10.0), (2, -inf)])
def test_gate_without_places_opens_at_no_time(running: int, opens_at: float) -> None:
    time = Time(0.0)
    gate = Turnstile(2, clock=time)
    for _ in range(running):
        gate.enter_now()
    gate.pause(10)
    assert gate.opens_at == opens_at
