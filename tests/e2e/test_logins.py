"""Every kind of login from every kind of place: the gateway answers with it, and the place holds what is in force.

The access tokens in the places have expired, so each gateway must refresh before it can answer; the simulator's
accounts take their own tokens, clients, profiles and headers only.
"""

import json
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.simulator.families import fingerprint
from tests.processes import CEILING, KEY, Process, Simulator, environment, running

EU = "arn:aws:codewhisperer:eu-central-1:111111111111:profile/EU"
US = "arn:aws:codewhisperer:us-east-1:222222222222:profile/US"
EXPIRED = "2026-01-01T00:00:00.123456789Z"
COMPANY = "https://d-1.awsapps.com/start"
PROVIDER = {"token_endpoint": "https://idp.example/token", "issuer_url": "https://idp.example/v2.0", "client_id": "c"}


@contextmanager
def gateway(simulator: Simulator, authority: Path, home: Path, **settings: str) -> Iterator[Process]:
    """A gateway whose login lies in its home or in its settings."""
    network = {"KIRO_BASE_URL": simulator.url, "KIRO_GATEWAY_UPSTREAM_CA_FILE": str(authority)}
    own = environment(home, PROXY_API_KEY=KEY, BASE_RETRY_DELAY="0.01", **network, **settings)
    with running("serve", "--port", "0", environment=own, log=home / "log") as process:
        yield process


