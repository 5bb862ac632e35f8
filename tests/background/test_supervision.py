"""Supervised tasks: back-off, its reset, cancellation; and what those who wait for a task get."""

import asyncio
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from gateway.errors import GatewayError, Kind
from gateway.supervision import FIRST_DELAY, LONGEST_DELAY, RAN_WELL, background_task, outcome, supervise
from tests.background.failing import CEILING, Unforeseen, failures


@dataclass
class Scene:
    """Runs of a task that each take some seconds by this clock and then fail, and the delays between them."""

    runs: list[float]
    now: float = 0.0
    delays: list[float] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def work(self) -> None:
        if not self.runs:
            self.over.set()
            return
        self.now += self.runs.pop(0)
        raise Unforeseen

    async def sleep(self, seconds: float) -> None:
        self.delays.append(seconds)
        self.now += seconds

    async def run(self) -> list[float]:
        task = supervise("work", self.work, sleep=self.sleep, clock=lambda: self.now)
        async with asyncio.timeout(CEILING):
            await self.over.wait()
        await task.close()
        return self.delays


async def test_the_delay_before_a_restart_doubles_up_to_five_minutes() -> None:
    assert await Scene([0.0] * 11).run() == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert (FIRST_DELAY, LONGEST_DELAY) == (1, 300)


async def test_after_a_long_good_run_the_delay_is_short_again() -> None:
    assert await Scene([0, 0, 0, RAN_WELL, 0]).run() == [1, 2, 4, 1, 2]


async def test_each_failure_is_logged_with_the_name_of_the_task_and_a_traceback() -> None:
    with capture_logs() as lines:
        await Scene([0.0, 0.0]).run()
    assert [(line["event"], line["task"], line["restart_in"]) for line in lines] == [
        ("background_task_failed", "work", 1),
        ("background_task_failed", "work", 2),
    ]


async def test_closing_ends_the_work_and_waits_for_its_end() -> None:
    steps: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            steps.append("ended")

    task = supervise("work", work)
    await asyncio.sleep(0)
    await task.close()
    await task.close()
    assert steps == ["ended"]


async def test_closing_between_two_runs_ends_it_too(complaints: list[object]) -> None:
    waits = asyncio.Event()

    async def sleep(_seconds: float) -> None:
        waits.set()
        await asyncio.Event().wait()

    async def work() -> None:
        raise Unforeseen

    task = supervise("work", work, sleep=sleep)
    await waits.wait()
    await task.close()
    assert task.task.cancelled()


async def test_who_waits_for_an_unforeseen_error_gets_one_of_the_gateway(complaints: list[object]) -> None:
    async def work() -> int:
        raise Unforeseen

    with failures() as failed:
        task = background_task("work", work())
        for _ in range(2):
            with pytest.raises(GatewayError) as caught:
                await outcome(task)
            assert caught.value.kind is Kind.INTERNAL
    assert failed == ["work"]


async def test_a_foreseen_error_is_passed_on_and_not_logged(complaints: list[object]) -> None:
    error = GatewayError(Kind.UPSTREAM, "cut")

    async def work() -> int:
        raise error

    with failures() as failed, pytest.raises(GatewayError, match="cut"):
        await outcome(background_task("work", work()))
    assert failed == []


async def test_a_waiter_that_is_cancelled_does_not_cancel_the_task() -> None:
    gate = asyncio.Event()

    async def work() -> int:
        await gate.wait()
        return 7

    task = background_task("work", work())
    waiter = asyncio.create_task(outcome(task))
    await asyncio.sleep(0)
    waiter.cancel()
    await asyncio.wait({waiter})
    gate.set()
    assert await outcome(task) == 7


async def test_a_task_that_is_cancelled_is_an_error_for_those_who_wait_and_no_cancellation() -> None:
    async def work() -> int:
        await asyncio.Event().wait()
        return 7

    task = background_task("work", work())
    waiter = asyncio.create_task(outcome(task))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(GatewayError, match="before it was done"):
        await waiter
