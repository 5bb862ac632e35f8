"""Many who need a new token at once make one refresh, and those that leave take nothing with them."""

import tempfile
from pathlib import Path
from typing import Any

from tests.prove.field import Field, field_on

FORMS = ("file", "database", "own")


def run(
    *, requests: int = 1000, gateways: int = 8, rounds: int = 200, others: int = 20, turns: int = 40
) -> dict[str, Any]:
    """requests: in each of the gateways at once. rounds: of all gateways, on a file; others: on the other forms.

    turns: moments at which a client leaves.
    """
    with tempfile.TemporaryDirectory() as folder, field_on(Path(folder)) as ground:
        alone = [_crowd(ground, form, requests, 1) for form in FORMS]
        forms = [*(["file"] * rounds), *(FORMS[1 + number % 2] for number in range(others))]
        many = [_crowd(ground, form, requests // gateways, gateways) for form in forms]
        left = [_leaving(ground, FORMS[number % 3], number) for number in range(turns)]
    broken = [words for words in (*alone, *many, *left) if words]
    print(f"  {requests} requests in one process: {len(alone)} rounds, {len(alone) - _faults(alone)} with one refresh")
    print(f"  {gateways} processes on one store: {len(many)} rounds, {len(many) - _faults(many)} with one refresh")
    print(f"  the client leaves at {turns} moments of its refresh: {turns - _faults(left)} times nothing was lost")
    for words in broken:
        print(f"    {words}")
    return {"ok": not broken, "rounds": len(alone) + len(many), "left": turns, "broken": len(broken)}


def _faults(found: list[str]) -> int:
    return sum(bool(words) for words in found)


def _crowd(ground: Field, form: str, requests: int, gateways: int) -> str:
    login = ground.login(form)
    orders = [{"job": "crowd", "wait": True, "count": requests}] * gateways
    reports = [report.get("done", {}) for report in ground.together(login, *orders)]
    family = login.family()
    tokens = {token for report in reports for token in report.get("tokens", [report.get("fault")])}
    if (family["refreshes"], family["reuses"], len(tokens), login.lies()) == (1, 0, 1, True):
        return ""
    return f"{form}, {gateways} processes: {family}, {tokens}"


def _leaving(ground: Field, form: str, turns: int) -> str:
    """The account is closed right after, as when the gateway stops: the refresh comes to its end all the same."""
    login = ground.login(form)
    ground.one(login, "leaving", count=turns * 4)
    told = ground.one(login, "answer").get("done", {})
    family = login.family()
    if "models" in told and login.lies() and (family["refreshes"], family["reuses"]) == (1, 0):
        return ""
    return f"{form}, left after {turns * 4} turns: {told}, {family}"
