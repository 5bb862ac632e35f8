"""SIGKILL from outside at every system call of a refresh, each in a run of its own (needs strace).

strace counts a call by its name, so the campaign goes name by name, N = 1, 2, … until a run ends untouched; names come
from a run that is only watched. The thread of the loop and the one that touches files are traced apart. Left out are
calls that concern the process alone (memory, locks between its threads, its number): a kill there is one at the next.

After each kill a new process must be able to get an answer. A token server that refuses at once what it has exchanged
leaves one gap that nobody can close: from its exchange to our write of the answer. A login may be lost there alone:
the room in the journal is then blank, and the words must tell how to log in again.
"""

import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from tests.prove.field import Field, Login, Report, field_on

THREADS = ("loop", "worker")
FORMS = ("file", "database", "own")
ITS_OWN = {
    *("getpid", "gettid", "futex", "mmap", "munmap", "mremap", "mprotect", "madvise", "brk", "clone3", "getrandom"),
    *("rt_sigprocmask", "rt_sigaction", "rt_sigtimedwait", "exit", "exit_group"),
}
MISSING = "strace is missing. On Debian or Ubuntu: sudo apt install strace"


@dataclass
class Campaign:
    """What became of the kills in one thread. gap: system calls at which the login was lost in the one gap there is."""

    form: str
    strict: bool
    thread: str
    kills: int = 0
    recovered: int = 0
    gap: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether the promise was kept."""
        return self.kills > 0 and not self.broken and (not self.gap or (self.strict and self.thread == "loop"))

    def told(self) -> str:
        """One line."""
        server = "refuses the old token" if self.strict else "still takes the old token"
        names = ", ".join(f"{count} {name}" for name, count in self.gap.items())
        gap = f"; in the gap {self.gap.total()} ({names})" if self.gap else ""
        broken = f"; BROKEN: {self.broken}" if self.broken else ""
        figures = f"{self.kills} kills, {self.recovered} recovered{gap}{broken}"
        return f"  {self.form:8} {self.thread:6} server {server:25} {figures}"


def run(*, forms: tuple[str, ...] = FORMS) -> dict[str, Any]:
    """All campaigns; for the forgiving server the first form's suffices, since only the gap differs."""
    if shutil.which("strace") is None:
        print(MISSING)
        return {"ok": False, "missing": MISSING}
    campaigns = []
    for strict, served in ((True, forms), (False, forms[:1])):
        with tempfile.TemporaryDirectory() as folder, field_on(Path(folder), strict=strict) as ground:
            for form, thread in product(served, THREADS):
                campaigns.append(_campaign(ground, Campaign(form, strict, thread)))
                print(campaigns[-1].told(), flush=True)
    kills, recovered = (sum(getattr(one, name) for one in campaigns) for name in ("kills", "recovered"))
    lost = sum(one.gap.total() for one in campaigns)
    print(f"  {kills} kills: {recovered} recovered, {lost} in the gap that nobody can close")
    return {"ok": all(one.holds for one in campaigns), "kills": kills, "recovered": recovered, "in the gap": lost}


def _campaign(ground: Field, campaign: Campaign) -> Campaign:
    for name in _names(ground, campaign):
        number = 1
        while _killed(ground, campaign, name, number):
            number += 1
    return campaign


def _names(ground: Field, campaign: Campaign) -> list[str]:
    """The system calls of a refresh that nobody disturbs."""
    trace = ground.folder / "trace"
    with _tracers(campaign.thread, [], trace) as attach:
        ground.together(ground.login(campaign.form), {"job": "refresh", "wait": True}, ready=attach)
    calls = [line.partition("(")[0] for line in trace.read_text().splitlines() if "(" in line and line[0].isalpha()]
    return [name for name in dict.fromkeys(calls) if name not in ITS_OWN]


def _killed(ground: Field, campaign: Campaign, name: str, number: int) -> bool:
    """One run; False when it ended untouched."""
    login = ground.login(campaign.form)
    inject = ["-e", f"inject={name}:signal=KILL:when={number}"]
    with _tracers(campaign.thread, inject, ground.folder / "trace") as attach:
        (report,) = ground.together(login, {"job": "refresh", "wait": True}, ready=attach)
    if report["ended"] == 0:
        return False
    campaign.kills += 1
    _judge(campaign, f"{name} {number}", login, ground)
    return True


def _judge(campaign: Campaign, call: str, login: Login, ground: Field) -> None:
    left, exchanged = login.entries(), login.family()["refreshes"] == 1
    told = ground.one(login, "answer").get("done", {})
    family = login.family()
    if told.get("access") in family["access_tokens"] and login.lies() and not login.entries():
        campaign.recovered += 1
    elif exchanged and left == [""] and "Log in again" in told.get("fault", ""):
        campaign.gap[call.partition(" ")[0]] += 1
    else:
        campaign.broken.append(f"at {call}: {told}, {family}, journal {left}, then {login.entries()}")


@contextmanager
def _tracers(thread: str, options: list[str], trace: Path) -> Iterator[Any]:
    """Attaches strace to one thread of a fork; returns from that once it is attached."""
    tracers: list[subprocess.Popen[str]] = []

    def attach(report: Report) -> None:
        command = ["strace", "-o", str(trace), *options, "-p", str(report[thread])]
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
