"""The queue alone, over places that are counted here: order, bounds, time, and that nobody who leaves takes a place."""

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from math import inf

import pytest

from gateway.accounts.queue import LONGEST_WAIT, SHORTEST_WAIT, WAIT, FairQueue, PoolRequest, QueueLimits, Waits
from gateway.errors import GatewayError, Kind

HERE = "here"
MIB = 1 << 20


class Clock:
    """Time that is moved by hand; timers run when their time has come."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[tuple[float, asyncio.TimerHandle]] = []

    def __call__(self) -> float:
        return self.now

    def call_at(self, when: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, call, (), asyncio.get_running_loop())
        self.timers.append((when, handle))
        return handle

    async def move(self, seconds: float) -> None:
        """Second by second, as timers that set the next one need it."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(self.now + 1.0, end)
            await self.run()

    async def run(self) -> None:
        """The timers that are due."""
        due = [handle for when, handle in self.timers if when <= self.now and not handle.cancelled()]
        self.timers = [(when, handle) for when, handle in self.timers if handle not in due and not handle.cancelled()]
        for handle in due:
            handle._run()
        await settled()


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@dataclass(eq=False)
class Places:
    """Accounts by name, with so many free places each; a dead one serves nobody.

    opens_at: of the queue. granted: who got a place, in this order.
    """

    free: dict[str, int]
    dead: set[str] = field(default_factory=set)
    opens_at: float = inf
    granted: "list[Someone]" = field(default_factory=list)
    made: FairQueue[str] = field(init=False)

    def vacant(self) -> bool:
        return any(free and name not in self.dead for name, free in self.free.items())

    def give_back(self, name: str) -> None:
        self.free[name] += 1
        self.made.serve()

    def queue(self, limits: QueueLimits | None = None, clock: Clock | None = None) -> FairQueue[str]:
        call_at = clock.call_at if clock else None
        self.made = FairQueue(
            self.vacant, lambda: self.opens_at, self.give_back, limits=limits, clock=clock, call_at=call_at
        )
        return self.made


@dataclass(eq=False)
class Someone:
    """A request that can be served at some accounts, and what became of it."""

    places: Places
    session: str = "s"
    accounts: tuple[str, ...] = (HERE,)
    key: str = "k"
    size: int = 0
    first: bool = False
    request: PoolRequest = field(init=False)
    task: asyncio.Task[str] = field(init=False)

    def __post_init__(self) -> None:
        self.request = PoolRequest(self.key.encode(), self.size, admitted=self.first)

    @property
    def kind(self) -> Hashable:
        return self.accounts

    def attempt(self, *, take: bool) -> str | Waits:
        left = [name for name in self.accounts if name not in self.places.dead]
        if not left:
            raise GatewayError(Kind.OVERLOADED, "no account")
        found = next((name for name in left if self.places.free[name]), None)
        if found is None or not take:
            return WAIT
        self.places.free[found] -= 1
        self.places.granted.append(self)
        return found

    def enter(self, queue: FairQueue[str]) -> "Someone":
        self.task = asyncio.create_task(queue.enter(self.request, self))
        return self

    @property
    def served(self) -> bool:
        return self.task.done() and not self.task.cancelled() and self.task.exception() is None

    @property
    def refusal(self) -> GatewayError | None:
        if not self.task.done() or self.task.cancelled():
            return None
        error = self.task.exception()
        assert error is None or isinstance(error, GatewayError)
        return error


async def release(places: Places, name: str = HERE) -> None:
    places.give_back(name)
    await settled()


async def order_served(places: Places, waiting: dict[str, Someone]) -> str:
    """One place after the other becomes free; the names in the order in which they are served."""
    names = ""
    for _ in waiting:
        before = {name for name, one in waiting.items() if one.served}
        await release(places)
        names += "".join(name for name, one in waiting.items() if one.served and name not in before)
    return names


async def test_free_place_is_taken_without_a_switch_of_tasks() -> None:
    places = Places({HERE: 1})
    entering = places.queue().enter(PoolRequest(), Someone(places))
    with pytest.raises(StopIteration) as done:
        entering.send(None)
    assert done.value.value == HERE


async def test_request_without_any_account_fails_at_once_also_behind_a_queue() -> None:
    places = Places({HERE: 0, "gone": 1}, dead={"gone"})
    queue = places.queue()
    waiting = Someone(places).enter(queue)
    await settled()
    with pytest.raises(GatewayError, match="no account"):
        await queue.enter(PoolRequest(), Someone(places, accounts=("gone",)))
    assert queue.waiting == 1
    waiting.task.cancel()


