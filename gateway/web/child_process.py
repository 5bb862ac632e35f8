"""A Python module that runs as a process of its own, with a stream to it and one from it."""

import asyncio
import socket
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from subprocess import DEVNULL, PIPE, Popen
from typing import Final

GONE_AFTER: Final = 0.001
"""Seconds between two looks at a process that has closed its streams or was killed; it takes less than that."""


@dataclass(frozen=True, slots=True)
class ChildProcess:
    """source: its standard output. target: its standard input. Its standard error goes nowhere."""

    source: StreamReader
    target: StreamWriter
    process: "Popen[bytes] | Process"

    @classmethod
    async def start(cls, command: Sequence[str]) -> "ChildProcess":
        """Start a program. Raises OSError.

        uvloop would fork, which copies the page tables of the gateway and held its event loop for 20 ms;
        ``subprocess`` does not (1 ms). The session of its own keeps Ctrl-C in a terminal from it: that is for the
        gateway, which ends its processes itself.
        """
        if sys.platform == "win32":  # no socket can be a standard input there, and there is no uvloop
            started = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
            assert started.stdin is not None and started.stdout is not None  # noqa: S101 - both are PIPE
            return cls(started.stdout, started.stdin, started)
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = _started(command, theirs.fileno())
            except BaseException:
                ours.close()
                raise
        try:
            source, target = await asyncio.open_connection(sock=ours)
        except BaseException:  # cancelled, before anybody owns the process
            ours.close()
            process.kill()
            process.wait()
            raise
        return cls(source, target, process)

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    async def ended(self) -> int:
        """Wait for its end; its exit status, negative for a signal."""
        if isinstance(self.process, Process):
            return await self.process.wait()
        while (status := self.process.poll()) is None:  # noqa: ASYNC110 - a process without a watcher sets no event
            await asyncio.sleep(GONE_AFTER)
        return status

    async def kill(self) -> None:
        """End it, whatever it does, and wait until it is gone. May be called after its end."""
        with suppress(ProcessLookupError):
            self.process.kill()
        self.target.close()
        await self.ended()


def _started(command: Sequence[str], stream: int) -> "Popen[bytes]":
    return Popen(command, stdin=stream, stdout=stream, stderr=DEVNULL, start_new_session=True)  # noqa: S603 - our modules
