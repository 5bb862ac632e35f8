from pathlib import Path
from typing import Any

import pytest

from gateway import jsontext
from gateway.accounts.sources.folder import configured, logins
from gateway.accounts.sources.source import Wanted
from gateway.errors import GatewayError


def filled(folder: Path, files: dict[str, Any]) -> Path:
    folder.mkdir()
    for name, value in files.items():
        (folder / name).write_bytes(jsontext.encode(value))
    return folder


def wanted(file: Path | None, home: Path) -> Wanted:
    return Wanted(file, None, None, "us-east-1", None, home, home / "state")


def test_a_folder_gives_every_login_in_it_by_name(tmp_path: Path) -> None:
    folder = filled(
        tmp_path / "logins",
        {
            "b.json": {"refreshToken": "aorB", "clientIdHash": "e909a0"},
            "a.json": {"refreshToken": "aorA"},
            "c.json": {"kiroApiKey": "ksk_c"},
            "e909a0.json": {"clientId": "client", "clientSecret": "secret"},
            "list.json": [1],
            "notes.txt": {"refreshToken": "aorX"},
        },
    )
    found = [source.load() for source in logins(folder, wanted(folder, tmp_path))]
    assert [(login.kind, login.refresh_token or login.access_token) for login in found] == [
        ("social", "aorA"),
        ("idc", "aorB"),
        ("api_key", "ksk_c"),
    ]
    first = configured(wanted(folder, tmp_path))
    assert first is not None
    assert first.path == folder / "a.json"


def test_a_file_is_no_folder_and_an_empty_folder_an_error(tmp_path: Path) -> None:
    folder = filled(tmp_path / "logins", {})
    assert configured(wanted(tmp_path / "login.json", tmp_path)) is None
    assert configured(wanted(None, tmp_path)) is None
    with pytest.raises(GatewayError, match="holds no credentials file"):
        configured(wanted(folder, tmp_path))
