"""Processes that apply JSON Schemas (``gateway.json_schema``): started when needed, kept, and killed when they hang."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from msgspec import DecodeError
from msgspec.structs import replace

from gateway.json_schema import LENGTH_BYTES, Job, JobResult, Outcome, answer_from, frame, length
from gateway.web.child_process import ChildProcess

AT_ONCE: Final = 2
"""Processes, and so jobs at the same time: one that takes its whole time leaves another for all other jobs."""

START_SECONDS: Final = 20.0
"""For a process to start: 0.3 s were measured, and ten times that on a machine with too much to do."""

WAIT_SECONDS: Final = 30.0
"""For a turn: clients that send ever new schemas which take all their time may not keep the others waiting for longer.
Honest jobs take milliseconds, so that thousands of them are done in this time."""

COMMAND: Final = (sys.executable, "-m", "gateway.json_schema")

_log: Final = structlog.get_logger("gateway.json_schema")


class TimeUp(Exception):
    """A job took longer than its time limit. The process was killed."""


class Busy(Exception):
    """No process was free for a job in WAIT_SECONDS."""


class WorkerLost(Exception):
    """A process did not start, or it ended in the middle of a job."""


@dataclass(frozen=True, slots=True)
class Worker:
    """One process; it does one job at a time."""

    process: ChildProcess

    @classmethod
    async def start(cls, command: Sequence[str]) -> "Worker":
        """A process that is ready for jobs. Raises WorkerLost."""
        try:
            process = await ChildProcess.start(command)
        except OSError as error:
            raise WorkerLost from error
        worker, ready = cls(process), False
        try:
            async with asyncio.timeout(START_SECONDS):
                ready = (await worker._received()).outcome is Outcome.READY
        except TimeoutError as error:
            raise WorkerLost from error
        finally:
            if not ready:
                await process.kill()
        _log.debug("schema_worker_started", worker=process.pid)
        return worker

    async def ask(self, job: Job) -> JobResult:
        """Do a job; a text's schema is sent only if the process does not know it. Raises WorkerLost."""
        if job.text is None or job.digest is None:
            return await self._asked(job)
        answer = await self._asked(replace(job, schema=None))
        return await self._asked(job) if answer.outcome is Outcome.UNKNOWN else answer

    async def _asked(self, job: Job) -> JobResult:
        try:
            self.process.target.write(frame(job))
            await self.process.target.drain()
        except (OSError, RuntimeError) as error:  # RuntimeError: uvloop's word for a closed pipe
            raise WorkerLost from error
        return await self._received()

    async def _received(self) -> JobResult:
        try:
            size = length(await self.process.source.readexactly(LENGTH_BYTES))
            answer: JobResult = answer_from(await self.process.source.readexactly(size))
        except (OSError, EOFError, DecodeError) as error:  # DecodeError: it does not speak as a worker does
            raise WorkerLost from error
        return answer


class SchemaWorkers:
    """Does jobs one after the other in the order in which they came, AT_ONCE at a time."""

    def __init__(self, command: Sequence[str] = COMMAND, *, wait: float = WAIT_SECONDS) -> None:
        """wait: seconds that a job waits for its turn at most."""
        self._command = command
        self._wait = wait
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._idle: list[Worker] = []
        self._closed = False

    async def do(self, job: Job) -> JobResult:
        """Do a job. Raises TimeUp, Busy where it got no turn, or WorkerLost for one that lost two processes.

        A job whose request is cancelled ends with its process: nobody needs the outcome, and others wait for a turn.
        """
        try:
            async with asyncio.timeout(self._wait):
                await self._turns.acquire()
        except TimeoutError as error:
            raise Busy from error
        try:
            try:
                return await self._done(job, self._idle.pop() if self._idle else None)
            except WorkerLost as error:
                _log.warning("schema_worker_lost", again=not self._closed, error=repr(error.__cause__))
                if self._closed:
                    raise
                return await self._done(job, None)
        finally:
            self._turns.release()

    async def _done(self, job: Job, worker: Worker | None) -> JobResult:
        worker = worker or await Worker.start(self._command)
        reusable = False
        try:
            async with asyncio.timeout(job.seconds):
                answer = await worker.ask(job)
            reusable = answer.outcome is not Outcome.EXHAUSTED and not self._closed
        except TimeoutError as error:
            _log.warning("schema_worker_killed", worker=worker.process.pid, seconds=job.seconds)
            raise TimeUp from error
        finally:
            if reusable:
                self._idle.append(worker)
            else:
                await worker.process.kill()
        _log.debug(
            "schema_job_done",
            worker=worker.process.pid,
            job="check" if job.text is None else "validate",
            outcome=answer.outcome.value,
            compiled=answer.compiled,
        )
        return answer

    async def close(self) -> None:
        """End the processes. A job that is still under way ends its own when it ends, and gets no second one."""
        self._closed = True
        while self._idle:
            await self._idle.pop().process.kill()
