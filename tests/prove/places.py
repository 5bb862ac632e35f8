"""Where a login lies, as the programs that share it with the gateway lay it down; read and written without its code."""

import json
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

KEY = "prove-client"
"""Id and secret of the OIDC client that these logins belong to."""

FORMS = ("file", "database", "own")
_ROW = "kirocli:odic:token"


def make(folder: Path, form: str, refresh_token: str, ends: float = 0.0) -> Path:
    """A login in a folder of its own. ends: when its access token does, in epoch seconds."""
    if form == "database":
        return _database(folder / "data.sqlite3", refresh_token, ends)
    path = folder / "logins" / "mine.json" if form == "own" else folder / "login.json"
    path.parent.mkdir(parents=True)
    about = {"kind": "idc", "clientId": KEY, "clientSecret": KEY, "region": "us-east-1", "theirs": [1, 2]}
    _put(path, {**about, "accessToken": "aoaOld", "refreshToken": refresh_token, "expiresAt": _moment(ends)})
    return path


def read(place: Path) -> str:
    """The refresh token that lies there."""
    if place.suffix == ".sqlite3":
        return str(_row(place)["refresh_token"])
    return str(json.loads(place.read_text())["refreshToken"])


def write(place: Path, refresh_token: str, access_token: str, expires_at: float) -> None:
    """Put another login there, as other programs do: the file replaced, the row in one transaction."""
    if place.suffix != ".sqlite3":
        tokens = {"accessToken": access_token, "refreshToken": refresh_token, "expiresAt": _moment(expires_at)}
        _put(place, {**json.loads(place.read_text()), **tokens})
        return
    tokens = {"access_token": access_token, "refresh_token": refresh_token, "expires_at": _moment(expires_at)}
    value = json.dumps({**_row(place), **tokens})
    connection = sqlite3.connect(place, timeout=30)
    with connection:
        connection.execute("UPDATE auth_kv SET value = ? WHERE key = ?", (value, _ROW))
    connection.close()


def intact(place: Path) -> bool:
    """Whether what does not belong to the tokens is as it was."""
    if place.suffix == ".sqlite3":
        return bool(_row(place)["theirs"] == [1, 2])
    return bool(json.loads(place.read_text())["theirs"] == [1, 2])


def _database(path: Path, refresh_token: str, ends: float) -> Path:
    path.parent.mkdir(parents=True)
    token = {"access_token": "aoaOld", "refresh_token": refresh_token, "expires_at": _moment(ends), "theirs": [1, 2]}
    registration = {"client_id": KEY, "client_secret": KEY}
    company = {"region": "us-east-1", "start_url": "https://d-1.awsapps.com/start"}
    rows = {_ROW: {**token, **company}, _ROW.replace(":token", ":device-registration"): registration}
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("CREATE TABLE auth_kv (key TEXT PRIMARY KEY, value TEXT)")
        connection.execute("CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB)")
        connection.executemany(
            "INSERT INTO auth_kv VALUES (?, ?)", [(key, json.dumps(row)) for key, row in rows.items()]
        )
    connection.close()
    return path


def _row(place: Path) -> dict[str, Any]:
    connection = sqlite3.connect(place, timeout=30)
    (value,) = connection.execute("SELECT value FROM auth_kv WHERE key = ?", (_ROW,)).fetchone()
    connection.close()
    found: dict[str, Any] = json.loads(value)
    return found


def _put(path: Path, members: dict[str, Any]) -> None:
    beside = path.with_name(f".{path.name}.theirs-{os.getpid()}")
    beside.write_text(json.dumps(members))
    beside.replace(path)


def _moment(epoch_seconds: float) -> str:
    return datetime.fromtimestamp(epoch_seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
