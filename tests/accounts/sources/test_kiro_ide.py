from pathlib import Path
from typing import Any

import pytest

from gateway import jsontext
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
    assert path.stat().st_mode & 0o777 == 0o600


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
