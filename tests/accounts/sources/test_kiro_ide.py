import fcntl
import os
from pathlib import Path
from typing import Any

import pytest

from gateway import jsontext
from gateway.accounts.filelocks import first_taken
from gateway.accounts.sources import find
from gateway.accounts.sources.kiro_ide import STANDARD_PLACE, JsonFile
from gateway.accounts.sources.source import Source, Wanted
from gateway.errors import GatewayError

ARN = "arn:aws:codewhisperer:us-east-1:699475941385:profile/EHGA3GRVQMUK"
SOCIAL = {
    "accessToken": "aoaOld",
    "refreshToken": "aorOld",
    "profileArn": ARN,
    "expiresAt": "2026-06-01T12:34:56.789Z",
    "authMethod": "social",
    "provider": "Google",
}
IDC = {"accessToken": "aoaOld", "refreshToken": "aorOld", "clientIdHash": "e909a0", "region": "eu-west-1"}
REGISTRATION = {"clientId": "client", "clientSecret": "secret", "expiresAt": "2026-09-01T00:00:00.000Z"}


def write(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(jsontext.encode(value))
    return path


def source(path: Path, **settings: Any) -> JsonFile:
    wanted = {"profile_arn": None, "region": "us-east-1", "api_region": None} | settings
    return JsonFile(path, Wanted(path, None, home=path.parent, state=path.parent / "state", **wanted))


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({}, "social"),
        ({"clientId": "c", "clientSecret": "s"}, "idc"),
        ({"clientId": "c", "clientSecret": "s", "provider": "BuilderId"}, "builder_id"),
        ({"clientId": "c", "clientSecret": "s", "startUrl": "https://view.awsapps.com/start"}, "builder_id"),
        ({"clientId": "c", "clientSecret": "s", "authMethod": "builder-id"}, "builder_id"),
        ({"clientId": "c", "authMethod": "external_idp"}, "external_idp"),
    ],
)
def test_the_kind_is_told_by_what_the_file_holds(tmp_path: Path, more: dict[str, Any], kind: str) -> None:
    path = write(tmp_path / "login.json", {"refreshToken": "aor", **more})
    assert source(path).load().kind == kind


def test_a_social_login_is_read_whole(tmp_path: Path) -> None:
    login = source(write(tmp_path / "login.json", SOCIAL)).load()
    assert (login.access_token, login.refresh_token, login.profile_arn) == ("aoaOld", "aorOld", ARN)
    assert login.expires_at == pytest.approx(1780317296.789)


def test_an_aws_login_takes_its_client_from_the_registration_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "e909a0.json", REGISTRATION)
    login = source(write(tmp_path / "login.json", IDC)).load()
    assert (login.kind, login.client_id, login.client_secret) == ("idc", "client", "secret")
    assert (login.region, login.api_region) == ("eu-west-1", "us-east-1")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (IDC, "e909a0.json beside it"),
        ({**IDC, "clientIdHash": "../../etc/passwd"}, "not a file name"),
        ({"accessToken": "a"}, "no refreshToken"),
        ({**SOCIAL, "refreshToken": ""}, "no refreshToken"),
        ({**SOCIAL, "region": "evil.example#"}, "not an AWS region"),
        ([SOCIAL], "not hold a JSON object"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, content: Any, words: str) -> None:
    with pytest.raises(GatewayError, match=words):
        source(write(tmp_path / "login.json", content)).load()


def test_saving_changes_three_members_and_keeps_the_rest_in_order(tmp_path: Path) -> None:
    path = write(tmp_path / "login.json", {"x-own": {"deep": [1, 2]}, **SOCIAL, "last": None})
    place = source(path)
    login = place.load()
    place.save(renewed(login), login.tokens)
    saved = jsontext.decode(path.read_bytes())
    assert list(saved) == ["x-own", *SOCIAL, "last"]
    changed = {key for key in saved if saved[key] != {"x-own": {"deep": [1, 2]}, **SOCIAL, "last": None}[key]}
    assert changed == {"accessToken", "refreshToken", "expiresAt"}


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o660, 0o400])
def test_file_keeps_its_mode_and_the_journal_is_private(tmp_path: Path, mode: int) -> None:
    path = write(tmp_path / "login.json", SOCIAL)
    path.chmod(mode)
    place = source(path)
    login = place.load()
    entry = place.journal.reserve(login.refresh_token)
    assert place.journal.path(login.refresh_token).stat().st_mode & 0o777 == 0o600
    entry.write(renewed(login))
    entry.close()
    place.save(renewed(login), login.tokens)
    assert place.load().refresh_token == "aorNew"
    assert path.stat().st_mode & 0o777 == mode


