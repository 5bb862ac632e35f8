"""The admin side on real processes: logging in over HTTP, accounts, usage, and the commands that ask for the same."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands.starting import command
from tests.commands.starting import gateway as started
from tests.processes import CEILING, KEY, Process, Simulator, environment, gateway_environment, running

ADMIN = "e2e-admin-key-0000000000000000000"


@pytest.fixture
def own_simulator(tmp_path: Path) -> Iterator[Simulator]:
    """One of its own, since accounts are changed there."""
    alone = environment(tmp_path / "simulator")
    with running("simulate", "--port", "0", environment=alone, log=tmp_path / "simulator.log") as process:
        yield Simulator(process.url, None)


@pytest.fixture
def gateway(own_simulator: Simulator, tmp_path: Path) -> Iterator[Process]:
    settings = gateway_environment(tmp_path, own_simulator.url, None, PROXY_ADMIN_KEY=ADMIN)
    with running("serve", "--port", "0", environment=settings, log=tmp_path / "log") as process:
        yield process


def call(gateway: Process, method: str, path: str, body: Any = None, key: str | None = ADMIN) -> tuple[int, Any]:
    """Status and JSON."""
    headers = {"content-type": "application/json"} | ({"x-api-key": key} if key else {})
    raw = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{gateway.url}{path}", data=raw, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=CEILING) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def ended(gateway: Process, session: str) -> dict[str, Any]:
    """The status of a login once it is over: asked again and again, as a client does."""
    told: dict[str, Any] = {"status": "pending"}
    while told["status"] == "pending":
        _, told = call(gateway, "GET", f"/auth/login/status/{session}")
    return told


def names(gateway: Process) -> list[str]:
    return [row["name"] for row in call(gateway, "GET", "/accounts")[1]["accounts"]]


ROUTES = [
    ("GET", "/accounts"),
    ("GET", "/usage"),
    ("POST", "/accounts/0/enable"),
    ("POST", "/accounts/0/disable"),
    ("POST", "/accounts/0/refresh"),
    ("DELETE", "/accounts/0"),
    ("POST", "/auth/login"),
    ("GET", "/auth/login/status/x"),
    ("DELETE", "/auth/login/x"),
]


def test_the_clients_key_and_no_key_open_nothing_of_it(gateway: Process) -> None:
    for method, path in ROUTES:
        assert call(gateway, method, path, key=KEY)[0] == 403, path
        assert call(gateway, method, path, key=None)[0] == 401, path
    assert call(gateway, "GET", "/v1/models")[0] == 200


def test_a_login_over_http_serves_at_once_and_is_kept(
    gateway: Process, own_simulator: Simulator, tmp_path: Path
) -> None:
    status, begun = call(gateway, "POST", "/auth/login", {"name": "mine"})
    assert (status, "warning" in begun) == (201, False)
    assert begun["verification_uri_complete"].endswith(begun["user_code"])
    own_simulator._call("POST", f"device/{begun['user_code']}/approve", {})
    assert ended(gateway, begun["session_id"])["account"] == "mine"
    assert names(gateway)[1:] == ["mine"]
    [stored] = tmp_path.rglob("logins/mine.json")
    assert json.loads(stored.read_text())["kind"] == "builder_id"


@pytest.mark.parametrize(("decision", "state"), [("deny", "denied"), ("expire", "expired")])
def test_a_login_that_is_refused_or_expires_says_so(
    gateway: Process, own_simulator: Simulator, decision: str, state: str
) -> None:
    _, begun = call(gateway, "POST", "/auth/login", {"social": "github"})
    assert "kiro-gateway login --social github" in begun["warning"]
    own_simulator._call("POST", f"device/{begun['user_code']}/{decision}", {})
    told = ended(gateway, begun["session_id"])
    assert told["status"] == state
    assert told["message"]


def test_a_login_can_be_cancelled(gateway: Process) -> None:
    _, begun = call(gateway, "POST", "/auth/login")
    assert call(gateway, "DELETE", f"/auth/login/{begun['session_id']}")[0] == 204
    assert call(gateway, "GET", f"/auth/login/status/{begun['session_id']}")[0] == 404


@pytest.mark.parametrize(
    "body",
    [
        {"start_url": "http://acme.awsapps.com/start"},
        {"start_url": "https://acme.awsapps.com/start", "region": "evil.example"},
        {"start_url": 7},
        {"social": "facebook"},
        {"social": "google", "region": "us-gov-west-1"},
        {"region": "us-gov-east-1"},
        {"name": "../x"},
        [],
    ],
)
def test_what_makes_no_sense_is_a_400(gateway: Process, body: object, own_simulator: Simulator) -> None:
    assert call(gateway, "POST", "/auth/login", body)[0] == 400
    assert own_simulator.requests("register") == []


def test_an_account_is_disabled_enabled_and_refreshed(gateway: Process, own_simulator: Simulator) -> None:
    [name] = names(gateway)
    assert call(gateway, "POST", f"/accounts/{name}/disable")[1]["state"] == "disabled"
    question = {"model": "claude-sonnet-4.5", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    assert call(gateway, "POST", "/v1/messages", question, KEY)[0] == 503
    assert call(gateway, "POST", "/accounts/0/enable")[1]["state"] == "ready"
    assert call(gateway, "POST", "/v1/messages", question, KEY)[0] == 200
    before = len(own_simulator.requests("refresh"))
    assert call(gateway, "POST", "/accounts/0/refresh")[0] == 200
    assert len(own_simulator.requests("refresh")) == before + 1
    assert call(gateway, "POST", "/accounts/nobody/enable")[0] == 404


def test_usage_tells_plan_and_credits_and_shortens_the_address(gateway: Process) -> None:
    [row] = call(gateway, "GET", "/usage")[1]["accounts"]
    assert (row["plan"], row["type"], row["email"]) == ("KIRO PRO", "Q_DEVELOPER_STANDALONE_PRO", "u***@example.org")
    assert (row["credits"]["used"], row["credits"]["limit"]) == (12.5, 1000)
    assert row["credits"]["remaining"] == 1084
    assert row["days_left"] == 10


def test_only_logins_of_the_gateways_own_can_be_removed(gateway: Process, own_simulator: Simulator) -> None:
    assert call(gateway, "DELETE", "/accounts/0")[0] == 409
    _, begun = call(gateway, "POST", "/auth/login", {"name": "mine"})
    own_simulator._call("POST", f"device/{begun['user_code']}/approve", {})
    ended(gateway, begun["session_id"])
    assert call(gateway, "DELETE", "/accounts/mine")[0] == 204
    assert "mine" not in names(gateway)


def test_no_answer_and_no_log_line_has_a_token(gateway: Process, own_simulator: Simulator, tmp_path: Path) -> None:
    _, begun = call(gateway, "POST", "/auth/login", {"name": "mine"})
    own_simulator._call("POST", f"device/{begun['user_code']}/approve", {})
    ended(gateway, begun["session_id"])
    [stored] = tmp_path.rglob("logins/mine.json")
    kept = json.loads(stored.read_text())
    shown = json.dumps([call(gateway, "GET", path)[1] for path in ("/accounts", "/usage")]) + gateway.log.read_text()
    for member in ("accessToken", "refreshToken", "clientSecret"):
        assert kept[member] not in shown


def test_the_commands_speak_to_the_gateway_that_runs(gateway: Process, tmp_path: Path) -> None:
    there = {"KIRO_GATEWAY_URL": gateway.url, "KIRO_GATEWAY_API_KEY": ADMIN}
    [name] = names(gateway)
    done = command(tmp_path, "accounts", "disable", name, **there)
    assert (done.returncode, "disabled" in done.stdout) == (0, True)
    listed = json.loads(command(tmp_path, "accounts", "enable", "0", "--json", **there).stdout)
    assert listed["accounts"][0]["state"] == "ready"
    used = command(tmp_path, "usage", **there).stdout
    assert "KIRO PRO" in used
    assert "Welcome bonus: 3.5 of 100 used" in used
    assert " AGE\n" in used and "at most every 180 s" in used
    assert "claude-sonnet-4.5" in command(tmp_path, "models", **there).stdout


def test_the_commands_say_what_the_gateway_says(gateway: Process, tmp_path: Path) -> None:
    wrong = {"KIRO_GATEWAY_URL": gateway.url, "KIRO_GATEWAY_API_KEY": KEY}
    for arguments in (["accounts"], ["usage"], ["accounts", "enable", "0"]):
        done = command(tmp_path, *arguments, **wrong)
        assert (done.returncode, "admin key" in done.stderr) == (1, True)


def test_without_a_gateway_the_commands_work_on_what_is_stored(own_simulator: Simulator, tmp_path: Path) -> None:
    offline = {"KIRO_BASE_URL": own_simulator.url, "SERVER_PORT": "1"}
    assert command(tmp_path, "login", "--no-browser", **offline).returncode == 0
    assert command(tmp_path, "accounts", "disable", "builder-id", **offline).returncode == 0
    [row] = json.loads(command(tmp_path, "accounts", "--json", **offline).stdout)["accounts"]
    assert (row["name"], row["state"], row["kind"]) == ("builder-id", "disabled", "builder_id")
    assert command(tmp_path, "accounts", "enable", "0", **offline).returncode == 0
    assert "KIRO PRO" in command(tmp_path, "usage", **offline).stdout
    assert "claude-sonnet-4.5" in command(tmp_path, "models", **offline).stdout
    assert command(tmp_path, "accounts", "remove", "builder-id", **offline).returncode == 0
    assert "kiro-gateway login" in command(tmp_path, "accounts", **offline).stdout


def test_logging_in_again_under_a_name_is_the_same_account(gateway: Process, own_simulator: Simulator) -> None:
    for _ in range(2):
        _, begun = call(gateway, "POST", "/auth/login", {"name": "mine"})
        own_simulator._call("POST", f"device/{begun['user_code']}/approve", {})
        assert ended(gateway, begun["session_id"])["account"] == "mine"
    assert names(gateway)[1:] == ["mine"]


def test_where_the_simulator_stands_in_no_login_is_made(tmp_path: Path) -> None:
    keys = {"PROXY_API_KEY": KEY, "PROXY_ADMIN_KEY": ADMIN}
    with running("serve", "--port", "0", environment=environment(tmp_path, **keys), log=tmp_path / "log") as process:
        status, told = call(process, "POST", "/auth/login")
    assert status == 409
    assert "kiro-gateway login" in told["error"]["message"]
    assert not list(tmp_path.rglob("logins/*.json"))


def test_the_admin_key_is_made_at_the_first_start_and_found_by_the_commands(tmp_path: Path) -> None:
    with started(tmp_path) as gateway:
        assert "admin-key" in gateway.words
        port = gateway.url.rsplit(":", 1)[1]
        done = command(tmp_path, "accounts", "--port", port)
    assert done.returncode == 0, done.stderr
    [made] = tmp_path.rglob("admin-key")
    assert (made.stat().st_mode & 0o777, len(made.read_text()) > 24) == (0o600, True)
