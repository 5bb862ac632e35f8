"""Clients that leave: what is left of them in the gateway, and how soon the upstream is let go."""

import json
import os
import random
import socket
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import quantiles
from typing import Any, Final
from urllib.parse import urlsplit

from tests.processes import KEY, Simulator, environment, gateway_environment, running

CLIENTS: Final = 10_000
TIMED: Final = 300
AT_ONCE: Final = 20
SEED: Final = 20261121

_TEXT: Final = {"event": "assistantResponseEvent", "payload": {"content": "first"}}
_PHASES: Final = (
    {"stall": "headers"},
    {"frames": [], "stall": True},
    {"frames": [_TEXT], "stall": True},
    {"frames": [_TEXT], "repeat": 5000, "frame_delay": 0.001},
    {"status": 500, "body": {"__type": "InternalServerException", "message": "again"}, "times": 6},
)
"""Waiting for the status, for the first frame, silent in the middle, streaming, in the pause before another send."""

_WAYS: Final = ("close", "reset", "half-close")


def run() -> dict[str, Any]:
    """Let 10,000 clients leave at random; print what is left and how long the upstream took to notice."""
    with tempfile.TemporaryDirectory(prefix="prove-") as name:
        folder = Path(name)
        with running("simulate", "--port", "0", environment=environment(folder), log=folder / "simulator.log") as kiro:
            settings = gateway_environment(folder, kiro.url, None, LOG_LEVEL="WARNING")
            with running("serve", "--port", "0", environment=settings, log=folder / "gateway.log") as gateway:
                return _campaign(gateway.url, gateway.popen.pid, Simulator(kiro.url, None))


def _campaign(url: str, pid: int, kiro: Simulator) -> dict[str, Any]:
    dice = random.Random(SEED)
    _crowd(url, kiro, 200, dice)  # what a process keeps for good (vocabulary, threads, connections) is there then
    before = _held(pid)
    times = [_timed(url, kiro, dice) for _ in range(TIMED)]
    _crowd(url, kiro, CLIENTS - TIMED, dice)
    after = _held(pid)
    p50, p99 = quantiles(times, n=100)[49], quantiles(times, n=100)[98]
    left = {name: after[name] - before[name] for name in before}
    print(f"  {CLIENTS} clients left, seed {SEED}; more than before: {left}")
    print(f"  abort to the upstream's FIN or RST, the asking included: p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    kept = left["descriptors"] <= AT_ONCE and left["threads"] <= 0 and left["memory_kb"] < 30_000 and p99 < 50
    return {"ok": kept, "clients": CLIENTS, "left": left, "p50_ms": round(p50, 1), "p99_ms": round(p99, 1)}


def _crowd(url: str, kiro: Simulator, count: int, dice: random.Random) -> None:
    """So many clients, some at once, each leaving after a random moment; then every exchange must have ended."""
    kiro.reset()
    for _ in range(count // 100):
        kiro.push(*({**dice.choice(_PHASES), "times": 1} for _ in range(100)))
        plans = [(dice.choice(_WAYS), dice.random() < 0.5, dice.random() * 0.01) for _ in range(100)]
        with ThreadPoolExecutor(AT_ONCE) as clients:
            list(clients.map(lambda plan: _leave(url, *plan), plans))
        kiro.reset()
    _leave(url, "close", True, 0.0)


def _timed(url: str, kiro: Simulator, dice: random.Random) -> float:
    """Milliseconds from a client's leaving until the simulator has seen its own connection closed."""
    kiro.reset()
    kiro.push(dice.choice(_PHASES[:3]))
    peer = _ask(url, stream=dice.random() < 0.5)
    kiro.wait("generate")
    began = time.perf_counter()
    _go(peer, dice.choice(_WAYS))
    kiro.wait("client_left")
    peer.close()
    return (time.perf_counter() - began) * 1000


def _leave(url: str, way: str, stream: bool, after: float) -> None:
    peer = _ask(url, stream=stream)
    time.sleep(after)  # the moment at which this client leaves
    _go(peer, way)
    peer.close()


def _ask(url: str, *, stream: bool) -> socket.socket:
    question = {"model": "claude-sonnet-4.5", "messages": [{"role": "user", "content": "hi"}], "stream": stream}
    payload = json.dumps(question).encode()
    place = urlsplit(url)
    peer = socket.create_connection((place.hostname, place.port), timeout=30)
    head = (
        f"POST /v1/messages HTTP/1.1\r\nHost: {place.netloc}\r\nx-api-key: {KEY}\r\nContent-Type: application/json\r\n"
    )
    peer.sendall(f"{head}Content-Length: {len(payload)}\r\n\r\n".encode() + payload)
    return peer


def _go(peer: socket.socket, way: str) -> None:
    if way == "half-close":
        peer.shutdown(socket.SHUT_WR)
        return
    if way == "reset":
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    peer.close()


def _held(pid: int) -> dict[str, int]:
    """What a process holds: descriptors, threads, resident memory. Waits until its sockets have come to rest."""
    counts = [-1]
    while len(counts) < 5 or len(set(counts[-5:])) > 1:
        time.sleep(0.1)
        counts.append(len(os.listdir(f"/proc/{pid}/fd")))  # noqa: PTH208 - names in /proc, not files
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {
        "descriptors": counts[-1],
        "threads": int(status["Threads"]),
        "memory_kb": int(status["VmRSS"].split()[0]),
    }
