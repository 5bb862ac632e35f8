"""The simulator as a process of its own beside the gateway, gone when the gateway is gone."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final

_START: Final = 30.0
"""Seconds until the simulator has said where it listens; a slow machine needs two."""

_STOP: Final = 5.0


class NoLogin(Exception):
    """There is no login, and the simulator that would answer instead did not start."""


@contextmanager
def simulator(environment: Mapping[str, str], meanwhile: Callable[[], None]) -> Iterator[str]:
    """Run ``simulate`` and give its URL. It ends when its standard input does, so it cannot outlive this process.

    meanwhile: what this process can do while the other one starts.

    Raises NoLogin.
    """
    command = [sys.executable, "-m", "gateway", "simulate", "--port", "0", "--with-parent"]
    with subprocess.Popen(  # noqa: S603 - our own program, no text of others
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=dict(environment),
        process_group=None if os.name == "nt" else 0,  # Ctrl-C is for the gateway, which may still be answering
    ) as process:
        try:
            meanwhile()
            yield _url(process)
        finally:
            _stop(process)


def _url(process: subprocess.Popen[bytes]) -> str:
    """The URL in the first line; a process that says nothing is ended, and so is the wait."""
    patience = threading.Timer(_START, process.kill)
    patience.start()
    try:
        line = process.stdout.readline().decode("utf-8", "replace") if process.stdout else ""
    finally:
        patience.cancel()
    url = next((word for word in line.split() if word.startswith(("http://", "https://"))), None)
    if url is None:
        raise NoLogin("the simulator did not start; its own words are above")
    return url


def _stop(process: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):
        if process.stdin:
            process.stdin.close()
    try:
        process.wait(_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