def asked(process: Process) -> tuple[int, str]:
    """Status and body of a small question."""
    body = {"model": "claude-sonnet-4.5", "max_tokens": 64, "messages": [{"role": "user", "content": "Say hello."}]}
    headers = {"x-api-key": KEY, "content-type": "application/json"}
    request = urllib.request.Request(f"{process.url}/v1/messages", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=CEILING) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def database(path: Path, rows: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE auth_kv (key TEXT PRIMARY KEY, value TEXT)")
        connection.execute("CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB)")
        connection.executemany(
            "INSERT INTO auth_kv VALUES (?, ?)", [(key, json.dumps(row)) for key, row in rows.items()]
        )
    connection.close()
    return path


def row(path: Path, key: str) -> dict[str, Any]:
    connection = sqlite3.connect(path)
    (value,) = connection.execute("SELECT value FROM auth_kv WHERE key = ?", (key,)).fetchone()
    connection.close()
    found: dict[str, Any] = json.loads(value)
    return found


def token(name: str, **members: Any) -> dict[str, Any]:
    return {"access_token": "aoaOld", "refresh_token": f"aor-{name}", "expires_at": EXPIRED, "theirs": 1, **members}


ROWS = {
    "social": ("kirocli:social:token", "kiro-cli", {"profile_arn": EU}),
    "builder_id": ("kirocli:odic:token", "kiro-cli", {"region": "us-east-1"}),
    "idc": ("codewhisperer:odic:token", "amazon-q", {"region": "eu-west-1", "start_url": COMPANY}),
    "external_idp": ("kirocli:external-idp:token", "kiro-cli", PROVIDER),
}


@pytest.mark.parametrize("kind", ROWS)
def test_a_database_in_its_standard_place_serves_and_is_written_back(
    simulator: Simulator, authority: Path, tmp_path: Path, kind: str
) -> None:
    key, program, members = ROWS[kind]
    client = {"client_id": f"client-{kind}", "client_secret": "secret"}
    rows = {key: token(kind, **members), key.replace(":token", ":device-registration"): client}
    path = database(tmp_path / ".local" / "share" / program / "data.sqlite3", rows)
    own = [] if kind == "builder_id" else [EU]
    clients = {f"client-{kind}": "secret"}
    simulator.account(kind + "-db", kind=kind, profiles=own, refresh_tokens=[f"aor-{kind}"], clients=clients)
    with gateway(simulator, authority, tmp_path) as process:
        assert asked(process)[0] == 200
    (family,) = simulator.ledger(kind + "-db")
    kept = row(path, key)
    assert (fingerprint(kept["refresh_token"]), kept["theirs"]) == (family["refresh_token"], 1)
    assert fingerprint(kept["access_token"]) in family["access_tokens"]
    assert (family["refreshes"], family["reuses"]) == (1, 0)


def test_read_only_database_of_amazon_q_stays_and_the_login_outlives_a_restart(
    simulator: Simulator, authority: Path, tmp_path: Path
) -> None:
    key, _, members = ROWS["idc"]
    client = {"client_id": "client-read-only", "client_secret": "secret"}
    rows = {key: token("read-only", **members), key.replace(":token", ":device-registration"): client}
    path = database(tmp_path / "elsewhere" / "data.sqlite3", rows)
    before = path.read_bytes()
    simulator.account(
        "read-only",
        kind="idc",
        profiles=[US],
        refresh_tokens=["aor-read-only"],
        clients={"client-read-only": "secret"},
    )
    settings = {"KIRO_CLI_DB_FILE": str(path), "SQLITE_READONLY": "true"}
    for _ in range(2):
        with gateway(simulator, authority, tmp_path, **settings) as process:
            assert asked(process)[0] == 200
    (family,) = simulator.ledger("read-only")
    assert (family["refreshes"], family["reuses"], path.read_bytes() == before) == (1, 0, True)


def test_read_only_database_of_kiro_cli_is_refreshed_by_kiro_cli_alone(
    simulator: Simulator, authority: Path, tmp_path: Path
) -> None:
    key, _, members = ROWS["external_idp"]
    path = database(tmp_path / "elsewhere" / "data.sqlite3", {key: token("theirs", **members)})
    simulator.account("theirs", kind="external_idp", profiles=[US], refresh_tokens=["aor-theirs"])
    settings = {"KIRO_CLI_DB_FILE": str(path), "SQLITE_READONLY": "true"}
    with gateway(simulator, authority, tmp_path, **settings) as process:
        status, body = asked(process)
        assert (status, "kiro-cli whoami" in body) == (401, True)
        renewed = {"access_token": "aoaTheirs", "refresh_token": "aorTheirs", "expires_at": "2099-01-01T00:00:00Z"}
        simulator.account("theirs", access_tokens=["aoaTheirs"], refresh_tokens=["aorTheirs"])
        with sqlite3.connect(path) as connection:
            value = json.dumps(token("theirs", **members) | renewed)
            connection.execute("UPDATE auth_kv SET value = ? WHERE key = ?", (value, key))
        connection.close()
        assert asked(process)[0] == 200
    assert [family["refreshes"] for family in simulator.ledger("theirs")] == [0, 0]
    assert sorted(one.name for one in path.parent.iterdir()) == ["data.sqlite3"]


def test_token_file_of_kiro_cli_serves_and_is_renewed_by_kiro_cli(
    simulator: Simulator, authority: Path, tmp_path: Path
) -> None:
    simulator.account("cli", profiles=[US], access_tokens=["aoaFirst", "aoaSecond"])
    file = tmp_path / ".local" / "share" / "kiro-cli" / "kiro-auth-token-cli.json"
    login = {"accessToken": "aoaFirst", "expiresAt": "2099-01-01T00:00:00Z", "authMethod": "social", "profileArn": US}
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(login))
    with gateway(simulator, authority, tmp_path) as process:
        assert asked(process)[0] == 200
        simulator.revoke("aoaFirst")
        status, body = asked(process)
        assert (status, "kiro-cli whoami" in body) == (401, True)
        file.write_text(json.dumps(login | {"accessToken": "aoaSecond"}))
        assert asked(process)[0] == 200
    assert [one.name for one in file.parent.iterdir()] == [file.name]


