"""``make fuzz``: hypothesis on the decoder, the reader, the turn and the parsers, for as long as one likes.

``ARGS="--seconds 600"``: how long in all. ``--seed N`` begins with that seed; a failure names the one that shows it.
"""

import argparse
import secrets
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence

from hypothesis import HealthCheck, Phase, seed, settings

from tests.fuzz.targets import TARGETS, Test

EXAMPLES = 500
"""Of one target before the next one has its turn."""

CAMPAIGN = settings(
    max_examples=EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate, Phase.target, Phase.shrink),
)
TESTS = {name: CAMPAIGN(test) for name, test in TARGETS.items()}


def main(arguments: Sequence[str] | None = None, tests: Mapping[str, Test] = TESTS) -> int:
    """Fuzz; 0, or 1 with the example that broke something."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", help=", ".join(tests))
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    options = parser.parse_args(arguments)
    if unknown := set(options.targets) - set(tests):
        parser.error(f"no such targets: {', '.join(sorted(unknown))}")
    chosen = options.targets or list(tests)
    end, number, counts = time.monotonic() + options.seconds, options.seed, Counter[str]()
    print(f"first seed {number}, {options.seconds:g} s", flush=True)
    while time.monotonic() < end:
        for name in chosen:
            try:
                seed(number)(tests[name])()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what was looked for
                print(f"BROKEN: {name}, seed {number}: --seed {number} {name!r}\n{_told(error)}")
                return 1
            counts[name] += EXAMPLES
        number += 1
    for name in chosen:
        print(f"  {name:16} {counts[name]:9,} examples")
    print(f"seeds {options.seed} to {number - 1}: nothing broke")
    return 0


def _told(error: BaseException) -> str:
    notes = "\n".join(getattr(error, "__notes__", ()))
    return f"{type(error).__name__}: {error}\n{notes}"


if __name__ == "__main__":
    sys.exit(main())
