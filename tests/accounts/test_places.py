"""The pool's places: which account a waiting request goes to, what becomes of it when accounts go out."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from gateway.accounts.clock import Clock
from gateway.accounts.health import remaining
from gateway.accounts.member import Lease, Member
from gateway.accounts.pacing import Turnstile
from gateway.accounts.pool import HOME_WAIT, Pool
from gateway.accounts.queue import FairQueue, PoolRequest
from gateway.errors import GatewayError, Kind, Trouble
from tests.accounts.pooled import Time, fault, member


class Stage:
    """A pool whose accounts have so many places each, and one clock for all of it, moved by hand."""

    def __init__(self, folder: Path, places: dict[str, int], models: dict[str, str] | None = None) -> None:
        self.time = Time()
        self.looks: list[Callable[[], None]] = []
        members = [self._member(folder, name, count, (models or {}).get(name)) for name, count in places.items()]
        queue = partial(FairQueue[Lease | None], clock=self.time, call_at=self._call_at)
        self.pool = Pool(members, clock=Clock(self.time, self.time), queue=queue)
        self.served: dict[str, Lease] = {}

    def _member(self, folder: Path, name: str, places: int, model: str | None) -> Member:
        models = (model,) if model else ()
        return member(folder, name, self.time, pacer=Turnstile(places, clock=self.time), models=models)

    def _call_at(self, when: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        self.looks = [call]
        return asyncio.TimerHandle(when, call, (), asyncio.get_running_loop())

    async def ask(self, conversation: str, model: str = "m", key: str = "k") -> "asyncio.Task[str]":
        """A request that has come as far as it can; the task gives the account's name and keeps its lease."""

        async def go() -> str:
            visit = await self.pool.visit(conversation, model, PoolRequest(key.encode()))
            lease = await visit.next()
            assert lease is not None
            visit.answered(lease)
            self.served[conversation] = lease
            return lease.terms.name

        task = asyncio.create_task(go())
        await settled()
        return task

    async def end(self, conversation: str) -> None:
        """Its answer is over."""
        self.served.pop(conversation).release()
        await settled()

    async def move(self, seconds: float) -> None:
        """Time goes by, and the queue's timer fires."""
        self.time.now += seconds
        for look in self.looks:
            look()
        await settled()

    @property
    def running(self) -> list[int]:
        return [one.running for one in self.pool.members]


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_each_account_has_its_places_and_the_next_free_one_serves_whatever_account_it_is(tmp_path: Path) -> None:
    stage = Stage(tmp_path, {"a": 2, "b": 1})
    tasks = [await stage.ask(str(number)) for number in range(4)]
    assert (stage.running, stage.pool.queue.waiting, tasks[3].done()) == ([2, 1], 1, False)
    on_b = next(name for name, lease in stage.served.items() if lease.terms.name == "b")
    await stage.end(on_b)
    assert (await tasks[3], stage.running) == ("b", [2, 1])


async def test_request_for_a_model_of_a_full_account_holds_up_no_other(tmp_path: Path) -> None:
    stage = Stage(tmp_path, {"a": 1, "b": 1}, {"a": "opus", "b": "haiku"})
    for conversation, model in (("1", "opus"), ("2", "haiku")):
        await stage.ask(conversation, model)
    waiting = [await stage.ask("3", "opus"), await stage.ask("4", "haiku")]
    await stage.end("2")
    assert [task.done() for task in waiting] == [False, True]
    await stage.end("1")
    assert [await task for task in waiting] == ["a", "b"]


async def test_conversation_waits_for_its_account_before_it_goes_to_a_free_one(tmp_path: Path) -> None:
    stage = Stage(tmp_path, {"a": 1, "b": 1})
    assert await (await stage.ask("home")) == "a"
    await stage.end("home")
    stage.pool.members[1].turn = stage.pool.version + 1  # the next stranger goes to a
    assert await (await stage.ask("other")) == "a"
    task = await stage.ask("home")
    await stage.move(HOME_WAIT - 1)
    assert (task.done(), stage.running) == (False, [1, 0])
    await stage.move(1)
    assert (task.done(), stage.running) == (True, [1, 1])
    assert await task == "b" == stage.pool.home("home")


async def test_conversation_whose_account_has_a_place_in_time_stays_with_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path, {"a": 1, "b": 1})
    await stage.ask("home")
    await stage.end("home")
    stage.pool.members[1].turn = stage.pool.version + 1
    await stage.ask("other")
    task = await stage.ask("home")
    await stage.move(HOME_WAIT - 1)
    await stage.end("other")
    assert (await task, stage.running) == ("a", [1, 0])


async def test_conversation_does_not_wait_for_an_account_that_is_out(tmp_path: Path) -> None:
    stage = Stage(tmp_path, {"a": 1, "b": 1})
    await stage.ask("home")
    await stage.end("home")
    stage.pool.disable(stage.pool.members[0])
    assert await (await stage.ask("home")) == "b"


async def test_waiting_request_does_not_go_to_an_account_that_lacks_its_model_while_another_has_it(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path, {"a": 1, "b": 1})
    stage.pool.members[1].lacks("m", stage.time.now + 99)
    await stage.ask("1")
    task = await stage.ask("2")
    assert (task.done(), stage.running) == (False, [1, 0])
    stage.pool.disable(stage.pool.members[0])
    await stage.move(0)
    assert await task == "b"