def test_a_file_of_an_external_provider_finds_its_profile(
    simulator: Simulator, authority: Path, tmp_path: Path
) -> None:
    login = {"refreshToken": "aor-file", "expiresAt": EXPIRED, "authMethod": "external_idp", "clientId": "c"}
    login |= {"tokenEndpoint": "https://idp.example/token", "issuerUrl": "https://idp.example/v2.0"}
    file = tmp_path / "login.json"
    file.write_text(json.dumps(login))
    simulator.account("file", kind="external_idp", profiles=[EU], refresh_tokens=["aor-file"])
    with gateway(simulator, authority, tmp_path, KIRO_CREDS_FILE=str(file)) as process:
        assert asked(process)[0] == 200
    sent = simulator.requests()[-1]
    assert (sent["account"], sent["headers"]["tokentype"], sent["body"]["profileArn"]) == ("file", "EXTERNAL_IDP", EU)


def test_an_api_key_serves_without_a_profile(simulator: Simulator, authority: Path, tmp_path: Path) -> None:
    simulator.account("key", kind="api_key", access_tokens=["ksk_invented0123456789"])
    with gateway(simulator, authority, tmp_path, KIRO_API_KEY="ksk_invented0123456789") as process:
        assert asked(process)[0] == 200
    sent = simulator.requests()[-1]
    assert (sent["account"], sent["headers"]["tokentype"], "profileArn" in sent["body"]) == ("key", "API_KEY", False)
    assert "ksk_invented" not in (tmp_path / "log").read_text()


@pytest.mark.parametrize("status", [400, 403])
def test_a_wrong_profile_is_corrected_once_and_said(
    simulator: Simulator, authority: Path, tmp_path: Path, status: int
) -> None:
    name = f"wrong-{status}"
    file = tmp_path / "login.json"
    client = {"clientId": name, "clientSecret": "secret", "startUrl": COMPANY}
    file.write_text(json.dumps({"refreshToken": f"aor-{name}", "profileArn": US, **client}))
    known = {"refresh_tokens": [f"aor-{name}"], "clients": {name: "secret"}}
    simulator.account(name, kind="idc", profiles=[EU], wrong_profile=status, **known)
    with gateway(simulator, authority, tmp_path, KIRO_CREDS_FILE=str(file)) as process:
        assert asked(process)[0] == asked(process)[0] == 200
    arns = [one["body"]["profileArn"] for one in simulator.requests() if one["account"] == name]
    assert arns[-2:] == [EU, EU]
    assert set(arns[:-2]) == {US}
    assert "wrong profile corrected" in (tmp_path / "log").read_text()


def test_a_profile_that_nothing_can_mend_is_named_in_the_error(
    simulator: Simulator, authority: Path, tmp_path: Path
) -> None:
    file = tmp_path / "login.json"
    file.write_text(json.dumps({"refreshToken": "aor-lost", "authMethod": "social", "profileArn": US}))
    simulator.account("lost", profiles=[], refresh_tokens=["aor-lost"])
    with gateway(simulator, authority, tmp_path, KIRO_CREDS_FILE=str(file)) as process:
        status, body = asked(process)
    assert (status, "profile" in body) == (400, True)
    assert not [one for one in simulator.requests("profiles") if one["account"] == "lost"]


def test_a_database_goes_before_a_file_and_a_file_before_a_token(
    simulator: Simulator, authority: Path, tmp_path: Path
) -> None:
    simulator.account("first", profiles=[EU], refresh_tokens=["aor-first"])
    path = database(tmp_path / "d" / "data.sqlite3", {"kirocli:social:token": token("first", profile_arn=EU)})
    file = tmp_path / "login.json"
    file.write_text(json.dumps({"refreshToken": "aor-second"}))
    settings = {"KIRO_CLI_DB_FILE": str(path), "KIRO_CREDS_FILE": str(file), "REFRESH_TOKEN": "aor-third"}
    with gateway(simulator, authority, tmp_path, **settings) as process:
        assert asked(process)[0] == 200
    assert simulator.requests()[-1]["account"] == "first"
