"""Clients that leave, in every phase of a request: what is left of them, and how soon the upstream is let go.

Real gateway processes; the upstream is in this process (``stage``), so that one clock sees both ends. In the phases
``queued``, ``refreshing`` and ``pause`` (before another send) a request has no connection to the upstream; what counts
then is that it is not sent, or not again, and that its place is free.

The phases with several clients at once have no limit of requests at once (pool.max_concurrent_per_account = 0), so that
each reaches its phase; ``queued`` has the default limit, and its clients leave both in the queue and in the moment in
which they are let in.
"""

import asyncio
import json
import os
import random
import tempfile
from collections import Counter, defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket
from statistics import quantiles
from typing import Any, Final
from urllib.parse import urlsplit

from gateway.settings.accounts import Pool
from gateway.threads import IDLE_SECONDS
from tests.processes import KEY, Process, gateway_environment, running
from tests.prove.counted import COUNT, count
from tests.prove.stage import REFRESH_SECONDS, Upstream, go, upstream

CLIENTS: Final = 10_000
AT_ONCE: Final = 8
SEED: Final = 20261121
LATEST: Final = 0.012
"""Seconds after a phase began within which a client leaves."""

OPEN: Final = ("waiting", "begun", "silent", "streaming")
"""Phases with a connection to the upstream that must be closed."""
WITHOUT: Final = ("refreshing", "pause")
PLACES: Final = Pool().max_concurrent_per_account
UNQUEUED: Final = {"KIRO_GATEWAY_POOL_MAX_CONCURRENT_PER_ACCOUNT": "0"}
WAYS: Final = ("close", "reset", "half-close")
PROMISED_MS: Final = 50.0
GROWTH_KB: Final = 5_000
"""Resident memory; what Python's allocator keeps for the next request lies below."""


