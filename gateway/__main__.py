"""``python -m gateway`` and the command ``kiro-gateway``."""

import sys

from gateway.commands import run


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
