"""The gateway's own store: a file a login, for its owner only, never a token lost."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.accounts.credentials import Credentials
from gateway.accounts.login.device import NewLogin
from gateway.accounts.sources.own import OwnLogin, discard, keep, logins, standard_place, way_of
from gateway.accounts.sources.source import Wanted
from gateway.errors import GatewayError
from gateway.jsontext import decode, encode

ARN = "arn:aws:codewhisperer:us-east-1:123456789012:profile/ABCDEFGHIJKL"
CREDENTIALS = Credentials(
    "idc",
    "aorA",
    "aoaA",
    expires_at=1780000000.0,
    profile_arn=ARN,
    region="eu-west-1",
    client_id="client",
    client_secret="secret",
)
NEW = NewLogin(CREDENTIALS, "acme", "https://acme.awsapps.com/start", client_expires_at=1790000000.0)
KEY = NewLogin(Credentials("api_key", "", "ksk_0123456789abcdef"), "api-key")


def content(login: OwnLogin) -> dict[str, object]:
    found: dict[str, object] = decode(login.path.read_bytes())
    return found


def test_a_login_comes_back_as_it_was_given(tmp_path: Path) -> None:
    kept = keep(tmp_path, NEW, None, 1770000000.0)
    assert kept.load() == CREDENTIALS
    assert logins(tmp_path) == (kept,)
    assert kept.title == "acme"
    assert content(kept)["created"] == "2026-02-02T02:40:00.000Z"
    assert content(kept)["startUrl"] == "https://acme.awsapps.com/start"


def test_an_api_key_comes_back_as_one(tmp_path: Path) -> None:
    kept = keep(tmp_path, KEY, "work", 0.0)
    assert kept.load() == KEY.credentials
    assert content(kept)["apiKey"] == "ksk_0123456789abcdef"
    assert "refreshToken" not in content(kept)


def test_folder_and_file_are_for_their_owner_only(tmp_path: Path) -> None:
    kept = keep(tmp_path / "own", NEW, None, 0.0)
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.path.parent.stat().st_mode) == 0o700
    kept.path.chmod(0o644)
    kept.load()
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600


def test_rotated_tokens_are_merged_and_everything_else_stays(tmp_path: Path) -> None:
    kept = keep(tmp_path, NEW, None, 0.0)
    kept.path.write_bytes(encode({"note": "mine", **content(kept)}))
    before = kept.load()
    kept.save(replace(before, access_token="aoaB", refresh_token="aorB", expires_at=1780003600.0), before.tokens)
    assert kept.load().tokens == ("aoaB", "aorB")
    assert content(kept)["note"] == "mine"
    assert next(iter(content(kept))) == "note"
    assert content(kept)["clientSecret"] == "secret"


def test_newer_tokens_in_the_file_win(tmp_path: Path) -> None:
    kept = keep(tmp_path, NEW, None, 0.0)
    keep(tmp_path, replace(NEW, credentials=replace(CREDENTIALS, refresh_token="newer")), "acme", 0.0)
    kept.save(replace(CREDENTIALS, refresh_token="ours"), CREDENTIALS.tokens)
    assert kept.load().refresh_token == "newer"


def test_logging_in_again_replaces_the_login_and_keeps_what_others_wrote(tmp_path: Path) -> None:
    kept = keep(tmp_path, NEW, "work", 0.0)
    kept.path.write_bytes(encode({**content(kept), "note": "mine"}))
    keep(tmp_path, KEY, "work", 0.0)
    assert kept.load().kind == "api_key"
    assert content(kept)["note"] == "mine"
    assert not {"clientSecret", "profileArn", "startUrl"} & content(kept).keys()


def test_without_a_name_no_other_login_is_replaced(tmp_path: Path) -> None:
    titles = [keep(tmp_path, NEW, None, 0.0).title for _ in range(3)]
    assert titles == ["acme", "acme-2", "acme-3"]


def test_a_discarded_login_is_gone_and_a_late_refresh_does_not_bring_it_back(tmp_path: Path) -> None:
    kept = keep(tmp_path, NEW, None, 0.0)
    discard(kept)
    discard(kept)
    assert logins(tmp_path) == ()
    with pytest.raises(GatewayError, match="no login acme"):
        kept.save(CREDENTIALS, CREDENTIALS.tokens)
    assert not kept.path.exists()


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a\\b", ".hidden", "-x", "x" * 65, "a b", "ä", "a\n"])
def test_a_name_that_is_no_file_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(GatewayError):
        keep(tmp_path, replace(NEW, name=name), None, 0.0)
    assert not list(tmp_path.rglob("*.json"))


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"kind": "idc"}',
        b'{"kind": "api_key", "refreshToken": ""}',
        b'{"kind": [], "refreshToken": "x"}',
        b'{"kind": "idc", "refreshToken": "a b"}',
        b'{"kind": "idc", "refreshToken": "a", "region": "evil.example"}',
    ],
)
def test_a_damaged_file_is_told_without_its_content(damage: bytes, tmp_path: Path) -> None:
    kept = keep(tmp_path, NEW, None, 0.0)
    kept.path.write_bytes(damage)
    with pytest.raises(GatewayError) as caught:
        kept.load()
    assert "evil" not in caught.value.message


def test_files_that_are_no_logins_are_not_listed(tmp_path: Path) -> None:
    keep(tmp_path, NEW, None, 0.0)
    (tmp_path / "logins" / ".acme.json.new").write_text("{}")
    (tmp_path / "logins" / "notes.txt").write_text("{}")
    (tmp_path / "logins" / "folder.json").mkdir()
    assert [login.title for login in logins(tmp_path)] == ["acme"]
    assert logins(tmp_path / "nowhere") == ()


def test_it_names_itself_and_the_command_to_log_in_again(tmp_path: Path) -> None:
    kept = keep(tmp_path, NEW, None, 0.0)
    assert "acme" in kept.name
    assert "kiro-gateway login --name acme" in kept.login_again
    assert kept.rules(CREDENTIALS).locks[0][0].place() == kept.path.with_name(".acme.json.lock")
    kept.prove_writable()
    assert CREDENTIALS.refresh_token not in f"{kept!r}{kept.key}"


def test_the_first_login_of_the_store_is_taken_where_nothing_is_configured(tmp_path: Path) -> None:
    wanted = Wanted(None, None, None, "us-east-1", None, tmp_path, tmp_path)
    assert standard_place(wanted) is None
    for name in ("b", "a"):
        keep(tmp_path, NewLogin(Credentials("social", f"aor-{name}"), name), None, 0.0)
    found = standard_place(wanted)
    assert found is not None
    assert found.load().refresh_token == "aor-a"


def test_a_login_tells_how_it_was_made_so_that_it_can_be_made_again(tmp_path: Path) -> None:
    social = NewLogin(Credentials("social", "aor"), "github", provider="Github")
    builder = NewLogin(Credentials("builder_id", "aor"), "builder-id", "https://view.awsapps.com/start")
    for new in (NEW, KEY, social, builder):
        keep(tmp_path, new, None, 0.0)
    assert way_of(tmp_path, "acme") == {"start_url": "https://acme.awsapps.com/start", "region": "eu-west-1"}
    assert way_of(tmp_path, "api-key") == {"api_key": True}
    assert way_of(tmp_path, "github") == {"social": "github"}
    assert [way_of(tmp_path, name) for name in ("builder-id", "nobody", "../x")] == [{}, {}, {}]
