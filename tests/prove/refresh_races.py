"""Races with another program that refreshes the same login without our lock: whoever is first, nobody is logged out."""

import random
import tempfile
from pathlib import Path
from typing import Any

from tests.prove.field import Field, field_on

LATEST = 0.03
"""Seconds it asks later than the gateway at most: about what that one needs to get to its own asking."""

SLOWEST = 0.4
"""Seconds the other program takes at most from its answer to its file."""


def run(*, rounds: int = 200, seed: int | None = None) -> dict[str, Any]:
    """Each round: a login that has expired, a gateway and another program that find out at the same time."""
    seed = random.SystemRandom().randrange(1 << 32) if seed is None else seed
    dice = random.Random(seed)
    ours = theirs = 0
    broken: list[str] = []
    with tempfile.TemporaryDirectory() as folder, field_on(Path(folder)) as ground:
        for number in range(rounds):
            form = ("file", "database")[number % 2]
            first, words = _round(ground, form, dice)
            ours, theirs = ours + (not first), theirs + first
            if words:
                broken.append(f"round {number} ({form}): {words}")
    counts = f"{rounds} races, the gateway first in {ours}, the other program in {theirs}"
    print(f"  {counts}: {len(broken)} logouts (seed {seed})")
    for words in broken:
        print(f"    {words}")
    ok = not broken and (rounds < 20 or (ours > 0 and theirs > 0))
    return {"ok": ok, "races": rounds, "logouts": len(broken), "seed": seed}


def _round(ground: Field, form: str, dice: random.Random) -> tuple[bool, str]:
    """Whether the other program was first, and what broke: "" for nothing."""
    login = ground.login(form)
    delays = {"start": dice.uniform(0, LATEST), "delay": dice.uniform(0, SLOWEST)}
    orders = [{"job": "refresh", "wait": True}, {"job": "foreign", "wait": True, **delays}]
    dice.shuffle(orders)
    reports = [report.get("done", {"fault": "it ended without a word"}) for report in ground.together(login, *orders)]
    after = ground.one(login, "answer").get("done", {"fault": "no answer afterwards"})
    faults = [report["fault"] for report in (*reports, after) if "fault" in report]
    family = login.family()
    if not login.lies():
        faults.append("the place does not hold the token in force")
    if family["refreshes"] != 1:
        faults.append(f"{family['refreshes']} refreshes")
    return any(report.get("refreshed") for report in reports), "; ".join(faults)
