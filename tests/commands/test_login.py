"""``login`` and ``logout`` as a user runs them, against a simulator in a process of its own."""

import contextlib
import io
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.accounts.login.browser import PORTS
from gateway.accounts.login.device import Code
from gateway.accounts.sources.own import OwnLogin
from gateway.commands.login import countdown, show
from tests.commands.starting import PATIENCE, command
from tests.commands.starting import environment as plain
from tests.processes import Simulator, environment, running

CODE = Code("device", "ABCD-EFGH", "https://device.sso/?user_code=ABCD-EFGH", "https://device.sso/", 1, 600)


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    home = tmp_path_factory.mktemp("simulator")
    with running("simulate", "--port", "0", environment=environment(home), log=home / "log") as process:
        yield Simulator(process.url, None)


def stored(home: Path) -> dict[str, OwnLogin]:
    return {path.stem: OwnLogin(path) for path in home.rglob("logins/*.json")}


def log_in(home: Path, simulator: Simulator, *arguments: str, **extra: str) -> "subprocess.CompletedProcess[str]":
    return command(home, "login", "--no-browser", *arguments, KIRO_BASE_URL=simulator.url, **extra)


def test_a_builder_id_is_logged_in_and_stored(simulator: Simulator, tmp_path: Path) -> None:
    done = log_in(tmp_path, simulator)
    assert done.returncode == 0, done.stderr
    assert re.search(r"https://view.awsapps.com/start/#/device\?user_code=[A-Z]{4}-[A-Z]{4}", done.stdout)
    login = stored(tmp_path)["builder-id"].load()
    assert (login.kind, bool(login.client_secret)) == ("builder_id", True)
    assert login.refresh_token not in done.stdout + done.stderr
    assert login.access_token not in done.stdout + done.stderr


def test_identity_center_keeps_its_start_url_and_region(simulator: Simulator, tmp_path: Path) -> None:
    place = ("--start-url", "https://acme.awsapps.com/start", "--region", "eu-west-1", "--name", "work")
    assert log_in(tmp_path, simulator, *place).returncode == 0
    login = stored(tmp_path)["work"]
    assert (login.load().kind, login.load().region) == ("idc", "eu-west-1")
    assert json.loads(login.path.read_text())["startUrl"] == "https://acme.awsapps.com/start"
    before = login.load().refresh_token
    assert log_in(tmp_path, simulator, "--name", "work").returncode == 0
    assert (login.load().kind, login.load().region, login.load().refresh_token != before) == ("idc", "eu-west-1", True)
    assert log_in(tmp_path, simulator, "--name", "work", "--region", "eu-central-1").returncode == 0
    assert login.load().region == "eu-central-1"


def test_github_by_code_gives_the_profile_too(simulator: Simulator, tmp_path: Path) -> None:
    assert log_in(tmp_path, simulator, "--social", "github").returncode == 0
    assert (stored(tmp_path)["github"].load().profile_arn or "").startswith("arn:aws:codewhisperer:")


def test_kiros_device_flow_is_warned_of_before_it_begins_and_awss_is_not(simulator: Simulator, tmp_path: Path) -> None:
    assert "sign the first one out" in log_in(tmp_path, simulator, "--social", "google").stderr
    assert log_in(tmp_path, simulator).stderr == ""


def browser(home: Path, follow: str = "urllib.request.urlopen(sys.argv[1], timeout=30).read()") -> str:
    """What BROWSER has to say for a browser that follows every redirect, or does with its address what is given."""
    program = home / "browser"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "import sys, urllib.request; {follow}" "$1"\n')
    program.chmod(0o755)
    return f"{program} %s &"


def test_google_in_the_browser_comes_back_by_itself_to_a_registered_port(simulator: Simulator, tmp_path: Path) -> None:
    social = ("login", "--social", "google")
    done = command(tmp_path, *social, KIRO_BASE_URL=simulator.url, BROWSER=browser(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "code_challenge=" in done.stdout
    [port] = re.findall(r"redirect_uri=http%3A%2F%2F127.0.0.1%3A(\d+)%2Foauth%2Fcallback", done.stdout)
    assert int(port) in PORTS
    assert stored(tmp_path)["google"].load().kind == "social"


def test_where_no_registered_port_is_free_the_login_says_which_and_what_else_there_is(
    simulator: Simulator, tmp_path: Path
) -> None:
    with contextlib.ExitStack() as stack:
        for port in PORTS:
            with contextlib.suppress(OSError):  # in use by another program: as good
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
        done = command(
            tmp_path, "login", "--social", "github", KIRO_BASE_URL=simulator.url, BROWSER=browser(tmp_path, "pass")
        )
    assert done.returncode == 1
    assert all(str(port) in done.stderr for port in PORTS)
    assert "kiro-gateway login --social github --no-browser" in done.stderr
    assert not stored(tmp_path)


def test_a_login_in_the_browser_that_is_interrupted_listens_no_more(simulator: Simulator, tmp_path: Path) -> None:
    program = [sys.executable, "-m", "gateway", "login", "--social", "google"]
    settings = {"KIRO_BASE_URL": simulator.url, "PYTHONUNBUFFERED": "1", "BROWSER": browser(tmp_path, "pass")}
    pipe = subprocess.PIPE
    around = plain(tmp_path, settings)
    with subprocess.Popen(program, cwd=tmp_path, env=around, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout
        port = next(int(match[1]) for line in process.stdout if (match := re.search(r"127\.0\.0\.1%3A(\d+)", line)))
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "Traceback" in errors) == (130, False)
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port))


