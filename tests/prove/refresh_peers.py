"""Races with programs that refresh kiro-cli's login by kiro-cli's rules: one refresh, and everybody is logged in.

The token server refuses a refresh token that was used once. In half of the races the token has ended, in the others
Kiro has refused one that looks fresh; every second has two gateways and two programs.
"""

import random
import tempfile
from pathlib import Path
from typing import Any

from tests.prove.field import Field, field_on

LATEST = 0.03
"""Seconds that one of them begins later than the other at most: about what they need to get to the lock."""

SLOWEST = 0.4
"""Seconds the other program takes at most from its answer to its save, with the lock."""

HOUR = 3600.0


def run(*, rounds: int = 200, seed: int | None = None) -> dict[str, Any]:
    """Each round a login of its own."""
    seed = random.SystemRandom().randrange(1 << 32) if seed is None else seed
    chance = random.Random(seed)
    ours = theirs = logouts = doubles = 0
    broken: list[str] = []
    with tempfile.TemporaryDirectory() as folder, field_on(Path(folder)) as ground:
        for number in range(rounds):
            first, lost, double, faults = _round(ground, number, chance)
            ours, theirs = ours + (not first), theirs + first
            logouts, doubles = logouts + lost, doubles + double
            broken += [f"round {number}: {fault}" for fault in faults]
    print(f"  {rounds} races, refreshed by the gateway in {ours}, by the other program in {theirs}")
    print(f"  {logouts} logouts, {doubles} double refreshes (seed {seed})")
    for fault in broken:
        print(f"    {fault}")
    ok = not broken and (rounds < 20 or (ours > 0 and theirs > 0))
    counts = {"logouts": logouts, "double": doubles, "ours": ours, "theirs": theirs}
    return {"ok": ok, "races": rounds, "seed": seed, **counts}


def _round(ground: Field, number: int, chance: random.Random) -> tuple[bool, bool, bool, list[str]]:
    """Whether the other program refreshed, somebody was logged out, somebody refreshed twice; and all that broke."""
    forced = number % 2 == 1
    login = ground.login("database", ends_in=HOUR if forced else -HOUR)
    orders = []
    for _ in range(2 if number % 4 > 1 else 1):
        starts = chance.choice([(0.0, chance.uniform(0, LATEST)), (chance.uniform(0, LATEST), 0.0)])
        delay = chance.uniform(0, SLOWEST)
        orders += [
            {"job": "refused" if forced else "refresh", "wait": True, "start": starts[0]},
            {"job": "peer", "wait": True, "forced": forced, "start": starts[1], "delay": delay},
        ]
    chance.shuffle(orders)
    reports = [report.get("done", {"fault": "it ended without a word"}) for report in ground.together(login, *orders)]
    reports.append(ground.one(login, "answer").get("done", {"fault": "no answer afterwards"}))
    family = login.family()
    faults = [report["fault"] for report in reports if "fault" in report]
    if any(report.get("access") not in family["access_tokens"] for report in reports):
        faults.append("somebody has another token than the one in force")
    if not login.lies():
        faults.append("the store does not hold the token in force")
    double = family["refreshes"] != 1 or family["reuses"] > 0
    if double:
        faults.append(f"{family['refreshes']} refreshes, {family['reuses']} uses of an ended token")
    return any(report.get("refreshed") for report in reports), bool(faults) and not double, double, faults
