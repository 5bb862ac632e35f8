"""What the proofs of refreshing stand on: a simulator over TLS, forks of a gateway's login, the simulator's ledger."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import trustme

from gateway.simulator.families import fingerprint
from tests.processes import Simulator, environment, running
from tests.prove import places

Report = dict[str, Any]


@dataclass(frozen=True)
class Login:
    """One login, and the simulator's account it belongs to."""

    account: str
    place: Path
    simulator: Simulator

    def family(self) -> Report:
        """What the token server has in its books."""
        (found,) = self.simulator.ledger(self.account)
        return found

    def lies(self, where: "Callable[[Path], str]" = places.read) -> bool:
        """Whether the place holds the token that is in force."""
        return bool(fingerprint(where(self.place)) == self.family()["refresh_token"])

    def entries(self) -> list[str]:
        """What is in the journal: refresh tokens by their fingerprints, "" for room without an answer."""
        folder = self.place.parent.parent if self.place.parent.name == "logins" else self.place.parent / "own"
        texts = [path.read_text() for path in folder.glob("login-*.json")]
        return [fingerprint(json.loads(text)["refreshToken"]) if text.strip() else "" for text in texts]


@dataclass
class Field:
    """The ground. Every login is a new account of the simulator."""

    simulator: Simulator
    authority: Path
    folder: Path
    nursery: "subprocess.Popen[str]"
    numbers: Iterator[int] = field(default_factory=count)

    def login(self, form: str, ends_in: float | None = None) -> Login:
        """A login whose access token has expired, or ends in so many seconds."""
        number = next(self.numbers)
        token = f"aor-prove-{number}"
        client = {places.KEY: places.KEY}
        self.simulator.account(f"prove-{number}", kind="idc", refresh_tokens=[token], clients=client, profiles=[])
        ends = 0.0 if ends_in is None else time.time() + ends_in
        return Login(f"prove-{number}", places.make(self.folder / str(number), form, token, ends), self.simulator)

    def together(self, login: Login, *orders: Report, ready: Callable[[Report], None] | None = None) -> list[Report]:
        """Orders that run at once; what came of each, in their order, with ``ended``: an exit status, or -9.

        ready: called for each that waits, before it is let go.
        """
        common = {"place": str(login.place), "url": self.simulator.url, "authority": str(self.authority)}
        assert self.nursery.stdin is not None
        assert self.nursery.stdout is not None
        self.nursery.stdin.write(json.dumps([{**common, **order} for order in orders]) + "\n")
        self.nursery.stdin.flush()
        found: dict[int, Report] = {}
        waiting = sum(bool(order.get("wait")) for order in orders)
        while sum("ended" in report for report in found.values()) < len(orders):
            line = json.loads(self.nursery.stdout.readline())
            found.setdefault(line["pid"], {}).update(line)
            if "loop" in line:
                waiting -= 1
                if ready is not None:
                    ready(line)
                if not waiting:
                    for pid in [pid for pid, report in found.items() if "loop" in report]:
                        os.kill(pid, signal.SIGUSR1)
        return [found[pid] for pid in sorted(found)]

    def one(self, login: Login, job: str, **members: Any) -> Report:
        """One order; its report."""
        (report,) = self.together(login, {"job": job, **members})
        return report


@contextmanager
def field_on(folder: Path, *, strict: bool = True) -> Iterator[Field]:
    """strict: the token server refuses at once what it has exchanged; else it still takes it, as Kiro's was seen to."""
    with ExitStack() as stack:
        authority, tls = _certificates(folder)
        log = folder / "simulator.log"
        process = stack.enter_context(
            running("simulate", "--port", "0", *tls, environment=environment(folder), log=log)
        )
        simulator = Simulator(process.url, authority)
        simulator.hold(newcomer=False, revoke_rotated=strict)
        command = [sys.executable, "-m", "tests.prove.nursery"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        errors = stack.enter_context((folder / "nursery.log").open("w"))
        nursery = stack.enter_context(
            subprocess.Popen(command, env=environment(folder), stderr=errors, **pipes)  # type: ignore[call-overload]
        )
        yield Field(simulator, authority, folder, nursery)


def _certificates(folder: Path) -> tuple[Path, tuple[str, ...]]:
    maker = trustme.CA()
    maker.cert_pem.write_to_path(folder / "ca.pem")
    certificate = maker.issue_cert("127.0.0.1", "localhost")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(folder / "certificate.pem", append=True)
    files = ("--certificate", str(folder / "certificate.pem"), "--key", str(folder / "key.pem"))
    return folder / "ca.pem", files