@dataclass
class Found:
    """What was measured. seconds: from a client's leaving to the end of its upstream connection, by phase."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    clients: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)


class Crowd:
    """Clients of one gateway, each with a number of its own, that ask and leave."""

    def __init__(self, url: str, kiro: Upstream, found: Found, dice: random.Random) -> None:
        self._place = urlsplit(url)
        self._kiro = kiro
        self._found = found
        self._dice = dice
        self.number = 0
        self.moments: dict[int, float] = {}

    async def ask(self, phase: str, *, stream: bool) -> tuple[int, socket]:
        """A request on a socket of its own."""
        self.number += 1
        words = f"[[{phase} {self.number}]]"
        body = {"model": "claude-sonnet-4.5", "messages": [{"role": "user", "content": words}], "stream": stream}
        payload = json.dumps(body).encode()
        head = f"POST /v1/messages HTTP/1.1\r\nHost: {self._place.netloc}\r\nx-api-key: {KEY}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n"
        number, peer = self.number, socket()
        peer.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(peer, (self._place.hostname, self._place.port))
        await loop.sock_sendall(peer, head.encode() + payload)
        return number, peer

    async def leave(self, phase: str) -> None:
        """Ask, wait for the phase to begin, leave at a random moment of it, and see the upstream let go."""
        kiro, found, dice = self._kiro, self._found, self._dice
        way = dice.choice(WAYS)
        number, peer = await self.ask(phase, stream=dice.random() < 0.5)
        with peer:
            if not await kiro.until(lambda: number in kiro.arrived):
                found.broken.append(f"{phase} {number}: the request never came")
                return
            longest = REFRESH_SECONDS if phase == "refreshing" else LATEST
            await asyncio.sleep(dice.random() * longest)
            moment = self.moments[number] = go(peer, way)
            found.clients[f"{phase}, {way}"] += 1
            if phase in OPEN:
                if await kiro.until(lambda: number in kiro.left, 5.0):
                    found.seconds[phase].append(max(0.0, kiro.left[number] - moment))
                else:
                    found.broken.append(f"{phase} {number}: the upstream was not let go after a {way}")

    async def many(self, phases: list[str]) -> None:
        """All of them, some at once."""
        waiting = iter(phases)

        async def one_after_another() -> None:
            for phase in waiting:
                await self.leave(phase)

        await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))

    async def answered(self, count: int) -> int:
        """How many of so many ordinary requests get their answer."""
        got = 0
        for _ in range(count):
            _, peer = await self.ask("answered", stream=True)
            with peer:
                raw = b""
                while b"message_stop" not in raw:
                    piece = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(peer, 65536), 20)
                    if not piece:
                        break
                    raw += piece
                got += b"message_stop" in raw
        return got


def run(clients: int = CLIENTS) -> dict[str, Any]:
    """Let so many clients leave at random; print what is left of them and how long the upstream was kept."""
    found = Found()
    with tempfile.TemporaryDirectory(prefix="prove-") as name:
        figures = asyncio.run(_campaign(Path(name), clients, found))
    times = sorted(1000 * value for values in found.seconds.values() for value in values)
    p50, p99 = quantiles(times, n=100)[49], quantiles(times, n=100)[98]
    for phase, values in found.seconds.items():
        cut = quantiles([1000 * value for value in values], n=100)
        print(
            f"  {phase:10} {len(values):5} left; upstream let go after {cut[49]:.1f} ms (p50), {cut[98]:.1f} ms (p99)"
        )
        _expect(found, cut[98] < PROMISED_MS, f"p99 of {phase} is {cut[98]:.1f} ms")
    print(f"  all phases: p50 {p50:.1f} ms, p99 {p99:.1f} ms; {sum(found.clients.values())} clients, seed {SEED}")
    print(f"  by phase and way: {dict(sorted(found.clients.items()))}")
    print(f"  left over: {figures}")
    for words in found.broken[:20]:
        print(f"    BROKEN {words}")
    counted = {"clients": sum(found.clients.values()), "p50_ms": round(p50, 2), "p99_ms": round(p99, 2)}
    return {"ok": not found.broken, "seed": SEED, **counted, **figures, "broken": len(found.broken)}


async def _campaign(folder: Path, clients: int, found: Found) -> dict[str, Any]:
    dice = random.Random(SEED)
    async with upstream() as kiro:
        figures = await _at_large(folder, kiro, clients * 9 // 10, found, dice)
        figures["slots_lost"] = await _queued(folder, kiro, clients // 20, found, dice)
    await _connecting(folder, clients // 20, found, dice)
    return figures


def _gateway(stack: ExitStack, folder: Path, name: str, url: str, **settings: str) -> Process:
    home = folder / name
    home.mkdir()
    calm = {"LOG_LEVEL": "WARNING", "BASE_RETRY_DELAY": "30", COUNT: str(_count_of(home))}
    calm["ACCOUNT_RECOVERY_TIMEOUT"] = "0"  # a sixth of the requests fail on purpose, all on one account
    given = gateway_environment(home, url, None, **calm, **settings)
    module = "tests.prove.counted"
    return stack.enter_context(running("serve", "--port", "0", environment=given, log=home / "log", module=module))


def _count_of(home: Path) -> Path:
    return home / "tasks"


async def _at_large(folder: Path, kiro: Upstream, clients: int, found: Found, dice: random.Random) -> dict[str, Any]:
    """One gateway, all phases that need no special one, mixed."""
    with ExitStack() as stack:
        gateway = await asyncio.to_thread(_gateway, stack, folder, "large", kiro.url, **UNQUEUED)
        crowd = Crowd(gateway.url, kiro, found, dice)
        await crowd.many([*(OPEN + WITHOUT) * 100])  # what a process keeps for good is there then
        await crowd.answered(20)
        found.seconds.clear()
        found.clients.clear()
        before = await _held(gateway)
        phases = [(OPEN + WITHOUT)[number % 6] for number in range(clients)]
        dice.shuffle(phases)
        await crowd.many(phases)
        again = sum(kiro.arrived[number] > moment + PROMISED_MS / 1000 for number, moment in crowd.moments.items())
        answered = await crowd.answered(200)
        after = await _held(gateway)
    left = {name: after[name] - before[name] for name in before}
    _expect(found, again == 0, f"{again} requests were sent again after their client had left")
    _expect(found, answered == 200, f"only {answered} of 200 requests were answered afterwards")
    _expect(found, left["tasks"] <= 0, f"tasks left over: {left}")
    _expect(found, left["descriptors"] <= 2 and left["threads"] <= 0, f"left over: {left}")
    _expect(found, left["memory_kb"] <= GROWTH_KB, f"memory grew: {left}")
    return {**left, "sent_again": again}


async def _queued(folder: Path, kiro: Upstream, clients: int, found: Found, dice: random.Random) -> int:
    """A gateway whose places are all taken: who waits for one leaves, and all places are there afterwards."""
    with ExitStack() as stack:
        gateway = await asyncio.to_thread(_gateway, stack, folder, "queued", kiro.url)
        crowd = Crowd(gateway.url, kiro, found, dice)
        crowd.number = 1_000_000
        holders = [await crowd.ask("silent", stream=True) for _ in range(PLACES)]
        await kiro.until(lambda: all(number in kiro.arrived for number, _ in holders))
        sent = len(kiro.arrived)
        for _ in range(clients):
            way = dice.choice(WAYS)
            _, peer = await crowd.ask("silent", stream=dice.random() < 0.5)
            await asyncio.sleep(dice.random() * LATEST)
            found.clients[f"queued, {way}"] += 1
            go(peer, way)
            peer.close()
        for _, peer in holders:
            go(peer, "close")
        lost = PLACES - await _places(crowd, kiro)
        strays = len(kiro.arrived) - sent - PLACES
        for _ in range(clients // PLACES):
            await _let_in(crowd, kiro, found, dice)
        lost += PLACES - await _places(crowd, kiro)
    _expect(found, strays == 0, f"{strays} queued requests were sent although their clients had left")
    _expect(found, lost == 0, f"{lost} places were lost")
    return lost


async def _let_in(crowd: Crowd, kiro: Upstream, found: Found, dice: random.Random) -> None:
    """Those who hold the places leave, and at about the same time those who are let in for them."""
    holders = [await crowd.ask("silent", stream=True) for _ in range(PLACES)]
    await kiro.until(lambda: all(number in kiro.arrived for number, _ in holders))
    queued = [await crowd.ask("silent", stream=dice.random() < 0.5) for _ in range(PLACES)]
    await asyncio.sleep(LATEST)
    peers = [peer for _, peer in (*holders, *queued)]
    dice.shuffle(peers)
    for peer in peers:
        go(peer, way := dice.choice(WAYS))
        found.clients[f"let in, {way}"] += 1
        await asyncio.sleep(dice.random() * LATEST / PLACES)
    for peer in peers:
        peer.close()


async def _places(crowd: Crowd, kiro: Upstream) -> int:
    """How many requests get through at once."""
    asked = [await crowd.ask("silent", stream=True) for _ in range(PLACES)]
    await kiro.until(lambda: all(number in kiro.arrived for number, _ in asked), 10.0)
    for _, peer in asked:
        peer.close()
    return sum(number in kiro.arrived for number, _ in asked)


async def _connecting(folder: Path, clients: int, found: Found, dice: random.Random) -> None:
    """An upstream that takes the connection and never shakes hands: the connection ends with its client."""
    login = folder / "login.json"
    tokens = {"accessToken": "a", "refreshToken": "r", "expiresAt": "2999-01-01T00:00:00Z"}
    login.write_text(json.dumps(tokens))
    settings = {"KIRO_CREDS_FILE": str(login), "REFRESH_TOKEN": "", "KIRO_GATEWAY_UPSTREAM_CONNECT_TIMEOUT": "600"}
    async with upstream() as kiro:
        with ExitStack() as stack:
            url = kiro.url.replace("http:", "https:")
            gateway = await asyncio.to_thread(_gateway, stack, folder, "connecting", url, **settings, **UNQUEUED)
            crowd = Crowd(gateway.url, kiro, found, dice)
            await kiro.until(lambda: kiro.made)  # the list of models, which goes on waiting
            for _ in range(clients):
                await _leave_connecting(crowd, kiro, found, dice)


async def _leave_connecting(crowd: Crowd, kiro: Upstream, found: Found, dice: random.Random) -> None:
    number, way = kiro.made + 1, dice.choice(WAYS)
    _, peer = await crowd.ask("connecting", stream=dice.random() < 0.5)
    with peer:
        await kiro.until(lambda: kiro.made == number)
        await asyncio.sleep(dice.random() * LATEST)
        moment = go(peer, way)
        found.clients[f"connecting, {way}"] += 1
        if await kiro.until(lambda: number in kiro.ended, 5.0):
            found.seconds["connecting"].append(max(0.0, kiro.ended[number] - moment))
        else:
            found.broken.append(f"connecting {number}: the upstream was not let go after a {way}")


def _expect(found: Found, holds: bool, words: str) -> None:
    if not holds:
        found.broken.append(words)


def _status(pid: int) -> dict[str, str]:
    return dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())


async def _held(gateway: Process) -> dict[str, int]:
    """What it holds: tasks, descriptors, threads, resident memory; once its sockets and threads have come to rest."""
    await asyncio.sleep(IDLE_SECONDS + 5)  # a thread that has nothing to do ends after so long
    pid, counts = gateway.popen.pid, [-1]
    while len(counts) < 5 or len(set(counts[-5:])) > 1:
        await asyncio.sleep(0.1)
        counts.append(len(os.listdir(f"/proc/{pid}/fd")))  # noqa: PTH208 - names in /proc, not files
    status = _status(pid)
    memory = int(status["VmRSS"].split()[0])
    tasks = await asyncio.to_thread(count, pid, _count_of(gateway.log.parent))
    return {"tasks": tasks, "descriptors": counts[-1], "threads": int(status["Threads"]), "memory_kb": memory}
