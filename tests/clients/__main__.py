"""``make clients``: real programs on the gateway, the gateway on the simulator, everything on loopback.

Names choose programs; without names all are run. ``--table`` prints the README's table of the last results.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.clients import results
from tests.clients.programs import PROGRAMS
from tests.clients.scenes import SCENES
from tests.clients.stage import stage


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and keep the results: 0; 1 when a cell is red, 2 for a name that is unknown."""
    parser = argparse.ArgumentParser(prog="python -m tests.clients", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(program.id for program in PROGRAMS))
    parser.add_argument("--scene", action="append", help="only this one; may be repeated; nothing is kept then")
    parser.add_argument("--table", action="store_true", help="print the table of the last results")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="keep there what the programs wrote")
    options = parser.parse_args(arguments)
    if options.table:
        print(results.table(results.load().values()), end="")
        return 0
    if unknown := set(options.names) - {program.id for program in PROGRAMS}:
        print(f"clients: there is no {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    chosen = [program for program in PROGRAMS if not options.names or program.id in options.names]
    scenes = tuple(scene for scene in SCENES if not options.scene or scene.name in options.scene)
    if options.output:
        options.output.mkdir(parents=True, exist_ok=True)
    with stage(options.output) as here:
        rows = {program.id: here.row(program, scenes) for program in chosen}
    if not options.scene:
        known = {**results.load(), **rows}
        results.save({program.id: known[program.id] for program in PROGRAMS if program.id in known})
    print(results.table(rows.values()), end="")
    return int(any(results.is_red(row) for row in rows.values()))


if __name__ == "__main__":
    sys.exit(main())
