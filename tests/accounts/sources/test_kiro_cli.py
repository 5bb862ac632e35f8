"""kiro-cli's database: real SQLite files with the tables its migrations make."""

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway import jsontext
from gateway.accounts.credentials import Credentials
from gateway.accounts.sources.kiro_cli import KEYS, Database, configured, standard_place, standard_places
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


def test_a_read_only_database_stays_as_it_is_and_the_login_lives_in_the_state_folder(tmp_path: Path) -> None:
    path = made(tmp_path / "d", {KEYS[0]: SOCIAL})
    before = path.read_bytes()
    place = database(path, read_only=True)
    login = place.load()
    place.prove_writable()
    place.save(renewed(login), login.tokens)
    assert place.load().tokens == ("aoaNew", "aorNew")
    assert (path.read_bytes(), place.lock_path.parent) == (before, tmp_path / "state")


def test_a_database_that_somebody_writes_to_for_long_does_not_lose_the_login(tmp_path: Path) -> None:
    path = made(tmp_path / "d", {KEYS[0]: SOCIAL})
    place = replace(database(path), patience=0.01)
    login = place.load()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    place.prove_writable()
    place.save(renewed(login), login.tokens)
    other.close()
    assert place.load().tokens == ("aoaNew", "aorNew")
    place.save(replace(renewed(login), refresh_token="aorNewest"), ("aoaNew", "aorNew"))
    assert rows(path)[KEYS[0]]["refresh_token"] == place.load().refresh_token == "aorNewest"
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


HOME = Path("/home/me")


@pytest.mark.parametrize(
    ("system", "variables", "first"),
    [
        ("linux", {}, "/home/me/.local/share/kiro-cli/data.sqlite3"),
        ("linux", {"XDG_DATA_HOME": "/data"}, "/data/kiro-cli/data.sqlite3"),
        ("linux", {"KIRO_DATA_DIR": "/mine"}, "/mine/data.sqlite3"),
        ("darwin", {}, "/home/me/Library/Application Support/kiro-cli/data.sqlite3"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/Kiro-Cli/data.sqlite3"),
        ("win32", {}, "/home/me/AppData/Local/Kiro-Cli/data.sqlite3"),
    ],
)
def test_each_system_has_its_standard_places(system: str, variables: dict[str, str], first: str) -> None:
    places = standard_places(system, variables.get, HOME)
    assert places[0] == Path(first)
    assert places[-1].parent.name.lower() == "amazon-q"


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
    assert (named.lock_path, "kiro-cli login" in named.login_again) == (tmp_path / "d", True)


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
