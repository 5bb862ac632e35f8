"""``make bench``: simulator, pass-through and gateway as processes on loopback; figures of one interleaved run.

It fails when a byte of any answer is wrong or a process fails, never because of a figure.
"""

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import uvloop
from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector
from aiohttp import __version__ as aiohttp_version

from tests.bench import bodies, processes
from tests.bench.answers import Wrong, expected
from tests.bench.load import Target
from tests.bench.prepare import Captured, capture, gateway_target, kiro_target
from tests.bench.report import HEAD, Figure, absolute_figure, difference_figure, ratio_figure
from tests.bench.scenarios import Scenario, cpu_rounds, first_text, memory

ONE = expected(1, 12)
HELLO = bodies.hello(bodies.bulk(1))
AGENT = bodies.agent(bodies.bulk(1))
BULK = bodies.hello(bodies.bulk(500))
SLOW = bodies.hello(bodies.paced(1000, rate=1))


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is measured. paced: deltas of a paced stream; five seconds of it, so that the events are what costs."""

    rounds: int = 7
    paced: int = 250
    first_texts: int = 200
    streams: int = 400

    def scenarios(self) -> tuple[Scenario, ...]:
        """The loads whose CPU time is measured."""
        paced = bodies.hello(bodies.paced(self.paced, rate=50))
        return (
            Scenario("CPU per hello request", HELLO, ONE, 1, 100, 100, 2.0),
            Scenario("CPU per 420 KB agent request", AGENT, ONE, 1, 20, 20, 3.0),
            Scenario("CPU per 1,000 events in bulk, 8 clients", BULK, expected(500, 12), 8, 5, 20, 3.0),
            Scenario(
                "CPU per 1,000 events, 20 streams of 50/s", paced, expected(self.paced, 12), 20, 1, self.paced / 50, 1.2
            ),
        )


QUICK = Amount(rounds=1, paced=10, first_texts=3, streams=5)
"""Shows that everything runs; its figures mean nothing."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print: 0, or 1 when bytes were wrong or a process failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one small round: the figures mean nothing then")
    amount = QUICK if parser.parse_args(arguments).quick else Amount()
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            uvloop.run(_bench(Path(folder), amount))
    except (Wrong, processes.Failed, ClientError, OSError) as error:
        print(f"bench: {error or type(error).__name__}", file=sys.stderr)
        return 1
    return 0


async def _bench(folder: Path, amount: Amount) -> None:
    connector = TCPConnector(limit=0)
    timeout = ClientTimeout(total=120)
    async with ClientSession(connector=connector, timeout=timeout, auto_decompress=False) as session:
        with ExitStack() as stack:
            simulator = stack.enter_context(processes.simulator(folder))
            plain = stack.enter_context(processes.passthrough(folder, simulator.url))
            gateway = stack.enter_context(processes.gateway(folder, simulator.url))
            served = gateway_target(gateway)
            captured = await _captured(session, simulator, served, amount)
            targets = (kiro_target(plain, captured), served)
            print(_surroundings(amount), HEAD, sep="\n", flush=True)
            async for figure in _figures(
                session, folder=folder, simulator=simulator, captured=captured, targets=targets, amount=amount
            ):
                print(figure.line(), flush=True)


async def _captured(
    session: ClientSession, simulator: processes.Running, served: Target, amount: Amount
) -> dict[bytes, Captured]:
    """What Kiro gets for each body; the short ones differ in the marker alone."""
    hello = await capture(session, simulator, served, HELLO, ONE)
    wanted = {scenario.body for scenario in amount.scenarios()} | {SLOW}
    short = {body: hello.with_prompt(_marker(HELLO), _marker(body)) for body in wanted - {AGENT}}
    return short | {AGENT: await capture(session, simulator, served, AGENT, ONE)}


def _marker(body: bytes) -> bytes:
    return body.partition(b"[[")[2].partition(b"]]")[0]


async def _figures(
    session: ClientSession,
    *,
    folder: Path,
    simulator: processes.Running,
    captured: dict[bytes, Captured],
    targets: Sequence[Target],
    amount: Amount,
) -> AsyncIterator[Figure]:
    plain, served = targets
    for scenario in amount.scenarios():
        cpu = await cpu_rounds(session, scenario, targets, amount.rounds)
        yield ratio_figure(scenario.title, "ms", cpu[plain.name] * 1e3, cpu[served.name] * 1e3, scenario.goal)
    direct = kiro_target(simulator, captured)
    seconds = await first_text(session, (direct, plain, served), HELLO, ONE, amount.first_texts)
    added = [(seconds[target.name] - seconds[direct.name]) * 1e3 for target in targets]
    yield difference_figure("first text, added to the simulator's own", "ms", added[0], added[1], 0.6)
    with (
        processes.passthrough(folder, simulator.url, "fresh pass-through") as fresh_plain,
        processes.gateway(folder, simulator.url, "fresh gateway") as fresh_gateway,
    ):
        fresh = (kiro_target(fresh_plain, captured), gateway_target(fresh_gateway))
        used = [
            await memory(session, target, hello=HELLO, text=ONE, slow=SLOW, streams=amount.streams) for target in fresh
        ]
    idle, streams = ([value / 1e3 for value in values] for values in zip(*used, strict=True))
    yield absolute_figure("memory, idle", "MB", idle[0] / 1e3, idle[1] / 1e3, 50.0)
    yield absolute_figure("memory per open slow stream", "KB", streams[0], streams[1], 100.0)


def _surroundings(amount: Amount) -> str:
    return (
        f"Python {platform.python_version()}, aiohttp {aiohttp_version}, uvloop {version('uvloop')}, "
        f"{os.cpu_count()} cores; {amount.rounds} interleaved rounds, medians; every answer checked byte by byte; "
        "no limit of requests at once (pool.max_concurrent_per_account = 0)"
    )


if __name__ == "__main__":
    sys.exit(main())
