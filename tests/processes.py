"""Real processes for tests: the gateway, and the simulator that plays Kiro, over loopback sockets.

Nothing here waits by sleeping: a process is up when it has printed its URL, a record is complete when the simulator's
``wait`` says so. Ceilings are generous and only end a hang.
"""

import json
import os
import re
import ssl
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CEILING = 60.0
"""Seconds after which a process that says nothing counts as dead; a loaded machine needs five."""

KEY = "e2e-gateway-key-000000000000000000"
REFRESH_TOKEN = "simulator-refresh-token"
PROFILE_ARN = "arn:aws:codewhisperer:us-east-1:123456789012:profile/SIMULATOR"

_URL = re.compile(r"https?://[\w.\[\]:-]+")


class Process:
    """A running ``python -m gateway …`` that has told its URL. ``log`` is its standard error."""

    def __init__(self, popen: "subprocess.Popen[str]", url: str, log: Path) -> None:
        self.popen = popen
        self.url = url
        self.log = log

    def stop(self) -> int:
        """End it as systemd would; its exit status."""
        self.popen.terminate()
        return self.popen.wait(CEILING)


@contextmanager
def running(*arguments: str, environment: Mapping[str, str], log: Path, module: str = "gateway") -> Iterator[Process]:
    """Run the program, or another module that runs it, until the block ends."""
    command = [sys.executable, "-m", module, *arguments]
    with log.open("w") as errors:
        popen = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, env=dict(environment), text=True)
    try:
        yield Process(popen, _url(popen, log), log)
    finally:
        popen.terminate()
        try:
            popen.wait(CEILING)
        except subprocess.TimeoutExpired:
            popen.kill()
            popen.wait()
        if popen.stdout:
            popen.stdout.close()


def _url(popen: "subprocess.Popen[str]", log: Path) -> str:
    """The first URL it prints."""
    patience = threading.Timer(CEILING, popen.kill)
    patience.start()
    try:
        for line in popen.stdout or ():
            if match := _URL.search(line):
                return match[0]
    finally:
        patience.cancel()
    raise AssertionError(f"the process ended without a URL: {log.read_text()}")


def environment(home: Path, **more: str) -> dict[str, str]:
    """What a process needs and nothing of the developer's own: an empty home, no login, no key."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT") if name in os.environ}
    python = {"PYTHONPATH": str(Path(__file__).parents[1]), "PYTHONWARNINGS": "error::ResourceWarning"}
    return {**kept, **python, "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), **more}


def gateway_environment(home: Path, upstream: str, authority: Path | None, **more: str) -> dict[str, str]:
    """The environment of a gateway on a simulator."""
    settings = {
        "PROXY_API_KEY": KEY,
        "REFRESH_TOKEN": REFRESH_TOKEN,
        "PROFILE_ARN": PROFILE_ARN,
        "KIRO_BASE_URL": upstream,
        "BASE_RETRY_DELAY": "0.01",
        "LOG_FORMAT": "json",
        "LOG_LEVEL": "DEBUG",
    }
    if authority is not None:
        settings["KIRO_GATEWAY_UPSTREAM_CA_FILE"] = str(authority)
    return environment(home, **{**settings, **more})


class Simulator:
    """The control endpoint of a simulator process."""

    def __init__(self, url: str, authority: Path | None) -> None:
        self.url = url
        self._tls = ssl.create_default_context(cafile=str(authority)) if authority else None

    def push(self, *answers: Mapping[str, Any]) -> None:
        """Script the next answers."""
        self._call("POST", "script", list(answers))

    def reset(self) -> None:
        """Forget script, gates and record."""
        self._call("POST", "reset", {})

    def open(self, gate: str) -> None:
        """Let one frame through a gate."""
        self._call("POST", f"open/{gate}", {})

    def requests(self, operation: str = "generate") -> list[dict[str, Any]]:
        """What it received, oldest first."""
        found: list[dict[str, Any]] = self._call("GET", f"requests?operation={operation}")
        return found

    def account(self, name: str, **members: Any) -> None:
        """Make or change an account."""
        self._call("POST", "accounts", {"name": name, **members})

    def ledger(self, account: str) -> list[dict[str, Any]]:
        """The logins of an account: what became of their refresh tokens."""
        return [family for family in self._call("GET", "ledger") if family["account"] == account]

    def hold(self, **members: Any) -> None:
        """What holds for all logins from now on: ``rotate``, ``expires_in``, ``newcomer``, ``revoke_rotated``."""
        self._call("POST", "logins", members)

    def revoke(self, *tokens: str) -> None:
        """Refuse these tokens from now on."""
        self._call("POST", "revoke", {"tokens": tokens})

    def wait(self, count: str, number: int = 1) -> dict[str, int]:
        """The counts, once one of them has reached a number."""
        counts: dict[str, int] = self._call("GET", f"wait?count={count}&number={number}&timeout={CEILING}")
        return counts

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        raw = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_simulator/{path}", data=raw, method=method)
        with urllib.request.urlopen(request, context=self._tls, timeout=CEILING + 5) as answer:
            return json.load(answer)
