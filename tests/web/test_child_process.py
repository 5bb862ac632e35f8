"""Modules that run as processes of their own: streams to and from them, and their end."""

import asyncio
import sys

import pytest

from gateway.json_schema import Job
from gateway.web.child_process import ChildProcess
from gateway.web.schema_workers import SchemaWorkers, WorkerLost
from tests.web.schema_forms import is_gone

UPPER = (
    sys.executable,
    "-c",
    "import sys; sys.stdout.write(sys.stdin.read().upper()); sys.stdout.flush(); sys.exit(3)",
)

GARBAGE = (sys.executable, "-c", "import sys; sys.stdout.write(chr(0) * 4 + 'no frame')")


async def test_what_is_sent_comes_back_and_the_exit_status_is_known() -> None:
    process = await ChildProcess.start(UPPER)
    process.target.write(b"said " * 100_000)
    await process.target.drain()
    process.target.write_eof()
    assert await process.source.read() == b"SAID " * 100_000
    assert await process.ended() == 3
    await process.kill()


async def test_a_process_that_is_killed_is_gone() -> None:
    process = await ChildProcess.start(UPPER)
    await process.kill()
    assert is_gone(process.pid) and await process.ended() < 0
    await process.kill()


async def test_a_program_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(OSError, match="no such program"):
        await ChildProcess.start(("/no such program",))


@pytest.mark.parametrize("command", [("/no such program",), (sys.executable, "-c", ""), GARBAGE, UPPER])
async def test_a_worker_that_does_not_start_is_lost_after_a_second_try(command: tuple[str, ...]) -> None:
    workers = SchemaWorkers(command)
    jobs = [asyncio.create_task(workers.do(Job(1.0, text=b"{}"))) for _ in range(3)]
    if command is UPPER:  # it waits for the end of its input, as a worker does that hangs before it is ready
        for job in jobs:
            job.cancel()
    for outcome in await asyncio.gather(*jobs, return_exceptions=True):
        assert isinstance(outcome, WorkerLost | asyncio.CancelledError)
    await workers.close()
