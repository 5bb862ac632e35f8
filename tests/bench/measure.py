"""What a process has used, as the kernel counts it (Linux)."""

import time
from pathlib import Path

_SCHEDULED = 2
"""CPUCLOCK_SCHED: the CPU clock of a whole process, user and kernel, in nanoseconds, ended threads included."""


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and all its threads. Raises OSError when it is gone."""
    return time.clock_gettime((~pid << 3) | _SCHEDULED)


def resident_bytes(pid: int) -> int:
    """Memory of a process that is its own or touched by it. Raises OSError when it is gone."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"process {pid} has ended")
