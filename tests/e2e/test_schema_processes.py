"""The processes that apply JSON Schemas end with their gateway, however that ends."""

import json
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import anthropic
import pytest

from tests.e2e.conftest import Rig
from tests.processes import CEILING, KEY, Process, gateway_environment, running
from tests.web.schema_forms import BOMB, BOMBED, WHOLE, found, frames, is_gone, records

CITY = {"type": "object", "properties": {"name": {"type": "string"}}}


@contextmanager
def used(rig: Rig, home: Path) -> Iterator[tuple[Process, int]]:
    """A gateway of the test's own, and a process of its that is idle now."""
    environment = gateway_environment(home, rig.simulator.url, rig.authority)
    with running("serve", "--port", "0", environment=environment, log=home / "log") as process:
        rig.simulator.push(frames('{"name": "Ulm"}'))
        with anthropic.Anthropic(base_url=process.url, api_key=KEY, max_retries=0) as client:
            client.messages.create(model="claude-sonnet-4.5", **WHOLE.body(CITY))
        yield process, workers(process)[-1]


def workers(process: Process) -> list[int]:
    return [record["worker"] for record in found(records(process.log), "schema_worker_started")]


def wait_until_gone(pids: set[int]) -> None:
    deadline = time.monotonic() + CEILING
    while not all(map(is_gone, pids)):
        assert time.monotonic() < deadline, pids


def ask_for_a_bomb(rig: Rig, process: Process) -> socket.socket:
    """A request whose answer is in its check by now: all of it was sent, and the client has all but its end."""
    rig.simulator.push(frames(BOMBED))
    body = json.dumps({"model": "claude-sonnet-4.5", **WHOLE.body(BOMB), "stream": True}).encode()
    place = urlsplit(process.url)
    peer = socket.create_connection((place.hostname, place.port), timeout=CEILING)
    head = f"POST /v1/messages HTTP/1.1\r\nHost: {place.netloc}\r\nx-api-key: {KEY}\r\n"
    peer.sendall(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    seen = b""
    while b"aaa!" not in seen:
        seen += peer.recv(65536)
    return peer


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_an_idle_process_ends_with_its_gateway(rig: Rig, tmp_path: Path, number: signal.Signals) -> None:
    with used(rig, tmp_path) as (process, worker):
        assert not is_gone(worker)
        process.popen.send_signal(number)
        assert process.popen.wait(CEILING) == (-signal.SIGKILL if number == signal.SIGKILL else 0)
        wait_until_gone({worker})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_one_that_hangs_in_a_pattern_ends_with_its_gateway(rig: Rig, tmp_path: Path, number: signal.Signals) -> None:
    with used(rig, tmp_path) as (process, worker):
        peer = ask_for_a_bomb(rig, process)
        process.popen.send_signal(number)
        process.popen.wait(CEILING)
        peer.close()
        wait_until_gone({worker, *workers(process)})
    assert "Traceback" not in process.log.read_text()
