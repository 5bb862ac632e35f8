"""The queue as a state machine: whatever comes, ends, leaves and changes, nobody is lost and the order is fair."""

import asyncio
from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.accounts.queue import QueueLimits
from gateway.errors import Kind
from tests.accounts.test_queue import Clock, Places, Someone, settled

LIMITS = QueueLimits(requests=6, bytes=10, seconds=20.0)
ACCOUNTS = ("a", "b")
ARRIVAL = st.tuples(
    st.sampled_from("xyz"),
    st.sampled_from("12"),
    st.sampled_from((ACCOUNTS, ACCOUNTS, ACCOUNTS, ("a",), ("b",))),
    st.sampled_from((1, 1, 1, 2, 7)),
    st.sampled_from((False, False, False, True)),
)
"""Key, session, accounts, size, and whether it had a place before."""


class Queue(RuleBasedStateMachine):
    """Requests of three keys in two sessions each, over two accounts that come and go."""

    @initialize(a=st.integers(1, 2), b=st.integers(0, 1))
    def open(self, a: int, b: int) -> None:
        self.loop = asyncio.new_event_loop()
        self.limit = {"a": a, "b": b}
        self.clock = Clock()
        self.places = Places(dict(self.limit))
        self.queue = self.places.queue(LIMITS, self.clock)
        self.waiting: list[Someone] = []
        self.running: list[Someone] = []
        self.gone: list[Someone] = []
        self.turns: dict[str, Counter[str]] = {}

    def run(self) -> None:
        """Let the loop do what is due; then see who was served, refused or has left."""
        self.loop.run_until_complete(self.clock.run())
        self.loop.run_until_complete(settled())
        for one in self.places.granted:  # also who left in that moment: its key has had its turn
            self.check_turn(one)
        self.places.granted.clear()
        for one in [one for one in self.waiting if one.task.done()]:
            self.waiting.remove(one)
            (self.running if one.served else self.gone).append(one)
        for key in set(self.turns) - {one.key for one in self.universal()}:
            del self.turns[key]
        for key in {one.key for one in self.universal()} - set(self.turns):
            self.turns[key] = Counter()

    def universal(self) -> list[Someone]:
        """Those who wait and could use any place that becomes free."""
        return [one for one in self.waiting if one.accounts == ACCOUNTS and not one.request.admitted]

    def check_turn(self, served: Someone) -> None:
        """While a key waits that could use any place, no other key gets two."""
        self.turns.pop(served.key, None)
        if not served.first:
            for key, others in self.turns.items():
                others[served.key] += 1
                assert others[served.key] <= 1, f"{served.key} was served twice while {key} waited"

    @rule(arrivals=st.lists(ARRIVAL, min_size=1, max_size=6))
    def come(self, arrivals: list[tuple[str, str, tuple[str, ...], int, bool]]) -> None:
        for key, session, accounts, size, first in arrivals:
            one = Someone(self.places, session, accounts, key, size, first)
            waiting, held = self.queue.waiting, self.queue._bytes
            one.task = self.loop.create_task(self.queue.enter(one.request, one))
            self.waiting.append(one)
            self.run()
            if one.refusal is not None and one.refusal.kind is Kind.RATE_LIMIT:
                assert not first
                assert waiting >= LIMITS.requests or (waiting and held + size > LIMITS.bytes)

    @precondition(lambda self: self.running)
    @rule(numbers=st.lists(st.integers(0, 20), min_size=1, max_size=6))
    def end(self, numbers: list[int]) -> None:
        for number in numbers[: len(self.running)]:
            one = self.running.pop(number % len(self.running))
            self.gone.append(one)
            self.loop.call_soon(self.places.give_back, one.task.result())
            self.run()

    @precondition(lambda self: self.waiting)
    @rule(number=st.integers(0, 20))
    def leave(self, number: int) -> None:
        self.waiting[number % len(self.waiting)].task.cancel()
        self.run()

    @precondition(lambda self: self.waiting and self.running)
    @rule(ends=st.integers(0, 20), leaves=st.integers(0, 20), before=st.booleans())
    def leave_in_the_moment_of_an_end(self, ends: int, leaves: int, before: bool) -> None:
        one = self.running.pop(ends % len(self.running))
        self.gone.append(one)
        acts = [lambda: self.places.give_back(one.task.result()), self.waiting[leaves % len(self.waiting)].task.cancel]
        for act in reversed(acts) if before else acts:
            self.loop.call_soon(act)
        self.run()

    @rule(name=st.sampled_from(("a", "b", "b", "b")))
    def change(self, name: str) -> None:
        self.places.dead ^= {name}
        self.loop.call_soon(self.queue.change)
        self.run()

    @rule(seconds=st.floats(0.1, 12.0))
    def wait(self, seconds: float) -> None:
        self.loop.run_until_complete(self.clock.move(seconds))
        self.run()

    @invariant()
    def nobody_is_lost_and_no_limit_is_passed(self) -> None:
        if not hasattr(self, "queue"):
            return
        taken = Counter(one.task.result() for one in self.running)
        for name, limit in self.limit.items():
            assert self.places.free[name] + taken[name] == limit
            assert self.places.free[name] >= 0
        assert self.queue.waiting == len(self.waiting)
        assert self.queue._bytes == sum(one.size for one in self.waiting)
        new = [one for one in self.waiting if not one.first]
        assert len(new) <= LIMITS.requests
        assert all(one.request.queued <= LIMITS.seconds + 1 for one in (*self.waiting, *self.gone))

    @invariant()
    def no_place_stands_empty_that_somebody_waits_for(self) -> None:
        if hasattr(self, "queue"):
            for one in self.waiting:
                alive = [name for name in one.accounts if name not in self.places.dead]
                assert alive, "a request waits for accounts that are all unusable"
                assert not any(self.places.free[name] for name in alive)

    def teardown(self) -> None:
        if not hasattr(self, "queue"):
            return
        for one in self.waiting:
            one.task.cancel()
        self.loop.run_until_complete(settled())
        for one in self.running:
            self.loop.call_soon(self.places.give_back, one.task.result())
        self.run()
        assert self.places.free == self.limit
        assert (self.queue.waiting, self.queue._bytes, self.queue._keys, len(self.queue._first)) == (0, 0, {}, 0)
        assert not [handle for _, handle in self.clock.timers if not handle.cancelled()]
        self.loop.close()


Queue.TestCase.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
TestQueue = Queue.TestCase
