"""A start, as a newcomer sees it: the simulator beside the gateway, one key, clear words, nothing left behind."""

import os
import pty
import select
import signal
import stat
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from gateway import __version__
from gateway.accounts.terms import Terms
from gateway.commands.serve import limits_line
from gateway.jsontext import decode
from gateway.settings.accounts import Pool
from tests.commands.starting import PATIENCE, ROOT, command, environment, gateway

KEY = "kg-9f8e7d6c5b4a39281706f5e4d3c2b1a0"


def own_key(home: Path) -> Path:
    [path] = home.rglob("api-key")
    return path


def chat(url: str, key: str) -> dict[str, object]:
    body = b'{"model": "claude-sonnet-4.5", "messages": [{"role": "user", "content": "hello"}]}'
    headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
    with urlopen(Request(f"{url}/v1/chat/completions", body, headers), timeout=PATIENCE) as answer:
        assert answer.headers["x-kiro-gateway-upstream"] == "simulator"
        return dict(decode(answer.read()))


def test_without_a_login_the_simulator_answers_and_the_start_says_so(tmp_path: Path) -> None:
    with gateway(tmp_path) as running:
        key = own_key(tmp_path)
        answer = chat(running.url, key.read_text().strip())
    assert answer["object"] == "chat.completion"
    assert f"kiro-gateway {__version__}" in running.words
    assert "THE SIMULATOR ANSWERS, NOT KIRO" in running.words
    assert "NO KIRO LOGIN FOUND" in running.log.read_text()


def test_the_key_is_kept_private_and_not_printed_into_a_journal(tmp_path: Path) -> None:
    with gateway(tmp_path) as running:
        key = own_key(tmp_path)
        assert f"key      in {key}" in running.words
    assert key.read_text().strip() not in running.words + running.log.read_text()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("limits", "shown"),
    [
        ({}, "4 requests at once per account, more are queued; no measured safe rate is known"),
        (
            {"KIRO_GATEWAY_POOL_MAX_CONCURRENT_PER_ACCOUNT": "0"},
            "any number of requests at once per account; no measured safe rate is known",
        ),
        (
            {"KIRO_GATEWAY_POOL_MAX_CONCURRENT_PER_ACCOUNT": "1", "RATE_LIMIT_MAX_CONCURRENT": "9"},
            "1 request at once per account, 9 over all accounts, more are queued; no measured safe rate is known",
        ),
    ],
)
def test_start_says_how_many_requests_run_at_once(tmp_path: Path, limits: dict[str, str], shown: str) -> None:
    with gateway(tmp_path, **limits) as running:
        assert f"  limits   {shown}\n" in running.words


def test_accounts_with_a_limit_of_their_own_are_named() -> None:
    accounts = [Terms("a"), Terms("b", max_concurrent=2), Terms("c", max_concurrent=0)]
    line = limits_line(Pool(), accounts)
    assert line.startswith("4 requests at once per account (b: 2, c: any number), more are queued")


def test_a_terminal_is_shown_a_new_key_once(tmp_path: Path) -> None:
    shown = [on_terminal(tmp_path), on_terminal(tmp_path)]
    key = own_key(tmp_path).read_text().strip()
    assert [key in words for words in shown] == [True, False]


def on_terminal(home: Path) -> str:
    """What a start prints where somebody looks on; it is ended after its last line."""
    ours, theirs = pty.openpty()
    program = [sys.executable, "-m", "gateway", "--port", "0"]
    with subprocess.Popen(
        program, cwd=home, env=environment(home), stdout=theirs, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    ) as process:
        os.close(theirs)
        words = b""
        while b"model " not in words:
            words += os.read(ours, 4096)
        process.terminate()
    os.close(ours)
    return words.decode()


def test_a_configured_key_is_taken_and_none_is_made(tmp_path: Path) -> None:
    with gateway(tmp_path, PROXY_API_KEY=KEY) as running:
        assert chat(running.url, KEY)
    assert "as set in environment PROXY_API_KEY" in running.words
    assert KEY not in running.words
    assert not list(tmp_path.rglob("api-key"))


def simulator_of(process: subprocess.Popen[str]) -> int:
    """The gateway's one child."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert len(children) == 1
    return int(children[0])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well_and_its_simulator_with_it(number: signal.Signals, tmp_path: Path) -> None:
    with gateway(tmp_path) as running:
        child = simulator_of(running.process)
        running.process.send_signal(number)
        assert running.process.wait(PATIENCE) == 0
    assert not Path(f"/proc/{child}").exists()
    assert "Traceback" not in running.log.read_text()


def test_the_simulator_does_not_outlive_a_killed_gateway(tmp_path: Path) -> None:
    with gateway(tmp_path) as running:
        watched = os.pidfd_open(simulator_of(running.process))
        running.process.kill()
        running.process.wait(PATIENCE)
        with os.fdopen(watched) as descriptor:
            assert ended(descriptor.fileno())


def ended(pidfd: int) -> bool:
    """A pidfd is readable when its process has ended."""
    return bool(select.select([pidfd], [], [], PATIENCE)[0])


def test_a_given_address_is_used_and_no_simulator_started(tmp_path: Path) -> None:
    with gateway(tmp_path, KIRO_BASE_URL="http://127.0.0.1:9") as running:
        children = Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children").read_text()
    assert children.split() == []


def test_a_port_in_use_is_one_line_and_exit_1(tmp_path: Path) -> None:
    with gateway(tmp_path) as running:
        done = command(tmp_path, "--port", running.url.rsplit(":", 1)[1])
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "is in use" in done.stderr


def test_wrong_settings_are_exit_78_before_anything_is_begun(tmp_path: Path) -> None:
    done = command(tmp_path, "--port", "http")
    assert (done.returncode, done.stdout) == (78, "")
    assert "command line: --port is not a whole number" in done.stderr
    assert not list(tmp_path.rglob("api-key"))


def test_a_login_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "login.json").write_text('{"hello": 1}')
    done = command(tmp_path, "--port", "0", KIRO_CREDS_FILE="login.json")
    assert done.returncode == 1
    assert done.stderr.startswith("kiro-gateway: ")
    assert "Traceback" not in done.stderr
    assert str(ROOT) not in done.stderr
