"""What the settings of the server, the log and the debug captures do; most of it shows on processes only."""

import asyncio
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from gateway.simulator.server import Simulator, start
from tests.commands.starting import PATIENCE, Running, command
from tests.commands.starting import gateway as process
from tests.live import HELLO, KEY, Live
from tests.settings.stage import Effect, Pair, look, started

OTHER_KEY = "another-gateway-key-000000000000"
OWN = "127.0.0.2"
"""Another address of this machine, where hardly anybody listens."""

TEXT = {"event": "assistantResponseEvent", "payload": {"content": "Hello"}}
END = {"event": "contextUsageEvent", "payload": {"contextUsagePercentage": 1.5}}


def status(running: Running, path: str, key: str) -> int:
    try:
        with urlopen(Request(f"{running.url}{path}", headers={"x-api-key": key}), timeout=PATIENCE) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


def host(running: Running) -> str | None:
    assert status(running, "/health", "") == 200
    return urlsplit(running.url).hostname


def opened_by_another_key(running: Running) -> int:
    return status(running, "/v1/models", OTHER_KEY)


def accounts_opened_by_another_key(running: Running) -> int:
    return status(running, "/accounts", OTHER_KEY)


def told(running: Running) -> list[str]:
    """The lines of a log with one request in it."""
    status(running, "/health", "")
    running.stop()
    return running.log.read_text().splitlines()


def tells_of_requests(running: Running) -> bool:
    return any('"event":"request"' in line for line in told(running))


def writes_json(running: Running) -> bool:
    return all(line.startswith("{") for line in told(running))


async def port(_key: str, folder: Path) -> Pair:
    """The port that a start wants, told because it is taken. Nothing serves on a port that the machine may need."""
    found = []
    with taken(8000), taken(8123):
        for more in ({}, {"SERVER_PORT": "8123"}):
            done = await asyncio.to_thread(command, folder, "serve", PROXY_API_KEY=KEY, SERVER_HOST=OWN, **more)
            found.append(done.stderr.partition("port ")[2].split()[0])
    return found[0], found[1]


@contextmanager
def taken(number: int) -> Iterator[None]:
    """Hold a port; where that fails somebody else does."""
    with socket.socket() as holder:
        with suppress(OSError):
            holder.bind((OWN, number))
            holder.listen()
        yield


async def end_of_a_stopped_stream(_key: str, folder: Path) -> Pair:
    """Both are stopped in the middle of an answer; the usual one gets the rest when the changed one has ended."""
    simulators = [await start(), await start()]
    for simulator in simulators:
        simulator.push({"frames": [TEXT, {**END, "gate": "go"}]})
    streams = [_Stream(folder / str(number), simulator) for number, simulator in enumerate(simulators)]
    usual, changed = streams
    await asyncio.gather(
        asyncio.to_thread(usual.begin), asyncio.to_thread(changed.begin, KIRO_GATEWAY_SERVER_DRAIN_TIMEOUT="0")
    )
    broken = await asyncio.to_thread(changed.rest)
    simulators[0].open("go")
    seen = "event: error" in await asyncio.to_thread(usual.rest), "event: error" in broken
    for stream, simulator in zip(streams, simulators, strict=True):
        await asyncio.to_thread(stream.close)
        await simulator.stop()
    return seen


class _Stream:
    """An answer of a gateway that is told to stop while it answers."""

    def __init__(self, home: Path, simulator: Simulator) -> None:
        self._home = home
        self._simulator = simulator

    def begin(self, **more: str) -> None:
        self._home.mkdir()
        environment = {"KIRO_BASE_URL": self._simulator.url, "REFRESH_TOKEN": "token", "PROXY_API_KEY": KEY, **more}
        self._running = process(self._home, **environment)
        running = self._running.__enter__()
        self._client = HTTPConnection(urlsplit(running.url).netloc, timeout=PATIENCE)
        body = json.dumps({**HELLO, "stream": True})
        self._client.request("POST", "/v1/messages", body, {"x-api-key": KEY, "content-type": "application/json"})
        self._answer = self._client.getresponse()
        while b"Hello" not in (line := self._answer.readline()):
            assert line, "it ended before it began"
        running.process.terminate()
        while _takes(running.url):
            pass

    def rest(self) -> str:
        return self._answer.read().decode()

    def close(self) -> None:
        self._client.close()
        self._running.__exit__(None, None, None)


def _takes(url: str) -> bool:
    """Whether new connections are taken."""
    place = urlsplit(url)
    try:
        socket.create_connection((place.hostname, place.port), timeout=PATIENCE).close()
    except (ConnectionRefusedError, ConnectionResetError):
        return False
    return True


async def status_of_long(live: Live) -> int:
    return (await live.ask(system="x" * 5000))[0]


async def ask(live: Live) -> Any:
    return await live.ask()


def captures(state: Path) -> int:
    folder = state / "here"
    return len(list(folder.iterdir())) if folder.exists() else 0


def here(state: Path) -> str:
    return str(state / "here")


TABLE: Mapping[str, Effect] = {
    "server.host": Effect(started(host, OWN), "127.0.0.1", OWN),
    "server.port": Effect(port, "8000", "8123"),
    "server.api_keys": Effect(started(opened_by_another_key, OTHER_KEY), 401, 200),
    "server.admin_keys": Effect(started(accounts_opened_by_another_key, OTHER_KEY), 401, 200),
    "server.max_body_bytes": Effect(look(status_of_long, 2048), 200, 413),
    "server.drain_timeout": Effect(end_of_a_stopped_stream, False, True),
    "log.level": Effect(started(tells_of_requests, "ERROR", LOG_FORMAT="json"), True, False),
    "log.format": Effect(started(writes_json, "console"), True, False),
    "debug.mode": Effect(look(ask, "all", left=captures, **{"debug.folder": here}), 0, 1),
    "debug.folder": Effect(look(ask, here, left=captures, **{"debug.mode": "all"}), 0, 1),
}