@pytest.mark.parametrize(
    ("arrivals", "served"),
    [
        (["a:x", "a:x", "a:x"], "123"),  # one session: first come, first served
        (["a:x", "a:x", "a:y"], "132"),  # two sessions of one key
        (["a:x", "a:x", "a:x", "b:x"], "1423"),  # two keys
        (["a:x", "a:y", "a:z", "b:x", "b:x"], "14253"),  # more sessions get a key no more places
        (["a:x", "a:x", "b:x", "c:x", "b:x"], "13425"),
    ],
)
async def test_places_go_round_the_keys_and_within_a_key_round_its_sessions(arrivals: list[str], served: str) -> None:
    places = Places({HERE: 0})
    queue, waiting = places.queue(), {}
    for number, arrival in enumerate(arrivals, 1):
        key, session = arrival.split(":")
        waiting[str(number)] = Someone(places, session, key=key).enter(queue)
        await settled()
    assert await order_served(places, waiting) == served


async def test_single_request_of_a_key_is_served_in_the_next_turn_after_200_of_another() -> None:
    places = Places({HERE: 0})
    queue = places.queue()
    many = [Someone(places, str(number % 50), key="many").enter(queue) for number in range(200)]
    await settled()
    single = Someone(places, key="single").enter(queue)
    await settled()
    await release(places)
    await release(places)
    assert (single.served, sum(one.served for one in many)) == (True, 1)
    for one in many:
        one.task.cancel()


async def test_request_whose_account_is_full_holds_up_none_of_another_account_and_keeps_its_turn() -> None:
    places = Places({"a": 0, "b": 0})
    queue = places.queue()
    first = Someone(places, accounts=("a",), key="1").enter(queue)
    await settled()
    second = Someone(places, accounts=("a", "b"), key="2").enter(queue)
    third = Someone(places, accounts=("a",), key="3").enter(queue)
    await settled()
    await release(places, "b")
    assert [one.served for one in (first, second, third)] == [False, True, False]
    await release(places, "a")
    assert [one.served for one in (first, third)] == [True, False]
    third.task.cancel()


async def test_newcomer_takes_a_place_that_none_of_the_waiting_can_use() -> None:
    places = Places({"a": 0, "b": 1})
    queue = places.queue()
    waiting = Someone(places, accounts=("a",)).enter(queue)
    await settled()
    assert await queue.enter(PoolRequest(), Someone(places, accounts=("b",))) == "b"
    waiting.task.cancel()


async def test_newcomer_does_not_overtake_the_queue() -> None:
    places = Places({HERE: 0})
    queue = places.queue()
    first = Someone(places, key="a").enter(queue)
    await settled()
    second = Someone(places, key="b").enter(queue)
    places.give_back(HERE)
    await settled()
    assert (first.served, second.served) == (True, False)
    second.task.cancel()


async def test_request_that_had_a_place_goes_before_those_that_had_none() -> None:
    places = Places({HERE: 0})
    queue = places.queue()
    new = Someone(places).enter(queue)
    await settled()
    again = Someone(places, first=True).enter(queue)
    await settled()
    await release(places)
    assert (again.served, new.served) == (True, False)
    new.task.cancel()


async def test_257th_waiting_request_is_refused() -> None:
    places = Places({HERE: 0})
    queue = places.queue()
    waiting = [Someone(places, key=str(number)).enter(queue) for number in range(257)]
    await settled()
    refused = [one for one in waiting if one.refusal is not None]
    assert refused == waiting[256:]
    assert queue.waiting == 256
    error = refused[0].refusal
    assert error is not None and (error.kind, error.should_retry) == (Kind.RATE_LIMIT, True)
    assert "256 requests are waiting" in error.message
    for one in waiting:
        one.task.cancel()


@pytest.mark.parametrize(
    ("sizes", "refused"),
    [
        ([100, 28], []),
        ([100, 29], [1]),
        ([500], []),  # alone it may always wait
        ([500, 1], [1]),
        ([1, 500], [1]),
        ([64, 65, 64], [1]),
    ],
)
async def test_bytes_of_the_waiting_are_bounded(sizes: list[int], refused: list[int]) -> None:
    places = Places({HERE: 0})
    queue = places.queue()
    waiting = [Someone(places, size=size * MIB).enter(queue) for size in sizes]
    await settled()
    assert [number for number, one in enumerate(waiting) if one.refusal] == refused
    for one in waiting:
        one.task.cancel()
    await settled()
    assert (queue.waiting, queue._bytes) == (0, 0)


async def test_request_that_had_a_place_is_not_refused_by_the_bounds() -> None:
    places = Places({HERE: 0})
    queue = places.queue(QueueLimits(requests=1))
    waiting = [Someone(places, first=first) for first in (False, False, True)]
    for one in waiting:
        one.enter(queue)
        await settled()
    assert [one.refusal is None for one in waiting] == [True, False, True]
    assert await order_served(places, {"0": waiting[0], "2": waiting[2]}) == "20"


