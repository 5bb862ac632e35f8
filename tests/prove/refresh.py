"""Refreshing alone: ``python -m tests.prove.refresh [kills|races|peers|crowd …]``; exit status 1: a promise breaks."""

import sys
from collections.abc import Callable
from typing import Any, Final

from tests.prove import refresh_crowd, refresh_kill, refresh_peers, refresh_races

PARTS: Final[dict[str, tuple[str, Callable[[], dict[str, Any]]]]] = {
    "kills": ("kill -9 at every system call of a refresh", refresh_kill.run),
    "races": ("another program refreshes the same login", refresh_races.run),
    "peers": ("another program refreshes kiro-cli's login by kiro-cli's rules", refresh_peers.run),
    "crowd": ("one refresh for everybody, and clients that leave", refresh_crowd.run),
}


def main(names: list[str]) -> int:
    """Run these parts, or all."""
    failed = []
    for name in names or list(PARTS):
        words, run = PARTS[name]
        print(f"{name}: {words}", flush=True)
        if not run()["ok"]:
            failed.append(name)
    print(f"BROKEN: {', '.join(failed)}" if failed else "all promises kept")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