async def test_waiting_requests_of_a_suspended_account_get_the_reason_and_those_of_another_wait_on(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path, {"a": 1, "b": 1}, {"a": "opus", "b": "haiku"})
    visit = await stage.pool.visit("1", "opus")
    lease = await visit.next()
    assert lease is not None
    await stage.ask("2", "haiku")
    only_a = [await stage.ask(f"opus {number}", "opus") for number in range(3)]
    other = await stage.ask("haiku", "haiku")
    visit.failed(lease, fault(Trouble.SUSPENDED))
    await stage.move(0)
    for task in only_a:
        error = task.exception()
        assert isinstance(error, GatewayError) and (error.kind, error.status) == (Kind.OVERLOADED, 503)
        assert "a: fault suspended" in error.message
    assert (other.done(), stage.pool.queue.waiting) == (False, 1)
    await stage.end("2")
    assert await other == "b"


async def test_account_that_becomes_usable_serves_those_who_wait(tmp_path: Path) -> None:
    stage = Stage(tmp_path, {"a": 1, "b": 1})
    stage.pool.disable(stage.pool.members[1])
    await stage.ask("1")
    tasks = [await stage.ask(name) for name in ("2", "3")]
    stage.pool.enable(stage.pool.members[1])
    await stage.move(0)
    assert [task.done() for task in tasks] == [True, False]
    stage.pool.add(stage._member(tmp_path, "c", 1, None))
    await stage.move(0)
    assert [await task for task in tasks] == ["b", "c"]


async def test_account_whose_cooldown_ends_serves_those_who_wait(tmp_path: Path) -> None:
    stage = Stage(tmp_path, {"a": 1, "b": 1})
    throttled, other = stage.pool.members
    stage.pool.disable(other)
    for _ in range(3):
        visit = await stage.pool.visit("x", "m")
        lease = await visit.next()
        assert lease is not None
        visit.failed(lease, fault(Trouble.BUSY))
        lease.release()
    stage.pool.enable(other)
    await stage.ask("1")
    task = await stage.ask("2")
    cooldown = remaining(throttled.health, stage.pool.now())
    await stage.move(cooldown - 1)
    assert (task.done(), stage.running) == (False, [0, 1])
    await stage.move(1)
    assert await task == "a"


async def test_request_that_fails_over_goes_before_those_that_have_not_begun(tmp_path: Path) -> None:
    stage = Stage(tmp_path, {"a": 1, "b": 1})
    request = PoolRequest(b"k")
    visit = await stage.pool.visit("1", "m", request)
    lease = await visit.next()
    assert lease is not None and lease.terms.name == "a"
    await stage.ask("2")
    waiting = await stage.ask("3", key="another")
    visit.failed(lease, fault(Trouble.RESTRICTED))
    lease.release()
    onward = asyncio.create_task(visit.next())
    await settled()
    await stage.move(1)
    assert not onward.done() and not waiting.done()
    await stage.end("2")
    other = await onward
    assert other is not None and (other.terms.name, waiting.done()) == ("b", False)
    assert await visit.next() is None  # at once, however many wait
    assert request.queued == 1.0
    waiting.cancel()


async def test_limit_over_all_accounts_holds_beside_theirs(tmp_path: Path) -> None:
    stage = Stage(tmp_path, {"a": 2, "b": 2})
    stage.pool.pacer = Turnstile(3)
    tasks = [await stage.ask(str(number)) for number in range(5)]
    assert [task.done() for task in tasks] == [True, True, True, False, False]
    await stage.end("0")
    assert [task.done() for task in tasks[3:]] == [True, False]
    assert sum(stage.running) == 3
    tasks[4].cancel()


@pytest.mark.parametrize("over_all", [True, False])
async def test_interval_and_pause_let_the_queue_go_on_when_they_end(tmp_path: Path, over_all: bool) -> None:
    stage = Stage(tmp_path, {"a": 9})
    [account] = stage.pool.members
    gate = Turnstile(interval=10, clock=stage.time)
    if over_all:
        stage.pool.pacer = gate
    else:
        account.pacer = gate
    tasks = [await stage.ask(str(number)) for number in range(3)]
    seen = []
    for _ in range(4):
        seen.append(sum(task.done() for task in tasks))
        await stage.move(5)
    assert seen == [1, 1, 2, 2]
    assert all(task.done() for task in tasks)
    stage.served["0"].pause(30)
    task = await stage.ask("4")
    if over_all:
        assert account.pacer.full
    await stage.move(29)
    assert not task.done()
    await stage.move(1)
    assert task.done()


@pytest.mark.parametrize("passes", range(4))
async def test_client_that_leaves_around_the_moment_of_being_let_in_loses_no_place(tmp_path: Path, passes: int) -> None:
    stage = Stage(tmp_path, {"a": 1})
    await stage.ask("1")
    leaving, staying = await stage.ask("2"), await stage.ask("3")
    stage.served["1"].release()
    for _ in range(passes):
        await asyncio.sleep(0)
    if not leaving.done():
        leaving.cancel()
    await settled()
    if not leaving.cancelled():
        await stage.end("2")
    assert (await staying, stage.running, stage.pool.queue.waiting) == ("a", [1], 0)
    await stage.end("3")
    assert stage.running == [0]
