"""The gateway as ``python -m gateway`` runs it; at SIGUSR1 it writes into a file how many tasks its loop has."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Final

from gateway.commands import run

COUNT: Final = "PROVE_COUNT"


def count(pid: int, file: Path) -> int:
    """The tasks of a gateway that runs so; it answers as soon as its loop comes round."""
    file.unlink(missing_ok=True)
    os.kill(pid, signal.SIGUSR1)
    while not file.exists():
        pass
    return int(file.read_text())


def _tell(*_: object) -> None:
    file = Path(os.environ[COUNT])
    written = file.with_suffix(".new")
    written.write_text(str(len(asyncio.all_tasks())))
    written.replace(file)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, _tell)
    sys.exit(run(sys.argv[1:]))
