"""Threads by purpose: bounded, deaf to nobody's cancellation, and no obstacle to the end of the process."""

import asyncio
import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import pytest

from gateway.errors import GatewayError, Kind
from gateway.threads import Threads, TooMuchWork
from tests.background.failing import CEILING, Unforeseen


class Gate:
    """Work that waits in its thread until the gate opens."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.begun = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.done: list[int] = []

    def __call__(self, number: int) -> int:
        self._loop.call_soon_threadsafe(self.begun.set)
        assert self.open.wait(CEILING)
        self.done.append(number)
        return number


@contextmanager
def gate() -> Iterator[Gate]:
    made = Gate()
    try:
        yield made
    finally:
        made.open.set()


@pytest.fixture
async def one() -> AsyncIterator[Threads]:
    made = Threads("test", 1)
    yield made
    made.close()


async def test_work_gives_its_result_and_its_error(one: Threads) -> None:
    def fails() -> None:
        raise Unforeseen

    assert await one.run(divmod, 7, 2) == (3, 1)
    with pytest.raises(Unforeseen):
        await one.run(fails)
    assert await one.run(int, "4") == 4


async def test_work_sees_the_context_of_its_caller(one: Threads) -> None:
    variable: ContextVar[str] = ContextVar("variable", default="none")
    variable.set("mine")
    assert await one.run(variable.get) == "mine"


async def test_what_is_beyond_the_threads_and_those_who_may_wait_is_refused() -> None:
    threads = Threads("test", 2, waiting=3)
    with gate() as work:
        jobs = [threads.submit(work, number) for number in range(5)]
        with pytest.raises(TooMuchWork) as caught:
            await threads.run(work, 5)
        error = caught.value
        assert (error.kind, error.should_retry, error.retry_after) == (Kind.OVERLOADED, True, 1.0)
        work.open.set()
        assert await asyncio.gather(*jobs) == [0, 1, 2, 3, 4]
        assert await threads.run(work, 6) == 6


async def test_who_has_left_the_queue_takes_no_place_in_it() -> None:
    threads = Threads("test", 1, waiting=2)
    with gate() as work:
        first = threads.submit(work, 0)
        for number in range(1, 50):
            left = threads.submit(work, number)
            left.cancel()
            await asyncio.sleep(0)
        work.open.set()
        assert await first == 0
        assert await threads.run(work, 50) == 50
        assert work.done == [0, 50]


async def test_what_must_be_done_is_done_though_the_caller_is_cancelled(one: Threads) -> None:
    with gate() as work:
        first = one.submit(work, 1)
        caller = asyncio.create_task(one.run_to_end(work, 2))
        await asyncio.sleep(0)
        caller.cancel()
        await asyncio.wait({caller})
        work.open.set()
        await first
        await one.run(work, 3)
        assert work.done == [1, 2, 3]


async def test_the_work_that_waits_when_the_threads_are_closed_is_refused_and_not_cancelled(
    complaints: list[object],
) -> None:
    threads = Threads("test", 1)
    with gate() as work:
        running = threads.submit(work, 1)
        await work.begun.wait()
        waiting = threads.submit(work, 2)
        threads.close()
        with pytest.raises(GatewayError, match="being stopped"):
            await waiting
        with pytest.raises(GatewayError, match="being stopped"):
            await threads.run(work, 3)
        work.open.set()
        assert await running == 1


async def test_a_thread_that_has_nothing_to_do_holds_nothing_of_its_last_job(one: Threads) -> None:
    class Large:
        def size(self) -> int:
            return 1

    large = Large()
    gone = weakref.ref(large)
    assert await one.run(large.size) == 1
    del large
    await one.run(int)
    gc.collect()
    assert gone() is None


async def test_a_place_is_free_when_the_result_is_there() -> None:
    threads = Threads("test", 1, waiting=0)
    for number in range(500):
        assert await threads.run(int, number) == number


async def test_where_the_system_has_no_thread_left_the_work_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = Threads("test", 2)

    def none_left(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as system:
        system.setattr(threading.Thread, "start", none_left)
        with pytest.raises(TooMuchWork):
            await threads.run(int)
    assert await threads.run(int) == 0
    with monkeypatch.context() as system:
        system.setattr(threading.Thread, "start", none_left)
        assert await asyncio.gather(*(threads.run(int, number) for number in range(5))) == [0, 1, 2, 3, 4]


HANGS = """
import asyncio, threading
from gateway.threads import Threads

async def main():
    threads = Threads("test", 1)
    begun = threading.Event()
    threads.submit(lambda: (begun.set(), threading.Event().wait()))
    while not begun.is_set():
        await asyncio.sleep(0)
    threads.close()

asyncio.run(main())
print("over")
"""


def test_a_thread_that_hangs_does_not_hold_up_the_end_of_the_process() -> None:
    ended = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=CEILING, check=True)
    assert (ended.stdout, ended.stderr) == ("over\n", "")
