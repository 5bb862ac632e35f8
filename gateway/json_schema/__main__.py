"""The worker: Jobs on standard input → results on standard output, until the input ends."""

import os
import signal
import sys
from typing import BinaryIO, Final

from gateway.json_schema import LENGTH_BYTES, Job, JobResult, Outcome, frame, job_from, length
from gateway.json_schema.validation import Validators

_MEMORY: Final = 512 << 20
"""Bytes of address space, so that a schema or an answer that takes more ends its worker and not the machine."""

_NICENESS: Final = 10
"""A busy worker must not take the processor from the gateway's event loop, where there are few."""

_GRACE: Final = 1.0
"""Seconds beyond a job's limit, at which the gateway kills its worker; one that was killed itself kills nobody."""


def main() -> int:
    """Never shows a traceback: it could hold words of an answer."""
    if hasattr(os, "nice"):  # it does not exist on Windows
        os.nice(_NICENESS)
    _limit_memory()
    sys.stderr = None  # Python's own way to say: nobody listens
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the gateway, which ends its workers
    validators = Validators()
    source, target = sys.stdin.buffer, sys.stdout.buffer
    _send(target, JobResult(Outcome.READY))
    while (job := _next(source)) is not None:
        _end_itself_after(job.seconds + _GRACE)
        answer = validators.answer(job)
        _end_itself_after(0)
        _send(target, answer)
    return 0


def _next(source: BinaryIO) -> Job | None:
    """The next job; None at the end of the input, also where that is in the middle of one."""
    head = source.read(LENGTH_BYTES)
    if len(head) < LENGTH_BYTES:
        return None
    body = source.read(length(head))
    job: Job | None = job_from(body) if len(body) == length(head) else None
    return job


def _send(target: BinaryIO, answer: JobResult) -> None:
    target.write(frame(answer))
    target.flush()


def _end_itself_after(seconds: float) -> None:
    """Let the kernel end this process then; 0: not any more. Python's own timers would wait for the pattern matcher."""
    if hasattr(signal, "setitimer"):  # it does not exist on Windows
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _limit_memory() -> None:
    try:
        import resource  # noqa: PLC0415 - it does not exist on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


if __name__ == "__main__":
    sys.exit(main())
