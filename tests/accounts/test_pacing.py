"""The gate: limits hold, order holds, and nobody who leaves takes a place along."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.accounts.pacing import UNLIMITED, Turnstile, pacer


class Clock:
    """Time that moves when told; timers run when their time has come."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[tuple[float, Callable[[], None], asyncio.TimerHandle]] = []

    def __call__(self) -> float:
        return self.now

    def call_at(self, when: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, call, (), asyncio.get_running_loop())
        self.timers.append((when, call, handle))
        return handle

    async def move(self, seconds: float) -> None:
        self.now += seconds
        due = [timer for timer in self.timers if timer[0] <= self.now]
        self.timers = [timer for timer in self.timers if timer[0] > self.now]
        for _, call, handle in due:
            if not handle.cancelled():
                call()
        await settled()


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def queue(gate: Turnstile, names: str, passed: list[str]) -> dict[str, asyncio.Task[None]]:
    async def go(name: str) -> None:
        await gate.enter()
        passed.append(name)

    return {name: asyncio.create_task(go(name)) for name in names}


async def test_without_limits_there_is_no_gate() -> None:
    assert pacer(0, 0.0) is UNLIMITED
    assert UNLIMITED.enter_now()
    await UNLIMITED.enter()
    UNLIMITED.pause(9)
    UNLIMITED.leave()
    assert not UNLIMITED.full


async def test_no_more_than_so_many_are_in_and_the_next_goes_when_one_leaves() -> None:
    gate, passed = Turnstile(2), list[str]()
    queue(gate, "abcd", passed)
    await settled()
    assert (passed, gate.running, gate.waiting, gate.full) == (["a", "b"], 2, 2, True)
    gate.leave()
    await settled()
    assert passed == ["a", "b", "c"]


async def test_a_newcomer_does_not_overtake_the_queue() -> None:
    gate, passed = Turnstile(1), list[str]()
    queue(gate, "ab", passed)
    await settled()
    gate.leave()
    assert not gate.enter_now()
    await settled()
    assert passed == ["a", "b"]


async def test_beginnings_are_an_interval_apart() -> None:
    clock, passed = Clock(), list[str]()
    gate = Turnstile(interval=10, clock=clock, call_at=clock.call_at)
    queue(gate, "abc", passed)
    await settled()
    seen = [len(passed)]
    for _ in range(4):
        await clock.move(5)
        seen.append(len(passed))
    assert seen == [1, 1, 2, 2, 3]


async def test_a_pause_lets_nobody_in_until_it_is_over() -> None:
    clock, passed = Clock(), list[str]()
    gate = Turnstile(clock=clock, call_at=clock.call_at)
    gate.pause(30)
    queue(gate, "ab", passed)
    await clock.move(29)
    assert not passed
    await clock.move(1)
    assert passed == ["a", "b"]


@pytest.mark.parametrize("leaver", ["b", "c", "d"])
async def test_who_leaves_the_queue_holds_nobody_up(leaver: str) -> None:
    gate, passed = Turnstile(1), list[str]()
    tasks = queue(gate, "abcd", passed)
    await settled()
    tasks[leaver].cancel()
    await settled()
    for _ in range(2):
        gate.leave()
        await settled()
    assert passed == [name for name in "abcd" if name != leaver]
    gate.leave()
    assert (gate.running, gate.waiting) == (0, 0)


async def test_who_is_let_in_at_the_moment_it_leaves_gives_its_place_on() -> None:
    gate, passed = Turnstile(1), list[str]()
    tasks = queue(gate, "abc", passed)
    await settled()
    gate.leave()
    tasks["b"].cancel()
    await settled()
    assert passed == ["a", "c"]


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 3), st.lists(st.tuples(st.sampled_from(["enter", "leave", "cancel", "yield"]), st.integers(0, 9)))
)
def test_whatever_comes_and_goes_no_place_is_lost(places: int, acts: list[tuple[str, int]]) -> None:
    asyncio.run(_come_and_go(places, acts))


async def _come_and_go(places: int, acts: list[tuple[str, int]]) -> None:
    gate = Turnstile(places)
    tasks: list[asyncio.Task[None]] = []
    inside: list[asyncio.Task[None]] = []
    for act, which in acts:
        if act == "enter":
            tasks.append(asyncio.create_task(gate.enter()))
        elif act == "cancel" and tasks:
            tasks[which % len(tasks)].cancel()
        elif act == "yield":
            await asyncio.sleep(0)
        inside = [task for task in tasks if task.done() and not task.cancelled()]
        assert gate.running <= places
        if act == "leave" and inside:
            tasks.remove(inside[which % len(inside)])
            gate.leave()
    for task in tasks:
        if not task.done():
            task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
            gate.leave()
    assert (gate.running, gate.waiting, gate.full) == (0, 0, False)