async def test_request_waits_no_longer_than_the_limit_over_all_its_calls() -> None:
    places, clock = Places({HERE: 0}), Clock()
    queue = places.queue(clock=clock)
    fresh, earlier = Someone(places), Someone(places)
    earlier.request.queued = 100.0
    for one in (fresh, earlier):
        one.enter(queue)
        await settled()
    await clock.move(19)
    assert (fresh.refusal, earlier.refusal) == (None, None)
    await clock.move(1)
    assert fresh.refusal is None and earlier.refusal is not None
    await clock.move(100)
    error = fresh.refusal
    assert error is not None and error.kind is Kind.RATE_LIMIT and "within 120 s" in error.message
    assert (fresh.request.queued, earlier.request.queued, queue.waiting) == (120.0, 120.0, 0)
    assert not [handle for _, handle in clock.timers if not handle.cancelled()]


async def test_waiting_time_is_counted_for_the_served_and_for_those_who_leave() -> None:
    places, clock = Places({HERE: 0}), Clock()
    queue = places.queue(clock=clock)
    served, left = Someone(places).enter(queue), Someone(places).enter(queue)
    await settled()
    await clock.move(7)
    await release(places)
    await clock.move(3)
    left.task.cancel()
    await settled()
    assert (served.request.queued, left.request.queued) == (7.0, 10.0)


@pytest.mark.parametrize(("age", "least", "most"), [(0, SHORTEST_WAIT, 15), (12, 12, 22), (100, 20, LONGEST_WAIT)])
async def test_refused_client_is_asked_to_wait_by_the_age_of_the_queue_and_not_in_step(
    age: float, least: float, most: float
) -> None:
    places, clock = Places({HERE: 0}), Clock()
    queue = places.queue(QueueLimits(requests=1), clock)
    waiting = Someone(places).enter(queue)
    await settled()
    await clock.move(age)
    refused = [Someone(places).enter(queue) for _ in range(30)]
    await settled()
    waits = {one.refusal.retry_after for one in refused if one.refusal and one.refusal.retry_after}
    assert (min(waits), max(waits), len(waits)) == (least, most, 11)
    waiting.task.cancel()


async def test_accounts_that_become_unusable_end_the_wait_of_those_who_have_no_other() -> None:
    places = Places({"a": 0, "b": 0})
    queue = places.queue()
    only_a = [Someone(places, accounts=("a",)).enter(queue) for _ in range(3)]
    both = Someone(places, accounts=("a", "b")).enter(queue)
    await settled()
    places.dead.add("a")
    queue.change()
    await asyncio.sleep(0.001)  # a timer of the loop that is due at once
    await settled()
    assert [str(one.refusal) for one in only_a] == ["no account"] * 3
    assert not both.task.done() and queue.waiting == 1
    await release(places, "b")
    assert both.served


@pytest.mark.parametrize(("opens_at", "served_at"), [(0.25, 0.25), (7.0, 1.0), (inf, 1.0)])
async def test_place_that_comes_with_time_alone_is_given_out(opens_at: float, served_at: float) -> None:
    """When a pause or an interval ends; what ends without a word, as a cooldown does, is noticed within a second."""
    places, clock = Places({HERE: 0}, opens_at=opens_at), Clock()
    waiting = Someone(places).enter(places.queue(clock=clock))
    await settled()
    places.free[HERE] = 1
    clock.now = served_at - 0.1
    await clock.run()
    assert not waiting.served
    clock.now = served_at
    await clock.run()
    assert waiting.served


@pytest.mark.parametrize("leaver", ["1", "2", "3"])
async def test_who_leaves_the_queue_holds_nobody_up(leaver: str) -> None:
    places = Places({HERE: 0})
    queue = places.queue()
    waiting = {name: Someone(places).enter(queue) for name in "123"}
    await settled()
    waiting.pop(leaver).task.cancel()
    await settled()
    assert queue.waiting == 2
    assert await order_served(places, waiting) == "123".replace(leaver, "")
    await release(places)
    assert (places.free, queue.waiting) == ({HERE: 1}, 0)


@pytest.mark.parametrize("leaves_first", [True, False])
async def test_who_leaves_in_the_moment_of_being_let_in_gives_its_place_on(leaves_first: bool) -> None:
    places = Places({HERE: 0})
    queue = places.queue()
    first, second = Someone(places).enter(queue), Someone(places).enter(queue)
    await settled()
    if leaves_first:
        first.task.cancel()
    places.give_back(HERE)
    if not leaves_first:
        first.task.cancel()
    await settled()
    assert (first.task.cancelled(), second.served, queue.waiting) == (True, True, 0)


async def test_who_leaves_in_the_moment_of_being_refused_leaves_nothing() -> None:
    places = Places({HERE: 0})
    queue = places.queue()
    waiting = Someone(places).enter(queue)
    await settled()
    places.dead.add(HERE)
    queue._changed = True
    queue._look()
    waiting.task.cancel()
    await settled()
    assert waiting.task.cancelled() and queue.waiting == 0