CLI = {"accessToken": "aoaCli", "expiresAt": "2026-06-01T12:34:56Z", "region": "eu-west-1", "profileArn": ARN}


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"authMethod": "social", "provider": "Google"}, "social"),
        ({"authMethod": "IdC", "provider": "BuilderId"}, "builder_id"),
        ({"authMethod": "IdC", "provider": "Enterprise"}, "idc"),
        ({"authMethod": "IdC"}, "idc"),
        ({"authMethod": "IdC", "clientIdHash": "of-a-file-that-is-not-there"}, "idc"),
        ({"authMethod": "external_idp"}, "external_idp"),
    ],
)
@pytest.mark.parametrize("name", ["kiro-auth-token-cli.json", "mounted.json"])
def test_file_of_kiro_cli_without_a_refresh_token_is_read_and_never_refreshed(
    tmp_path: Path, name: str, more: dict[str, Any], kind: str
) -> None:
    place = source(write(tmp_path / name, CLI | more))
    login = place.load()
    assert (login.kind, login.tokens, login.profile_arn, login.region) == (kind, ("aoaCli", ""), ARN, "eu-west-1")
    assert login.expires_at == 1780317296
    rules = place.rules(login)
    assert "holds no refresh token" in rules.read_only and "kiro-cli whoami" in rules.renew


def test_file_of_that_name_with_a_refresh_token_is_refreshed_like_any_other(tmp_path: Path) -> None:
    place = source(write(tmp_path / "kiro-auth-token-cli.json", SOCIAL))
    assert (place.load().refresh_token, place.rules(place.load()).read_only) == ("aorOld", "")


def test_kiro_clis_token_is_taken_last_of_the_standard_places(tmp_path: Path) -> None:
    folder = tmp_path / ".local" / "share" / "kiro-cli"
    write(folder / "kiro-auth-token-cli.json", CLI)
    assert found(tmp_path) is None
    write(folder / "kiro-auth-token-cli.json", CLI | {"authMethod": "social"})
    place = found(tmp_path)
    assert place is not None and place.load().access_token == "aoaCli"
    write(tmp_path / STANDARD_PLACE, SOCIAL)
    place = found(tmp_path)
    assert place is not None and place.load().access_token == "aoaOld"


def test_lock_is_on_the_open_folder_of_the_file_and_nothing_is_made_in_it(tmp_path: Path) -> None:
    real = write(tmp_path / "real" / "login.json", SOCIAL)
    (tmp_path / "link.json").symlink_to(real)
    place = source(tmp_path / "link.json")
    lock = first_taken(place.rules(place.load()).locks)
    folder = os.open(real.parent, os.O_RDONLY)
    with pytest.raises(BlockingIOError):
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    lock.release()
    fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(folder)
    assert [path.name for path in real.parent.iterdir()] == ["login.json"]


def renewed(login: Any) -> Any:
    from dataclasses import replace

    return replace(login, access_token="aoaNew", refresh_token="aorNew", expires_at=1780320000.0)


def test_a_token_that_somebody_else_wrote_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = write(tmp_path / "login.json", SOCIAL)
    place = source(path)
    login = place.load()
    write(path, {**SOCIAL, "refreshToken": "aorTheirs"})
    place.save(renewed(login), login.tokens)
    assert place.load().refresh_token == "aorTheirs"


def test_where_the_file_cannot_be_written_the_state_folder_keeps_the_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "login.json", SOCIAL)
    place = source(path)
    login = place.load()
    make_unwritable(monkeypatch, path)
    place.prove_writable()
    place.save(renewed(login), login.tokens)
    assert jsontext.decode(path.read_bytes()) == SOCIAL
    assert source(path).load().tokens == ("aoaNew", "aorNew")


def make_unwritable(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """As root no mode keeps us out, so the system's rename refuses for this one file."""
    genuine = Path.replace

    def rename(self: Path, target: Path) -> Path:
        if target == path:
            raise PermissionError(13, "Permission denied")
        return genuine(self, target)

    monkeypatch.setattr(Path, "replace", rename)


def test_a_new_login_in_the_file_wins_over_what_the_state_folder_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "login.json", SOCIAL)
    place = source(path)
    login = place.load()
    with monkeypatch.context() as patched:
        make_unwritable(patched, path)
        place.save(renewed(login), login.tokens)
    write(path, {**SOCIAL, "refreshToken": "aorFresh"})
    assert place.load().refresh_token == "aorFresh"


def found(home: Path, file: Path | None = None, token: str | None = None) -> Source | None:
    return find(file=file, refresh_token=token, profile_arn=None, region="us-east-1", home=home, state=home / "state")


def test_a_named_file_goes_before_a_token_and_that_before_the_standard_place(tmp_path: Path) -> None:
    write(tmp_path / STANDARD_PLACE, SOCIAL)
    named = write(tmp_path / "named.json", SOCIAL)
    assert [
        place.name if place else None
        for place in (found(tmp_path, named, "aor"), found(tmp_path, None, "aor"), found(tmp_path))
    ] == [str(named), "the refresh token of the settings", str(tmp_path / STANDARD_PLACE)]


def test_with_nothing_configured_and_nothing_there_there_is_no_source(tmp_path: Path) -> None:
    assert found(tmp_path) is None


def test_a_tilde_in_the_files_name_is_the_home_folder(tmp_path: Path) -> None:
    write(tmp_path / "login.json", SOCIAL)
    place = found(tmp_path, Path("~/login.json"))
    assert place is not None
    assert place.load().refresh_token == "aorOld"
