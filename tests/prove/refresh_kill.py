"""SIGKILL from outside at the Nth system call of a refresh, for N = 1, 2, … until one ends untouched (needs strace).

The thread of the loop and the one that touches files are counted apart, so that every call of both is hit. After each
kill a new process must be able to get an answer. A token server that refuses at once what it has exchanged leaves one
gap that nobody can close: from its exchange to our write of the answer; there the kill must at least be the only one
that costs the login, and the words must tell how to log in again.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.prove.field import Field, Login, Report, field_on

THREADS = ("loop", "worker")
FORMS = ("file", "database", "own")
MISSING = "strace is missing. On Debian or Ubuntu: sudo apt install strace"


@dataclass
class Campaign:
    """What became of the kills in one thread. gap: system calls at which the login was lost, as numbers."""

    form: str
    strict: bool
    thread: str
    kills: int = 0
    recovered: int = 0
    gap: list[int] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether the promise was kept: nothing lost outside the gap, and that in one piece in the loop's thread."""
        run = list(range(self.gap[0], self.gap[-1] + 1)) if self.gap else []
        lossless = not self.gap or (self.strict and self.thread == "loop" and self.gap == run)
        return self.kills > 0 and not self.broken and lossless

    def told(self) -> str:
        """One line."""
        server = "refuses the old token" if self.strict else "still takes the old token"
        gap = f"; in the gap {len(self.gap)} ({', '.join(self.calls)})" if self.gap else ""
        broken = f"; BROKEN: {self.broken}" if self.broken else ""
        figures = f"{self.kills} kills, {self.recovered} recovered{gap}{broken}"
        return f"  {self.form:8} {self.thread:6} server {server:25} {figures}"


def run(*, step: int = 1, forms: tuple[str, ...] = FORMS) -> dict[str, Any]:
    """All campaigns. step: 1 hits every system call, 7 every seventh."""
    if shutil.which("strace") is None:
        print(MISSING)
        return {"ok": False, "missing": MISSING}
    campaigns = []
    for strict in (False, True):
        with tempfile.TemporaryDirectory() as folder, field_on(Path(folder), strict=strict) as ground:
            for form in forms:
                for thread in THREADS:
                    campaign = Campaign(form, strict, thread)
                    _all(ground, campaign, step)
                    print(campaign.told(), flush=True)
                    campaigns.append(campaign)
    kills, recovered = (sum(getattr(one, name) for one in campaigns) for name in ("kills", "recovered"))
    lost = sum(len(one.gap) for one in campaigns)
    print(f"  {kills} kills: {recovered} recovered, {lost} in the gap that nobody can close")
    return {"ok": all(one.holds for one in campaigns), "kills": kills, "recovered": recovered, "in the gap": lost}


def _all(ground: Field, campaign: Campaign, step: int) -> None:
    number = 1
    while _killed(ground, campaign, number):
        number += step


def _killed(ground: Field, campaign: Campaign, number: int) -> bool:
    """One run; False when it ended untouched."""
    login = ground.login(campaign.form)
    trace = ground.folder / "trace"
    with _tracers(campaign.thread, number, trace) as attach:
        (report,) = ground.together(login, {"job": "refresh", "wait": True}, ready=attach)
    if report["ended"] == 0:
        return False
    campaign.kills += 1
    _judge(campaign, number, login, ground.one(login, "answer"), _last_call(trace))
    return True


def _judge(campaign: Campaign, number: int, login: Login, survivor: Report, call: str) -> None:
    told = survivor.get("done", {})
    family = login.family()
    if told.get("access") in family["access_tokens"] and login.lies() and not login.entries():
        campaign.recovered += 1
    elif "Log in again" in told.get("fault", "") and family["reuses"] == 1:
        campaign.gap.append(number)
        campaign.calls.append(call)
    else:
        campaign.broken.append(f"at {number} ({call}): {told}, {family}, {login.entries()}")


@contextmanager
def _tracers(thread: str, number: int, trace: Path) -> Iterator[Any]:
    """Attaches strace to one thread of a fork; returns from that once it is attached."""
    tracers: list[subprocess.Popen[str]] = []

    def attach(report: Report) -> None:
        inject = f"inject=all:signal=KILL:when={number}"
        command = ["strace", "-o", str(trace), "-e", inject, "-p", str(report[thread])]
        tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        tracers.append(tracer)
        assert tracer.stderr is not None
        attached = tracer.stderr.readline()
        assert "attached" in attached, attached

    try:
        yield attach
    finally:
        for tracer in tracers:
            tracer.wait(60)
            if tracer.stderr:
                tracer.stderr.close()


def _last_call(trace: Path) -> str:
    calls = [line.partition("(")[0] for line in trace.read_text().splitlines() if "(" in line and line[0].isalpha()]
    return calls[-1] if calls else "?"
