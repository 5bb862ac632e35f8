"""Work in threads over HTTP: what clients can fill holds up neither logins nor captures, and is refused when full."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from structlog.testing import capture_logs

from gateway.errors import GatewayError, Kind
from gateway.simulator.server import Simulator
from gateway.web.capture import WAITING, WRITERS, Captures
from gateway.web.count_tokens import COUNTS_WAITING
from tests.live import CEILING, Live, gateway

COUNT = "/v1/messages/count_tokens"
MOST = (os.cpu_count() or 2) + COUNTS_WAITING


class Gate:
    """A counter of tokens that stands still in its threads until it is opened."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.begun = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def __call__(self, text: str) -> int:
        if threading.current_thread() is threading.main_thread():
            return len(text)  # of an answer, on the event loop
        self._loop.call_soon_threadsafe(self.begun.set)
        assert self.open.wait(CEILING)
        return len(text)


@contextmanager
def gate() -> Iterator[Gate]:
    made = Gate()
    try:
        yield made
    finally:
        made.open.set()


@asynccontextmanager
async def blocked(live: Live, count: Gate, number: int) -> AsyncIterator[list[asyncio.Task[tuple[int, object]]]]:
    """So many counts, none of which comes to its end within."""
    asking = [asyncio.create_task(live.ask(COUNT)) for _ in range(number)]
    await count.begun.wait()
    yield asking
    count.open.set()


async def test_counts_that_stand_still_hold_up_neither_a_refresh_nor_a_capture(
    simulator: Simulator, tmp_path: Path
) -> None:
    with gate() as count:
        async with gateway(simulator, tmp_path, count=count) as live:
            async with blocked(live, count, MOST) as asking:
                simulator.push(
                    {"status": 403, "body": {"message": "The bearer token included in the request is invalid."}}
                )
                status, _ = await live.ask()
                assert status == 200  # with a refresh in its course
                assert len(simulator.requests("refresh")) >= 1
                captures = Captures("all", tmp_path / "debug")
                captures.end(captures.begin("req_1"), GatewayError(Kind.UPSTREAM, "cut"))
                async with asyncio.timeout(CEILING):
                    await captures.close()
                assert len(list((tmp_path / "debug").glob("*/error_info.json"))) == 1
                assert not any(task.done() for task in asking)
            assert {status for status, _ in await asyncio.gather(*asking)} == {200}


async def test_more_counts_than_may_wait_are_refused_and_may_be_sent_again(
    simulator: Simulator, tmp_path: Path
) -> None:
    with gate() as count:
        async with gateway(simulator, tmp_path, count=count) as live:
            async with blocked(live, count, MOST + 10) as asking:
                refused, _ = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED, timeout=CEILING)
                assert {task.result()[0] for task in refused} == {529}  # as Anthropic spells it
                async with live.post(COUNT) as answer:
                    assert (answer.status, answer.headers["x-should-retry"]) == (529, "true")
                    assert answer.headers["retry-after"] == "1"
                assert (await live.ask("/v1/responses/input_tokens", input="hello"))[0] == 503
            statuses = [status for status, _ in await asyncio.gather(*asking)]
            assert (statuses.count(200), statuses.count(529)) == (MOST, 10)


async def test_captures_beyond_those_that_may_wait_are_dropped_and_counted(tmp_path: Path) -> None:
    captures, written = Captures("all", tmp_path), threading.Event()
    most = WRITERS + WAITING
    with capture_logs() as lines:
        for number in range(most + 3):
            capture = captures.begin(f"req_{number}")
            capture.write = lambda _error: written.wait(CEILING)  # type: ignore[attr-defined,union-attr]
            captures.end(capture, GatewayError(Kind.UPSTREAM, "cut"))
        written.set()
        await captures.close()
    assert captures.dropped == 3
    assert [line["dropped"] for line in lines if line["event"] == "capture_dropped"] == [1, 2, 3]