@pytest.mark.parametrize(("decision", "words"), [("deny", "refused in the browser"), ("expire", "not used in time")])
def test_a_refusal_and_an_expiry_are_told_and_nothing_is_stored(
    simulator: Simulator, decision: str, words: str, tmp_path: Path
) -> None:
    program = [sys.executable, "-m", "gateway", "login", "--no-browser"]
    surroundings = plain(tmp_path, {"KIRO_BASE_URL": simulator.url, "PYTHONUNBUFFERED": "1"})
    pipe = subprocess.PIPE
    with subprocess.Popen(program, cwd=tmp_path, env=surroundings, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout
        code = next(match[1] for line in process.stdout if (match := re.search(r"user_code=([A-Z-]+)", line)))
        simulator._call("POST", f"device/{code}/{decision}", {})
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert words in errors
    assert not stored(tmp_path)


def test_an_api_key_is_read_from_standard_input_and_shown_nowhere(tmp_path: Path) -> None:
    done = with_input(tmp_path, "ksk_0123456789abcdef\n", "login", "--api-key")
    assert done.returncode == 0, done.stderr
    assert stored(tmp_path)["api-key"].load().access_token == "ksk_0123456789abcdef"
    assert "0123456789" not in done.stdout + done.stderr
    assert with_input(tmp_path, "sk-wrong\n", "login", "--api-key", "--name", "x").returncode == 1
    assert list(stored(tmp_path)) == ["api-key"]


def with_input(home: Path, text: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    program = [sys.executable, "-m", "gateway", *arguments]
    return subprocess.run(
        program, cwd=home, env=plain(home), input=text, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--start-url", "http://acme.awsapps.com/start"], 1),
        (["--region", "evil.example", "--start-url", "https://acme.awsapps.com/start"], 1),
        (["--social", "facebook"], 2),
        (["--social", "google", "--region", "us-gov-west-1"], 1),
        (["--region", "us-gov-west-1"], 1),
        (["--social", "google", "--start-url", "https://acme.awsapps.com/start"], 2),
    ],
)
def test_what_makes_no_sense_is_refused_before_anybody_is_asked(
    arguments: list[str], code: int, tmp_path: Path
) -> None:
    done = command(tmp_path, "login", "--no-browser", *arguments, KIRO_BASE_URL="http://127.0.0.1:1")
    assert done.returncode == code
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_logging_out_needs_a_name_only_where_there_are_several(tmp_path: Path) -> None:
    for name in ("one", "two"):
        with_input(tmp_path, "ksk_0123456789abcdef\n", "login", "--api-key", "--name", name)
    both = command(tmp_path, "logout", "--port", "1")
    assert (both.returncode, "one, two" in both.stderr) == (2, True)
    assert command(tmp_path, "logout", "three", "--port", "1").returncode == 1
    assert command(tmp_path, "logout", "one", "--port", "1").returncode == 0
    assert command(tmp_path, "logout", "--port", "1").returncode == 0
    assert stored(tmp_path) == {}


def on_a_terminal(code: Code) -> str:
    """What ``show`` and a countdown write where somebody looks on."""
    ours, theirs = pty.openpty()
    read = bytearray()
    reader = threading.Thread(target=lambda: read.extend(_all_of(ours)))
    reader.start()
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
        show(code, terminal)
        countdown(terminal)(125.0)
    reader.join()
    os.close(ours)
    return read.decode()


def _all_of(descriptor: int) -> Iterator[int]:
    try:
        while piece := os.read(descriptor, 4096):
            yield from piece
    except OSError:  # the other end of a terminal is closed
        return


def test_on_a_terminal_there_is_a_qr_code_and_a_countdown() -> None:
    text = on_a_terminal(CODE)
    assert text.count("▀") + text.count("▄") + text.count("█") > 50
    assert "2:05 left" in text
    assert CODE.url in text


def test_elsewhere_there_is_only_text_and_one_line_of_waiting() -> None:
    out = io.StringIO()
    show(CODE, out)
    progress = countdown(out)
    progress(10.0)
    progress(9.0)
    assert out.getvalue().count("Waiting") == 1
    assert out.getvalue().isascii() or "▀" not in out.getvalue()
