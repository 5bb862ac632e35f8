"""Another program that refreshes kiro-cli's login by kiro-cli's rules, written from their description alone.

It shares no code with the gateway: its own lock (``flock``, tried every 100 ms, 90 s in all), its own reading and
writing of the store, its own mark of a forced refresh.
"""

import fcntl
import json
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROW = "kirocli:odic:token"
MARK = "kirocli:auth:last-forced-refresh-at"
POLL = 0.1
BUDGET = 90.0
LEAD = 210.0
FORCED_EVERY = 30

Exchange = Callable[[str], dict[str, Any] | None]
"""Asks the token server; None when it refuses the refresh token."""


def renewed(place: Path, lock: Path, exchange: Exchange, *, refused: str = "", delay: float = 0.0) -> dict[str, Any]:
    """The login as this program has it in the end, with ``refreshed``: whether it asked the token server for it.

    refused: an access token that Kiro refused though it looks fresh; "": only the expiry counts. delay: seconds from
    the answer to the save. Raises ValueError when the login is lost to it.
    """
    until = time.monotonic() + BUDGET
    lock.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not _locked(descriptor):
            if time.monotonic() > until:
                raise ValueError("no lock")
            time.sleep(POLL)
        return _inside(place, exchange, refused, delay)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _inside(place: Path, exchange: Exchange, refused: str, delay: float) -> dict[str, Any]:
    login = _row(place)
    if refused:
        if login["access_token"] != refused:
            return login | {"refreshed": False}
        if not _marked(place):
            raise ValueError("refused, and refreshed less than 30 s ago")
    elif login["ends"] - time.time() > LEAD:
        return login | {"refreshed": False}
    answer = exchange(login["refresh_token"])
    if answer is None:
        again = _row(place)
        if again["refresh_token"] == login["refresh_token"]:
            raise ValueError("logged out")
        return again | {"refreshed": False}
    time.sleep(delay)
    ends = time.time() + answer["expiresIn"]
    _save(place, answer["accessToken"], answer["refreshToken"], ends)
    return _row(place) | {"refreshed": True}


def _row(place: Path) -> dict[str, Any]:
    with closing(sqlite3.connect(place, timeout=30)) as database:
        (value,) = database.execute("SELECT value FROM auth_kv WHERE key = ?", (ROW,)).fetchone()
    login = json.loads(value)
    return {**login, "ends": datetime.fromisoformat(login["expires_at"]).timestamp()}


def _save(place: Path, access: str, refresh: str, ends: float) -> None:
    login = _row(place)
    del login["ends"]
    login |= {"access_token": access, "refresh_token": refresh}
    login["expires_at"] = datetime.fromtimestamp(ends, UTC).isoformat()
    with closing(sqlite3.connect(place, timeout=30)) as database, database:
        database.execute("UPDATE auth_kv SET value = ? WHERE key = ?", (json.dumps(login), ROW))


def _marked(place: Path) -> bool:
    """Whether the token may be refreshed before its time; then the mark is set."""
    now = int(time.time())
    with closing(sqlite3.connect(place, timeout=30)) as database, database:
        found = database.execute("SELECT value FROM auth_kv WHERE key = ?", (MARK,)).fetchone()
        if found and 0 <= now - int(found[0]) < FORCED_EVERY:
            return False
        database.execute("INSERT OR REPLACE INTO auth_kv VALUES (?, ?)", (MARK, str(now)))
    return True
