"""What the last whole runs found, and the README's tables of it."""

import json
import platform
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tests.prove.suite import STATEMENTS

FILE: Final = Path(__file__).with_name("results.json")
README: Final = Path(__file__).parents[2] / "README.md"
PLACE: Final = re.compile(r"(?<=<!-- (faults|logins) -->\n).*?(?=<!-- /\1 -->)", re.DOTALL)
"""Where a table stands in the README, by its name."""

Rows = list[tuple[str, str]]


def read() -> dict[str, Any]:
    """By part; nothing before the first run."""
    found: dict[str, Any] = json.loads(FILE.read_text()) if FILE.exists() else {}
    return found


def write(reports: Mapping[str, Mapping[str, Any]]) -> None:
    """Put these parts' figures in the place of older ones."""
    surroundings = {"on": datetime.now(UTC).date().isoformat(), "python": platform.python_version()}
    found = read() | {name: {**report, **surroundings} for name, report in reports.items()}
    FILE.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")


def publish(page: Path = README) -> None:
    """Put the tables of what is kept into their places on the page. Raises KeyError for a part that was never run."""
    found, text = read(), page.read_text(encoding="utf-8")
    page.write_text(PLACE.sub(lambda place: table(place[1], found), text), encoding="utf-8")


def table(name: str, found: Mapping[str, Any]) -> str:
    """One of the README's tables. Raises KeyError for a part that was never run."""
    head, rows = ("Fault", _faults(found)) if name == "faults" else ("To logins", _logins(found))
    return "".join(f"| {left} | {right} |\n" for left, right in ((head, "What came of it"), ("---", "---"), *rows))


def _faults(found: Mapping[str, Any]) -> Rows:
    sockets, pure, storms, leaving = (found[name] for name in ("cuts", "bits", "storms", "leaving"))
    held, failed = found["suite"]["held"], found["suite"]["failed"]
    return [
        (
            "Answers cut over sockets at every frame border ± 1 and 200 random bytes, by FIN, RST, last chunk, close",
            f"{sockets['tried']:,} cuts, {sockets['wrong']} taken for a good answer",
        ),
        (
            "The decoder alone: cut at every byte, every bit flipped",
            f"{pure['places']:,} bytes, {pure['bits']:,} bits of {pure['streams']} streams: {pure['wrong']} not seen",
        ),
        (
            f"{storms['requests']} requests that fail at once, by {storms['faults']} faults",
            f"{storms['sends_a_route']:.2f} sends a request on one route and {storms['most_sends']} in all at most; "
            f"the account serves again {storms['served_after']:.1f} s after Kiro does",
        ),
        (
            "Clients that leave: queued, connecting, refreshing, waiting, streaming, silent, between two sends",
            f"{leaving['clients']:,} left; tasks {leaving['tasks']:+}, descriptors {leaving['descriptors']:+}, "
            f"threads {leaving['threads']:+}, "
            f"memory {leaving['memory_kb'] / 1000:+.1f} MB, places lost {leaving['slots_lost']}; "
            f"Kiro let go after {leaving['p50_ms']:.1f} ms (p50), {leaving['p99_ms']:.1f} ms (p99)",
        ),
        *((words, f"{held.get(name, 0)} cases, {failed.get(name, 0)} failed") for name, words in STATEMENTS.items()),
    ]


def _logins(found: Mapping[str, Any]) -> Rows:
    kills, races, peers, crowd = (found[name] for name in ("kills", "races", "peers", "crowd"))
    lost = kills["kills"] - kills["recovered"] - kills["in the gap"]
    return [
        (
            "`kill -9` from outside at every system call of a refresh (file, database, own store)",
            f"{kills['kills']:,} kills: {kills['recovered']:,} logins recovered, {kills['in the gap']} in the gap that "
            f"cannot be closed (4 to 6 system calls between the server's answer and our write), {lost} others lost",
        ),
        (
            "Another program refreshes the same login at the same time, without any lock",
            f"{races['races']} races: {races['logouts']} logouts",
        ),
        (
            "A program that keeps kiro-cli's rules refreshes kiro-cli's login at the same time; a used token is dead",
            f"{peers['races']} races: {peers['logouts']} logouts, {peers['double']} double refreshes",
        ),
        (
            "1,000 requests wait in one process, 8 processes on one store; the client that began a refresh leaves",
            f"{crowd['rounds']} rounds with one refresh each, {crowd['left']} clients that left: "
            f"{crowd['broken']} promises broken",
        ),
    ]
