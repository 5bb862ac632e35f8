"""kiro-cli's database: real SQLite files with the tables its migrations make."""

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway import jsontext
from gateway.accounts.credentials import Credentials
from gateway.accounts.sources.kiro_cli import FORCED_KEY, KEYS, Database, configured, standard_place
from gateway.accounts.sources.source import Wanted
from gateway.errors import GatewayError

ARN = "arn:aws:codewhisperer:eu-central-1:123456789012:profile/ABCDEFGHIJKL"
SOCIAL_ARN = "arn:aws:codewhisperer:us-east-1:699475941385:profile/EHGA3GRVQMUK"
EXPIRES = "2026-06-01T12:34:56.123456789Z"
TOKENS = {"access_token": "aoaOld", "refresh_token": "aorOld", "expires_at": EXPIRES}
SOCIAL = TOKENS | {"provider": "google", "profile_arn": SOCIAL_ARN}
ODIC = TOKENS | {"region": "eu-west-1", "start_url": "https://d-1.awsapps.com/start", "scopes": ["a", "b"]}
CLIENT = {"client_id": "client", "client_secret": "secret", "region": "eu-west-1"}
IDP = TOKENS | {"issuer_url": "https://idp.example/v2.0", "token_endpoint": "https://idp.example/token"}
IDP |= {"client_id": "abc", "scopes": "x offline_access"}


