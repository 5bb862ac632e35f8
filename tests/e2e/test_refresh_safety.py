"""A refresh that is broken off in every way there is: the login lives, as the token server's ledger tells."""

import http.client
import json
import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from gateway.simulator.families import fingerprint
from tests.e2e.test_logins import asked, gateway
from tests.processes import CEILING, KEY, Process
from tests.prove import peer, refresh_crowd, refresh_peers, refresh_races
from tests.prove.field import Field, Login, field_on
from tests.prove.places import intact

GATE = "token"


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    with field_on(tmp_path_factory.mktemp("ground")) as made:
        yield made


@pytest.mark.parametrize(("form", "step"), [("file", 1), ("database", 3), ("own", 5)])
def test_a_kill_at_an_operation_on_files_loses_nothing(ground: Field, form: str, step: int) -> None:
    number = 0
    ended = -9
    while ended:
        number += step
        login = ground.login(form)
        ended = ground.one(login, "refresh", audits=number)["ended"]
        told = ground.one(login, "answer")["done"]
        family = login.family()
        assert told.get("access") in family["access_tokens"], (number, told)
        assert (family["refreshes"], family["reuses"], login.entries()) == (1, 0, []), number
        assert login.lies(), number
        assert intact(login.place)
    assert number > 20


def held(ground: Field, form: str = "file", **members: object) -> Login:
    """A login whose refresh is granted by the server, with the answer held back."""
    ground.simulator.reset()
    ground.simulator.push({"on": "token", "granted": True, **members})
    return ground.login(form)


def kiro_cli(ground: Field, login: Login) -> "Future[dict[str, Any]]":
    """A program that needs the login too, and goes by kiro-cli's rules."""

    def exchange(_token: str) -> None:
        raise AssertionError("it asked the token server itself")

    lock = login.place.parent / ".local" / "share" / "kiro-cli" / ".refresh.lock"
    return ThreadPoolExecutor(1).submit(peer.renewed, login.place, lock, exchange)


def sent(process: Process) -> socket.socket:
    """A client that has asked, and reads nothing."""
    body = json.dumps({"model": "claude-sonnet-4.5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]})
    connection = http.client.HTTPConnection(urlsplit(process.url).netloc, timeout=CEILING)
    connection.request("POST", "/v1/messages", body, {"x-api-key": KEY, "content-type": "application/json"})
    assert connection.sock is not None
    return connection.sock


def test_the_client_that_triggered_the_refresh_leaves_and_nothing_is_lost(ground: Field, tmp_path: Path) -> None:
    login = held(ground, gate=GATE)
    login.place.chmod(0o640)
    with gateway(ground.simulator, ground.authority, tmp_path, KIRO_CREDS_FILE=str(login.place)) as process:
        client = sent(process)
        ground.simulator.wait("token")
        client.close()
        ground.simulator.open(GATE)
        assert asked(process)[0] == 200
    assert (login.family()["refreshes"], login.family()["reuses"], login.lies()) == (1, 0, True)
    assert [path.name for path in login.place.parent.iterdir()] == ["login.json"]
    assert login.place.stat().st_mode & 0o777 == 0o640


def test_a_stop_in_the_middle_of_a_refresh_waits_for_it(ground: Field, tmp_path: Path) -> None:
    login = held(ground, gate=GATE)
    with gateway(ground.simulator, ground.authority, tmp_path, KIRO_CREDS_FILE=str(login.place)) as process:
        client = sent(process)
        ground.simulator.wait("token")
        client.close()
        process.popen.terminate()
        ground.simulator.open(GATE)
        assert process.popen.wait(CEILING) == 0
    assert (login.family()["refreshes"], login.lies(), login.entries()) == (1, True, [])


@pytest.mark.parametrize("stopped", [False, True])
def test_kiro_cli_waits_for_the_gateways_refresh_and_finds_it_saved(
    ground: Field, tmp_path: Path, stopped: bool
) -> None:
    """The token server is slow; the client leaves, and the gateway may even be stopped meanwhile."""
    login = held(ground, "database", gate=GATE)
    home = login.place.parent
    with gateway(ground.simulator, ground.authority, home, KIRO_CLI_DB_FILE=str(login.place)) as process:
        client = sent(process)
        ground.simulator.wait("token")
        waiting = kiro_cli(ground, login)
        client.close()
        if stopped:
            process.popen.terminate()
        assert not waiting.done()
        ground.simulator.open(GATE)
        found = waiting.result(CEILING)
        assert not found["refreshed"]
        assert fingerprint(found["refresh_token"]) == login.family()["refresh_token"]
        if stopped:
            assert process.popen.wait(CEILING) == 0
        else:
            assert asked(process)[0] == 200
    assert (login.family()["refreshes"], login.family()["reuses"], login.lies(), intact(login.place)) == (
        1,
        0,
        True,
        True,
    )


@pytest.mark.parametrize("strict", [True, False])
def test_an_answer_that_died_with_the_process_is_the_one_gap(ground: Field, tmp_path: Path, strict: bool) -> None:
    ground.simulator.hold(revoke_rotated=strict)
    login = held(ground, gate=GATE)
    with gateway(ground.simulator, ground.authority, tmp_path, KIRO_CREDS_FILE=str(login.place)) as process:
        client = sent(process)
        ground.simulator.wait("token")
        process.popen.kill()
        process.popen.wait(CEILING)
        client.close()
    with gateway(ground.simulator, ground.authority, tmp_path, KIRO_CREDS_FILE=str(login.place)) as process:
        status, words = asked(process)
    ground.simulator.hold(revoke_rotated=True)
    assert (status, "Log in again" in words) == ((401, True) if strict else (200, False))


def test_of_eight_processes_and_many_requests_one_refreshes() -> None:
    assert refresh_crowd.run(requests=400, rounds=2, others=2, turns=6)["ok"]


def test_races_with_another_program_end_no_login() -> None:
    assert refresh_races.run(rounds=12, seed=20260601)["ok"]


def test_races_with_a_program_that_keeps_kiro_clis_rules_have_one_refresh() -> None:
    assert refresh_peers.run(rounds=8, seed=20260601)["ok"]
