"""Starts commands as a user does: in a process of their own, with a home of their own and nothing else."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
"""Seconds before a command that hangs is ended; reached only by a fault."""


def environment(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Only what a process needs, so that no login or key of the tester is seen."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    return {**kept, "HOME": str(home), "PYTHONPATH": str(ROOT), **(extra or {})}


def command(home: Path, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in its home."""
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        cwd=home,
        env=environment(home, extra),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that has said where it is."""

    process: subprocess.Popen[str]
    url: str
    words: str
    log: Path

    def stop(self) -> int:
        """End it as a service manager does; its exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE)


@contextmanager
def gateway(home: Path, *arguments: str, **extra: str) -> Iterator[Running]:
    """A gateway on a free port, until the block is left. Its log is in ``home/log``."""
    log = home / "log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "serve", "--port", "0", *arguments],
            cwd=home,
            env=environment(home, extra),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    with process:
        try:
            words = _greeting(process)
            assert words, f"it did not start: {log.read_text()}"
            yield Running(process, words.split("address", 1)[1].split()[0], words, log)
        finally:
            process.kill()


def _greeting(process: subprocess.Popen[str]) -> str:
    """The lines up to the last one of the greeting; nothing when the process ended before."""
    lines: list[str] = []
    assert process.stdout
    for line in process.stdout:
        lines.append(line)
        if line.strip().startswith("model"):
            return "".join(lines)
    return ""