def made(path: Path, rows: dict[str, Any], state: dict[str, Any] | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE auth_kv (key TEXT PRIMARY KEY, value TEXT)")
    database.execute("CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB)")
    for key, value in rows.items():
        database.execute("INSERT INTO auth_kv VALUES (?, ?)", (key, jsontext.encode(value).decode()))
    for key, value in (state or {}).items():
        database.execute("INSERT INTO state VALUES (?, ?)", (key, jsontext.encode(value)))
    database.commit()
    database.close()
    return path


def rows(path: Path) -> dict[str, Any]:
    database = sqlite3.connect(path)
    found = dict(database.execute("SELECT key, value FROM auth_kv").fetchall())
    database.close()
    return {key: jsontext.decode(value) for key, value in found.items()}


def put_raw(path: Path, key: str, value: object) -> None:
    """As another program writes a row."""
    connection = sqlite3.connect(path)
    connection.execute("INSERT OR REPLACE INTO auth_kv VALUES (?, ?)", (key, value))
    connection.commit()
    connection.close()


def put(path: Path, key: str, value: object) -> None:
    put_raw(path, key, jsontext.encode(value).decode())


def delete(path: Path, key: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM auth_kv WHERE key = ?", (key,))
    connection.commit()
    connection.close()


def raw(path: Path, key: str) -> object:
    connection = sqlite3.connect(path)
    (value,) = connection.execute("SELECT value FROM auth_kv WHERE key = ?", (key,)).fetchone()
    connection.close()
    return value


def wanted(folder: Path, **more: Any) -> Wanted:
    return Wanted(None, None, None, "us-east-1", None, folder, folder / "state", **more)


def database(path: Path, **more: Any) -> Database:
    return Database(path, wanted(path.parent, **more))


def renewed(old: Credentials) -> Credentials:
    return replace(old, access_token="aoaNew", refresh_token="aorNew", expires_at=1_800_000_000.5)


FAMILIES = [
    ("kirocli:social:token", SOCIAL, {}, "social"),
    ("kirocli:odic:token", ODIC, {"kirocli:odic:device-registration": CLIENT}, "idc"),
    ("kirocli:external-idp:token", IDP, {}, "external_idp"),
    ("codewhisperer:odic:token", ODIC, {"codewhisperer:odic:device-registration": CLIENT}, "idc"),
]


@pytest.mark.parametrize(("key", "row", "more", "kind"), FAMILIES)
def test_every_family_of_keys_is_read(tmp_path: Path, key: str, row: Any, more: Any, kind: str) -> None:
    login = database(made(tmp_path / "data.sqlite3", {key: row, **more})).load()
    assert (login.kind, login.tokens) == (kind, ("aoaOld", "aorOld"))
    assert login.expires_at == pytest.approx(1780317296.123456)


def test_the_families_are_looked_for_in_their_order(tmp_path: Path) -> None:
    path = made(tmp_path / "data.sqlite3", {key: TOKENS | {"refresh_token": f"aor{key}"} for key in reversed(KEYS)})
    for key in KEYS:
        assert database(path).load().refresh_token == f"aor{key}"
        connection = sqlite3.connect(path)
        connection.execute("DELETE FROM auth_kv WHERE key = ?", (key,))
        connection.commit()
        connection.close()
    with pytest.raises(GatewayError, match="holds no login"):
        database(path).load()


def test_an_aws_login_has_its_client_its_region_and_the_profile_of_the_state(tmp_path: Path) -> None:
    state = {"api.codewhisperer.profile": {"arn": ARN, "profile_name": "QDefaultProfile"}}
    path = made(tmp_path / "d", {KEYS[1]: ODIC, "kirocli:odic:device-registration": CLIENT}, state)
    login = database(path).load()
    assert (login.client_id, login.client_secret, login.region) == ("client", "secret", "eu-west-1")
    assert (login.profile_arn, login.api_region) == (ARN, "eu-central-1")


def test_the_tokens_own_profile_goes_before_the_states(tmp_path: Path) -> None:
    path = made(tmp_path / "d", {KEYS[0]: SOCIAL}, {"api.codewhisperer.profile": {"arn": ARN}})
    assert database(path).load().profile_arn == SOCIAL_ARN


@pytest.mark.parametrize(
    ("start", "state", "kind"),
    [
        ("https://view.awsapps.com/start", {}, "builder_id"),
        (None, {}, "builder_id"),
        (None, {"auth.idc.start-url": "https://d-1.awsapps.com/start", "auth.idc.region": "eu-west-1"}, "idc"),
    ],
)
def test_builder_id_and_identity_center_are_told_apart(tmp_path: Path, start: Any, state: Any, kind: str) -> None:
    path = made(tmp_path / "d", {KEYS[1]: TOKENS | {"start_url": start}}, state)
    login = database(path).load()
    assert (login.kind, login.region) == (kind, "eu-west-1" if state else "us-east-1")


def test_an_external_login_knows_its_provider(tmp_path: Path) -> None:
    login = database(made(tmp_path / "d", {KEYS[2]: IDP})).load()
    assert login.idp is not None
    assert (login.idp.token_endpoint, login.idp.issuer) == ("https://idp.example/token", "https://idp.example/v2.0")
    assert (login.idp.scopes, login.client_id) == ("x offline_access", "abc")


@pytest.mark.parametrize(("key", "row", "more", "_kind"), FAMILIES)
def test_tokens_go_back_to_their_own_row_and_nothing_else_changes(
    tmp_path: Path, key: str, row: Any, more: Any, _kind: str
) -> None:
    path = made(tmp_path / "d", {key: row | {"of_the_future": [1]}, "other": {"x": 1}, **more})
    place = database(path)
    login = place.load()
    place.prove_writable()
    place.save(renewed(login), login.tokens)
    fresh = {"access_token": "aoaNew", "refresh_token": "aorNew", "expires_at": "2027-01-15T08:00:00.500Z"}
    assert rows(path) == {key: row | {"of_the_future": [1]} | fresh, "other": {"x": 1}, **more}
    assert place.load().tokens == ("aoaNew", "aorNew")


def test_a_newer_login_in_the_database_is_never_overwritten(tmp_path: Path) -> None:
    path = made(tmp_path / "d", {KEYS[0]: SOCIAL})
    place = database(path)
    login = place.load()
    connection = sqlite3.connect(path)
    newer = SOCIAL | {"access_token": "aoaTheirs", "refresh_token": "aorTheirs"}
    connection.execute("UPDATE auth_kv SET value = ?", (jsontext.encode(newer).decode(),))
    connection.commit()
    connection.close()
    place.save(renewed(login), login.tokens)
    assert rows(path) == {KEYS[0]: newer}


def test_read_only_database_of_amazon_q_stays_and_the_login_lives_in_the_state_folder(tmp_path: Path) -> None:
    path = made(tmp_path / "d", {KEYS[3]: ODIC})
    before = path.read_bytes()
    place = database(path, read_only=True)
    login = place.load()
    place.prove_writable()
    place.save(renewed(login), login.tokens)
    assert place.load().tokens == ("aoaNew", "aorNew")
    rules = place.rules(place.load())
    assert (path.read_bytes(), rules.read_only, rules.store) == (before, "", None)
    assert {target.path.parent for targets in rules.locks for target in targets} == {tmp_path / "state"}


def test_read_only_database_of_kiro_cli_makes_its_login_read_only(tmp_path: Path) -> None:
    place = database(made(tmp_path / "d", {KEYS[0]: SOCIAL}), read_only=True)
    rules = place.rules(place.load())
    assert "read-only by the settings" in rules.read_only and "kiro-cli whoami" in rules.renew


def test_tokens_that_an_earlier_version_kept_beside_a_read_only_database_are_still_the_gateways(tmp_path: Path) -> None:
    path = made(tmp_path / "d", {KEYS[0]: SOCIAL})
    place = database(path, read_only=True)
    login = place.load()
    place.journal.keep(login.refresh_token, renewed(login))
    mine = place.load()
    rules = place.rules(mine)
    assert (mine.tokens, rules.read_only, rules.store) == (("aoaNew", "aorNew"), "", None)
    place.save(replace(mine, access_token="aoaNewer", refresh_token="aorNewer"), mine.tokens)
    assert place.load().tokens == ("aoaNewer", "aorNewer")
    assert rows(path)[KEYS[0]] == SOCIAL


def test_login_that_kiro_cli_shares_is_kept_in_its_database_or_the_save_fails(tmp_path: Path) -> None:
    path = made(tmp_path / "d", {KEYS[0]: SOCIAL})
    place = replace(database(path), patience=0.01)
    login = place.load()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for act in (place.prove_store, lambda: place.save(renewed(login), login.tokens)):
        with pytest.raises(OSError, match="locked"):
            act()
    other.close()
    place.prove_store()
    place.save(renewed(login), login.tokens)
    assert rows(path)[KEYS[0]]["refresh_token"] == "aorNew"


def test_token_is_saved_to_the_row_it_came_from_though_another_goes_before_it_now(tmp_path: Path) -> None:
    path = made(tmp_path / "d", {KEYS[1]: ODIC})
    place = database(path)
    login = place.load()
    put(path, KEYS[0], SOCIAL | {"refresh_token": "aorSocial"})
    assert place.load().refresh_token == "aorSocial"
    assert place.same_login(login).tokens == login.tokens
    place.save(renewed(login), login.tokens)
    assert (rows(path)[KEYS[0]]["refresh_token"], rows(path)[KEYS[1]]["refresh_token"]) == ("aorSocial", "aorNew")


def test_login_of_a_row_that_is_gone_is_neither_found_nor_brought_back(tmp_path: Path) -> None:
    path = made(tmp_path / "d", {KEYS[1]: ODIC, KEYS[0]: SOCIAL | {"refresh_token": ""}})
    place = database(path)
    login = place.load()
    delete(path, KEYS[1])
    with pytest.raises(GatewayError, match="does not hold this login any more"):
        place.same_login(login)
    place.save(renewed(login), login.tokens)
    assert KEYS[1] not in rows(path)


@pytest.mark.parametrize(
    ("mark", "wait"),
    [
        (None, 0),
        ("1000", 30),
        ("970", 0),
        ("971", 1),
        ("999", 29),
        (b"999", 29),
        (999, 29),
        ("999.9", 29),
        ("1001", 0),
        ("9999", 0),
        ("x", 0),
        ("NaN", 0),
    ],
)
def test_living_token_is_refreshed_once_in_30_s_by_the_mark_in_the_database(
    tmp_path: Path, mark: object, wait: int
) -> None:
    path = made(tmp_path / "d", {KEYS[0]: SOCIAL})
    if mark is not None:
        put_raw(path, FORCED_KEY, mark)
    assert database(path).claim_forced_refresh(1000.7) == wait
    assert database(path).claim_forced_refresh(1000.7) == (wait or 30)
    assert str(raw(path, FORCED_KEY)) == (str(mark) if wait else "1000")


def test_a_database_of_amazon_q_that_somebody_writes_to_for_long_does_not_lose_the_login(tmp_path: Path) -> None:
    path = made(tmp_path / "d", {KEYS[3]: ODIC})
    place = replace(database(path), patience=0.01)
    login = place.load()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    place.prove_writable()
    place.save(renewed(login), login.tokens)
    other.close()
    assert place.load().tokens == ("aoaNew", "aorNew")
    place.save(replace(renewed(login), refresh_token="aorNewest"), ("aoaNew", "aorNew"))
    assert rows(path)[KEYS[3]]["refresh_token"] == place.load().refresh_token == "aorNewest"
    assert not list((tmp_path / "state").glob("login-*.json"))


@pytest.mark.parametrize("content", [None, b"not a database at all", b""])
def test_what_is_no_database_is_told(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "d"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(GatewayError, match=r"no database|cannot be read|holds no login"):
        database(path).load()


def test_a_row_that_is_no_json_is_passed_over(tmp_path: Path) -> None:
    path = made(tmp_path / "d", {KEYS[3]: ODIC})
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO auth_kv VALUES (?, ?)", (KEYS[0], "{"))
    connection.commit()
    connection.close()
    assert database(path).load().refresh_token == "aorOld"


def test_the_first_standard_place_with_a_login_is_taken(tmp_path: Path) -> None:
    empty = made(tmp_path / "kiro-cli" / "data.sqlite3", {})
    full = made(tmp_path / "amazon-q" / "data.sqlite3", {KEYS[3]: ODIC})
    found = standard_place(wanted(tmp_path, databases=(tmp_path / "missing", empty, full)))
    assert found is not None
    assert found.path == full
    assert standard_place(wanted(tmp_path, databases=(empty,))) is None


def test_a_database_of_the_settings_is_taken_as_it_is(tmp_path: Path) -> None:
    assert configured(wanted(tmp_path)) is None
    named = configured(wanted(tmp_path, database=tmp_path / "d"))
    assert named is not None
    assert (named.name, named.key) == (str(tmp_path / "d"), f"database:{tmp_path / 'd'}")
    assert "kiro-cli login" in named.login_again


def left_in_a_commit(tmp_path: Path) -> Path:
    """A database as a process leaves it that is killed while it writes: half new, with the journal to undo it."""
    path = made(tmp_path / "whole" / "data.sqlite3", {"kirocli:social:token": SOCIAL})
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA cache_size = 1")
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE auth_kv SET value = 'half'")
    writer.executemany("INSERT INTO state VALUES (?, ?)", [(str(n), bytes(5000)) for n in range(50)])
    for file in path.parent.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    writer.close()
    return tmp_path / path.name


def test_what_a_process_killed_in_a_commit_left_half_done_is_undone(tmp_path: Path) -> None:
    place = database(left_in_a_commit(tmp_path))
    assert place.load().tokens == ("aoaOld", "aorOld")
    place.save(renewed(place.load()), ("aoaOld", "aorOld"))
    assert rows(place.path)["kirocli:social:token"]["refresh_token"] == "aorNew"


def test_where_nothing_may_be_written_a_half_done_commit_is_told(tmp_path: Path) -> None:
    with pytest.raises(GatewayError, match="cannot be read"):
        database(left_in_a_commit(tmp_path), read_only=True).load()
