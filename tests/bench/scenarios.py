"""What is measured: rounds of load on two targets in turn, so that a disturbance of the machine meets both."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from aiohttp import ClientSession

from tests.bench.load import Target, checked, compare, open_streams, together
from tests.bench.measure import cpu_seconds, resident_bytes

_SETTLE = 0.1
"""Seconds after which what a request leaves to do (log line, closed sockets) is done."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A load: ``clients`` at once, each sending ``body`` ``each`` times; ``units``: what the CPU time is divided by.

    text: what every single answer must say.
    """

    title: str
    body: bytes
    text: str
    clients: int
    each: int
    units: float
    goal: float


async def cpu_rounds(
    session: ClientSession, scenario: Scenario, targets: Sequence[Target], rounds: int
) -> dict[str, float]:
    """CPU seconds per unit of each target, the median of the rounds. Raises Wrong for any wrong answer."""
    used: dict[str, list[float]] = {target.name: [] for target in targets}
    for number in range(rounds):
        for target in targets if number % 2 else tuple(reversed(targets)):
            used[target.name].append(await _round(session, scenario, target) / scenario.units)
    return {name: median(seconds) for name, seconds in used.items()}


async def _round(session: ClientSession, scenario: Scenario, target: Target) -> float:
    before = cpu_seconds(target.pid)
    answers = await together(session, target, scenario.body, scenario.clients, scenario.each)
    await asyncio.sleep(_SETTLE)
    seconds = cpu_seconds(target.pid) - before
    for received in answers:
        compare(target, received, scenario.text)
    return seconds


async def first_text(
    session: ClientSession, targets: Sequence[Target], body: bytes, text: str, times: int
) -> dict[str, float]:
    """Seconds until the first text of each target, the median of so many requests made in turn."""
    seconds: dict[str, list[float]] = {target.name: [] for target in targets}
    for number in range(times):
        for step in range(len(targets)):
            target = targets[(number + step) % len(targets)]
            seconds[target.name].append((await checked(session, target, body, text)).first)
    return {name: median(values) for name, values in seconds.items()}


async def memory(
    session: ClientSession, target: Target, *, hello: bytes, text: str, slow: bytes, streams: int
) -> tuple[float, float]:
    """(bytes of the idle process, bytes per open slow stream) of a process that has done nothing yet."""
    idle = resident_bytes(target.pid)
    for _ in range(20):
        await checked(session, target, hello, text)
    before = resident_bytes(target.pid)
    open_ones = await open_streams(session, target, slow, streams)
    await asyncio.sleep(_SETTLE)
    after = resident_bytes(target.pid)
    for response in open_ones:
        response.close()
    await asyncio.sleep(_SETTLE)  # the sockets are closed by the loop; a process waits for streams still open
    return float(idle), (after - before) / streams
