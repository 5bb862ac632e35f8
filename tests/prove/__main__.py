"""``make prove``: campaigns that measure and print; exit status 1 when a promise breaks.

What whole parts found is kept in ``results.json`` and told in the README's tables. ``ARGS="leaving races"`` runs
these parts only, ``--quick`` small ones (their figures mean nothing and are not kept), ``--table`` none: it makes the
README's tables of the figures that are kept. Programs beyond Python: strace, for the part ``kills``.
"""

import argparse
import logging
import shutil
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import structlog

from tests.prove import damage, leaving, loop, refresh, results, storms, suite

Part = tuple[str, Callable[[], dict[str, Any]]]

PARTS: Final[dict[str, Part]] = {
    **refresh.PARTS,
    "leaving": ("clients that leave: nothing of them stays, the upstream is let go", leaving.run),
    "cuts": ("answers cut over sockets, in four forms", damage.over_sockets),
    "bits": ("answers cut at every byte, and with every bit flipped", damage.everywhere),
    "drip": ("answers that come byte by byte", damage.drip),
    "storms": ("requests that all fail at once", storms.run),
    "loop": ("what one client can do to the streams of others", loop.run),
    "suite": ("the tests of the upstream's faults, by statement", suite.run),
}
QUICK: Final[dict[str, Part]] = {
    "leaving": ("300 clients that leave", partial(leaving.run, 300)),
    "cuts": ("a few answers cut over sockets", partial(damage.over_sockets, 1)),
    "drip": PARTS["drip"],
    "loop": ("two attacks beside a paced stream", partial(loop.run, 1, "64 KB")),
    "storms": ("100 requests that all fail at once", partial(storms.run, 100)),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run these parts, or all, and keep what whole ones found."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__)
    parser.add_argument("parts", nargs="*", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args(arguments)
    if options.table:
        results.publish()
        return 0
    table = QUICK if options.quick else PARTS
    chosen = options.parts or list(table)
    if unknown := set(chosen) - set(table):
        parser.error(f"no such parts: {', '.join(sorted(unknown))}")
    if "kills" in chosen and shutil.which("strace") is None:
        print("The part `kills` needs strace. On Debian or Ubuntu: sudo apt install strace", file=sys.stderr)
        return 1
    broken = [name for name in chosen if not _held(name, *table[name], keep=not options.quick)]
    if not options.quick:
        results.publish()
    print(f"BROKEN: {', '.join(broken)}" if broken else "all promises kept")
    return 1 if broken else 0


def _held(name: str, words: str, run: Callable[[], dict[str, Any]], *, keep: bool) -> bool:
    print(f"{name}: {words}", flush=True)
    report = run()
    if keep:
        results.write({name: report})
    return bool(report["ok"])


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    sys.exit(main())
