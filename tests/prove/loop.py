"""What one client can do to the streams of the others: attacks on a gateway beside a stream that is paced.

Everything is a process of its own: the gateway with default settings, what plays Kiro, and this one. Two figures come
of each attack: the longest hold of the gateway's loop, measured inside by a timer (``loop_gateway``), and the largest
gap that the client of the paced stream saw beyond the pace.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final
from urllib.parse import urlsplit

from tests.processes import KEY, PROFILE_ARN, REFRESH_TOKEN, environment, running
from tests.prove import loop_bodies
from tests.prove.loop_bodies import BODIES, LARGEST, MB
from tests.prove.loop_upstream import PACE

ROUNDS: Final = 3
SMALL_MS: Final = 5.0
"""A hold that is allowed for bodies up to 1 MB."""
LARGE_MS: Final = 50.0
"""A hold that is allowed up to the limit of a body."""
CROWD_MS: Final = 100.0
"""A hold that is allowed where eight of the largest bodies come at once (R6)."""
TICKS: Final = 3000
"""Events of the paced stream: it is left when the attack is over."""
TIMEOUT: Final = 120.0
NOISE: Final = "nothing (the machine's own noise)"

Attack = Callable[["Target"], None]


@dataclass
class Target:
    """A gateway, and the port of its sampler."""

    url: str
    sampler: int

    def post(self, path: str, body: bytes) -> bytes:
        """Send a body, read the answer to its end. A refusal is an answer, too."""
        return self._ask("POST", path, body)

    def get(self, path: str) -> bytes:
        """As ``post``."""
        return self._ask("GET", path, b"")

    def _ask(self, method: str, path: str, body: bytes) -> bytes:
        with self.connection() as peer:
            send(peer, method, path, body)
            pieces = []
            while piece := peer.recv(1 << 18):
                pieces.append(piece)
        return b"".join(pieces).partition(b"\r\n\r\n")[2]

    def connection(self) -> socket.socket:
        """A connection to the gateway."""
        place = urlsplit(self.url)
        return socket.create_connection((place.hostname or "", place.port or 0), TIMEOUT)

    def held(self) -> float:
        """The loop's longest hold in milliseconds since the last question."""
        with socket.create_connection(("127.0.0.1", self.sampler), TIMEOUT) as peer:
            return float(peer.makefile("rb").readline())


def send(peer: socket.socket, method: str, path: str, body: bytes) -> None:
    """A request that is the last one of its connection."""
    head = f"{method} {path} HTTP/1.1\r\nHost: gateway\r\nx-api-key: {KEY}\r\nConnection: close\r\n"
    peer.sendall(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode())
    with suppress(ConnectionError):  # it may be refused before it was read to its end
        peer.sendall(body)


