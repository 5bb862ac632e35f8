"""The processes that are measured: on free ports of 127.0.0.1, with an empty home and nothing of the caller's."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
API_KEY = "bench-0123456789abcdef0123456789abcdef"
REFRESH_TOKEN = "simulator-refresh-token"
ACCESS_TOKEN = "simulator-access-token"
UNQUEUED = {"KIRO_GATEWAY_POOL_MAX_CONCURRENT_PER_ACCOUNT": "0"}

_URL = re.compile(r"http://127\.0\.0\.1:\d+")
_START_SECONDS = 60.0
_STOP_SECONDS = 10.0


class Failed(Exception):
    """A process ended, or did not say where it listens. The message holds the end of what it wrote."""


@dataclass(frozen=True, slots=True)
class Running:
    """A process that serves at ``url``; what it writes goes to ``output``, so that no pipe can fill."""

    name: str
    url: str
    pid: int
    output: Path


@contextmanager
def running(name: str, arguments: Sequence[str], folder: Path, **environment: str) -> Iterator[Running]:
    """Start ``python arguments…``, wait until it has printed its URL, and end it afterwards. Raises Failed."""
    home = folder / name
    home.mkdir()
    output = folder / f"{name}.log"
    with output.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=home,
            env=_environment(home, environment),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Running(name, _wait_for_url(name, process, output), process.pid, output)
        if process.poll() is not None:
            raise Failed(f"the {name} ended by itself:\n{_tail(output)}")
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def simulator(folder: Path) -> AbstractContextManager[Running]:
    """The local Kiro that answers everybody."""
    return running("simulator", ["-m", "gateway", "simulate", "--port", "0"], folder)


def passthrough(folder: Path, upstream: str, name: str = "pass-through") -> AbstractContextManager[Running]:
    """What is compared with."""
    return running(name, ["-m", "tests.bench.passthrough", upstream], folder)


def gateway(folder: Path, upstream: str, name: str = "gateway") -> AbstractContextManager[Running]:
    """What is measured, with its own defaults but for the limit of requests at once: it would be measured instead."""
    arguments = ["-m", "gateway", "serve", "--port", "0"]
    given = {"KIRO_BASE_URL": upstream, "REFRESH_TOKEN": REFRESH_TOKEN, "PROXY_API_KEY": API_KEY}
    return running(name, arguments, folder, **given, **UNQUEUED)


def _environment(home: Path, more: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {"HOME": str(home), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)} | dict(more)


def _wait_for_url(name: str, process: subprocess.Popen[bytes], output: Path) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        found = _URL.search(output.read_text(encoding="utf-8", errors="replace"))
        if found:
            return found[0]
        if process.poll() is not None:
            raise Failed(f"the {name} did not start:\n{_tail(output)}")
        time.sleep(0.05)
    raise Failed(f"the {name} did not say where it listens:\n{_tail(output)}")


def _tail(output: Path) -> str:
    return output.read_text(encoding="utf-8", errors="replace")[-2000:]
