"""Old settings of other gateways, as settings of this one."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from gateway.settings import Settings, Surroundings, load
from gateway.settings.importing import imported
from gateway.settings.problems import WrongValue

ARN = "arn:aws:codewhisperer:us-east-1:123456789012:profile/EXAMPLE"


def settings_of(text: str, tmp_path: Path) -> Settings:
    """What a start would make of the text."""
    (tmp_path / "config.toml").write_text(text)
    return load(Surroundings(tmp_path)).settings


def accounts(found: Any, folder: Path) -> list[dict[str, Any]]:
    made = imported(json.dumps(found), folder / "credentials.json")
    return list(tomllib.loads(made.text).get("accounts", []))


def test_an_env_file_becomes_sections(tmp_path: Path) -> None:
    text = 'PROXY_API_KEY="a-key-of-more-than-24-characters"\nexport LOG_LEVEL=debug\nSERVER_PORT=9000\nMAX_RETRIES=2\n'
    made = imported(f"{text}REFRESH_TOKEN='aorTOKEN'\nHIDDEN_MODELS=a=b\nFAKE_REASONING=false\n", tmp_path / ".env")
    settings = settings_of(made.text, tmp_path)
    assert made.notes == []
    assert settings.server.api_keys[0].reveal() == "a-key-of-more-than-24-characters"
    assert (settings.server.port, settings.log.level, settings.upstream.max_retries) == (9000, "DEBUG", 2)
    assert settings.credentials.refresh_token
    assert settings.credentials.refresh_token.reveal() == "aorTOKEN"
    assert (settings.models.hidden, settings.thinking.default_on) == ({"a": "b"}, False)


def test_what_cannot_be_taken_over_is_told_without_its_value(tmp_path: Path) -> None:
    text = (
        "SERVER_PORT=secret-1\nNOT_OURS=secret-2\nHTTP_MAX_CONNECTIONS=3\nnonsense\nLOG_LEVEL='x\nEMPTY\nMAX_RETRIES=\n"
    )
    made = imported(text, tmp_path / ".env")
    assert made.text == ""
    assert len(made.notes) == 6
    assert "secret" not in " ".join(made.notes)


def test_relative_paths_belong_to_the_old_files_folder(tmp_path: Path) -> None:
    made = imported("KIRO_CREDS_FILE=sub/login.json\n", tmp_path / ".env")
    assert tomllib.loads(made.text)["credentials"]["file"] == str(tmp_path / "sub/login.json")


def test_the_kinds_of_a_list_of_accounts(tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    found = [
        {"type": "json", "path": "login.json", "region": "eu-west-1"},
        {"type": "json", "path": "many"},
        {"type": "sqlite", "path": "/data/data.sqlite3", "profile_arn": ARN},
        {"type": "refresh_token", "refresh_token": "aorTOKEN", "name": "main", "priority": 2},
        {"kiroApiKey": "ksk_key", "proxyUrl": "socks5://127.0.0.1:1"},
    ]
    assert accounts(found, tmp_path) == [
        {"source": "file", "path": str(tmp_path / "login.json"), "region": "eu-west-1"},
        {"source": "folder", "path": str(tmp_path / "many")},
        {"source": "database", "path": "/data/data.sqlite3", "profile_arn": ARN},
        {"source": "refresh_token", "value": "aorTOKEN", "name": "main", "priority": 2},
        {"source": "api_key", "value": "ksk_key", "proxy_url": "socks5://127.0.0.1:1"},
    ]


def test_a_list_inside_an_object_and_a_single_entry_are_understood(tmp_path: Path) -> None:
    entry = {"type": "refresh_token", "refresh_token": "aorTOKEN"}
    wanted = [{"source": "refresh_token", "value": "aorTOKEN"}]
    for found in ({"accounts": [entry]}, {"credentials": [entry]}, entry, [entry]):
        assert accounts(found, tmp_path) == wanted


def test_a_file_that_holds_one_login_is_pointed_to(tmp_path: Path) -> None:
    found = {"refreshToken": "aorTOKEN", "clientId": "x", "clientSecret": "y"}
    assert accounts(found, tmp_path) == [{"source": "file", "path": str(tmp_path / "credentials.json")}]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"type": "json", "path": "x", "enabled": False}, "switched off"),
        ({"refreshToken": "aor", "disabled": True}, "switched off"),
        ({"refreshToken": "aor", "clientId": "c"}, "a JSON file of its own"),
        ({"type": "json"}, "no path"),
        ({"type": "unheard-of", "path": "x"}, "no path"),
        (7, "no object"),
    ],
)
def test_an_account_that_is_left_out_is_told(entry: object, words: str, tmp_path: Path) -> None:
    made = imported(json.dumps([entry]), tmp_path / "credentials.json")
    assert made.text == ""
    assert words in made.notes[0]


def test_a_region_of_the_api_is_told_to_follow_from_elsewhere(tmp_path: Path) -> None:
    made = imported('[{"type": "refresh_token", "refresh_token": "a", "api_region": "x"}]', tmp_path / "c.json")
    assert "upstream.api_region" in made.notes[0]


def test_broken_json_is_told(tmp_path: Path) -> None:
    with pytest.raises(WrongValue, match="not valid JSON"):
        imported('{"refreshToken": ', tmp_path / "credentials.json")
