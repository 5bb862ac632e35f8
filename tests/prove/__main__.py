"""``make prove``: campaigns that measure and print; exit status 1 when a promise breaks.

``ARGS="leaving races"`` runs these parts only. Programs beyond Python: strace, for the part ``kills``.
"""

import shutil
import sys
from collections.abc import Callable
from typing import Any, Final

from tests.prove import leaving, refresh

PARTS: Final[dict[str, tuple[str, Callable[[], dict[str, Any]]]]] = {
    **refresh.PARTS,
    "leaving": ("clients that leave: nothing of them stays, the upstream is let go", leaving.run),
}


def main(names: list[str]) -> int:
    """Run these parts, or all."""
    chosen = names or list(PARTS)
    if "kills" in chosen and shutil.which("strace") is None:
        print("The part `kills` needs strace. On Debian or Ubuntu: sudo apt install strace", file=sys.stderr)
        return 1
    broken = []
    for name in chosen:
        words, run = PARTS[name]
        print(f"{name}: {words}", flush=True)
        if not run()["ok"]:
            broken.append(name)
    print(f"BROKEN: {', '.join(broken)}" if broken else "all promises kept")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