@contextmanager
def target(upstream: str, folder: Path, **settings: str) -> Iterator[Target]:
    """A gateway of default settings but for these."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder.mkdir(exist_ok=True)
    values = {
        "PROXY_API_KEY": KEY,
        "REFRESH_TOKEN": REFRESH_TOKEN,
        "PROFILE_ARN": PROFILE_ARN,
        "KIRO_BASE_URL": upstream,
        "LOOP_SAMPLER_PORT": str(port),
        **settings,
    }
    surroundings = environment(folder, **values)
    log = folder / "log"
    with running("serve", "--port", "0", environment=surroundings, log=log, module="tests.prove.loop_gateway") as made:
        found = Target(made.url, port)
        yield found


class Paced:
    """A client of a paced stream: the largest gap between two events beyond the pace."""

    def __init__(self, goal: Target) -> None:
        self._peer = goal.connection()
        self._begun = threading.Event()
        self._largest = 0.0
        self._thread = threading.Thread(target=self._read, daemon=True)
        send(self._peer, "POST", "/v1/messages", loop_bodies.prompt(f"[[paced {TICKS}]]", stream=True))
        self._thread.start()
        if not self._begun.wait(TIMEOUT):
            raise TimeoutError("the paced stream does not begin")

    def _read(self) -> None:
        last = None
        try:
            while data := self._peer.recv(65536):
                if b"tick" not in data:
                    continue
                now = time.perf_counter()
                if last is not None:
                    self._largest = max(self._largest, now - last - PACE)
                    self._begun.set()
                last = now
        except OSError:
            pass

    def forget(self) -> None:
        """Count from now on."""
        self._largest = 0.0

    def end(self) -> float:
        """Leave; the largest gap in milliseconds."""
        time.sleep(2 * PACE)
        self._peer.shutdown(socket.SHUT_RDWR)
        self._thread.join(TIMEOUT)
        self._peer.close()
        return self._largest * 1000


@dataclass
class Found:
    """What came of an attack: milliseconds, one figure a round."""

    name: str
    limit: float
    holds: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)

    def ok(self, noise: float) -> bool:
        """Whether the median is within the limit and what the machine itself holds up."""
        return median(self.holds) <= self.limit + noise

    def told(self, noise: float) -> str:
        """One line."""
        holds = f"{median(self.holds):7.1f} ms ({max(self.holds):7.1f} at most)"
        mark = "" if self.ok(noise) else f"   ABOVE {self.limit:.0f} ms"
        return f"    {self.name:58} {holds}   gap {median(self.gaps):7.1f} ({max(self.gaps):7.1f}){mark}"


def thrown(goal: Target, attack: Attack, found: Found) -> None:
    """One round."""
    paced = Paced(goal)
    goal.held()
    paced.forget()
    attack(goal)
    found.holds.append(goal.held())
    found.gaps.append(paced.end())


def _post(body: bytes, path: str = "/v1/messages") -> Attack:
    return lambda goal: void(goal.post(path, body))


def void(_answer: bytes) -> None:
    """The answer is of no interest."""


def _answers() -> dict[str, tuple[Attack, float]]:
    """Attacks by long answers, and by many counts at once."""

    def ask(mark: str, path: str = "/v1/messages", **more: Any) -> Attack:
        return _post(loop_bodies.prompt(mark, **more), path)

    eight = loop_bodies.prompt(loop_bodies.code(8 * MB * 9 // 10))
    return {
        "an answer of 64 KB without usage, streamed": (ask("[[long 60]]", stream=True), SMALL_MS),
        "an answer of 64 KB without usage, whole": (ask("[[long 60]]"), SMALL_MS),
        "an answer of 1 MB without usage, streamed": (ask("[[long 900]]", stream=True), SMALL_MS),
        "an answer of 1 MB without usage, whole": (ask("[[long 900]]"), SMALL_MS),
        "a held stream of 16,000 chunks": (ask("[[chunks 16000]]", "/cc/v1/messages", stream=True), SMALL_MS),
        "12 counts of 8 MB at once": (partial(_at_once, 12, "/v1/messages/count_tokens", eight), LARGE_MS),
        "8 bodies of 31 MB at once": (
            partial(_at_once, 8, "/v1/messages", loop_bodies.prompt(loop_bodies.code(LARGEST * 9 // 10))),
            CROWD_MS,
        ),
        "GET of a kept answer of 1 MB, and a turn that goes on from it": (_kept, SMALL_MS),
    }


def _at_once(count: int, path: str, body: bytes, goal: Target) -> None:
    threads = [threading.Thread(target=goal.post, args=(path, body)) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT)


def _kept(goal: Target) -> None:
    asked = {"model": "claude-sonnet-4.5", "input": "[[long 900]]"}
    first = json.loads(goal.post("/v1/responses", json.dumps(asked).encode()))
    goal.get(f"/v1/responses/{first['id']}")
    goes_on = {"model": "claude-sonnet-4.5", "input": "Go on.", "previous_response_id": first["id"]}
    goal.post("/v1/responses", json.dumps(goes_on).encode())


def _attacks() -> dict[str, tuple[Attack, float]]:
    found: dict[str, tuple[Attack, float]] = {NOISE: (lambda _: time.sleep(0.3), SMALL_MS)}
    for words, size, limit in (("1 MB", MB, SMALL_MS), ("31 MB", LARGEST, LARGE_MS)):
        for name, made in BODIES.items():
            found[f"{words}: {name}"] = (_post(made(size)), limit)
    found |= {name: (_post(body), SMALL_MS) for name, body in loop_bodies.schemas().items()}
    return found | _answers()


def run(rounds: int = ROUNDS, only: str = "") -> dict[str, Any]:
    """Throw each attack so many times. only: attacks with this in their name."""
    module = [sys.executable, "-m", "tests.prove.loop_upstream"]
    results: list[Found] = []
    with tempfile.TemporaryDirectory(prefix="prove-") as folder:
        place = Path(folder)
        process = subprocess.Popen(module, stdout=subprocess.PIPE, env=environment(place), text=True)
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            results += _first_counts(url, place, rounds, only)
            results += _all(url, place, rounds, _attacks(), only)
            captured = {"captures on: 8 MB": (_post(loop_bodies.prompt(loop_bodies.code(7 * MB))), LARGE_MS)}
            results += _all(url, place, rounds, captured, only, DEBUG_MODE="all", DEBUG_DIR=str(place / "debug"))
        finally:
            process.kill()
            process.wait()
    return _report(results)


def _all(
    url: str, place: Path, rounds: int, attacks: dict[str, tuple[Attack, float]], only: str, **settings: str
) -> list[Found]:
    chosen = {name: row for name, row in attacks.items() if only in name or name == NOISE}
    made = []
    with target(url, place / f"gateway-{len(settings)}", **settings) as goal:
        goal.post("/v1/messages", loop_bodies.prompt("hello"))
        for name, (attack, limit) in chosen.items():
            found = Found(name, limit)
            for _ in range(rounds):
                thrown(goal, attack, found)
            made.append(found)
            print(found.told(0.0), flush=True)
    return made


def _first_counts(url: str, place: Path, rounds: int, only: str) -> list[Found]:
    """The first count loads the vocabulary: a new gateway for each round."""
    found = Found("the first count of tokens", SMALL_MS)
    if only not in found.name:
        return []
    for number in range(rounds):
        with target(url, place / f"first-{number}") as goal:
            thrown(goal, _post(loop_bodies.prompt("hello")), found)
    print(found.told(0.0), flush=True)
    return [found]


def _report(results: list[Found]) -> dict[str, Any]:
    noise = next((median(found.holds) for found in results if found.name == NOISE), 0.0)
    print(f"  allowed beside the limits, for the machine's own noise: {noise:.1f} ms")
    above = [found.name for found in results if not found.ok(noise)]
    for name in above:
        print(f"    ABOVE ITS LIMIT: {name}")
    small = [median(found.holds) for found in results if found.limit == SMALL_MS]
    large = [median(found.holds) for found in results if found.limit == LARGE_MS]
    return {
        "ok": not above,
        "attacks": len(results),
        "above": above,
        "noise_ms": round(noise, 1),
        "small_ms": round(max(small, default=0.0), 1),
        "large_ms": round(max(large, default=0.0), 1),
        "holds_ms": {found.name: [round(median(found.holds), 1), round(max(found.holds), 1)] for found in results},
        "gaps_ms": {found.name: [round(median(found.gaps), 1), round(max(found.gaps), 1)] for found in results},
    }


if __name__ == "__main__":  # by hand: ROUNDS=1 python -m tests.prove.loop "31 MB"
    run(int(os.environ.get("ROUNDS", str(ROUNDS))), *sys.argv[1:2])
