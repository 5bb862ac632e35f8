"""A folder of credential files: every JSON file in it that holds a login."""

import contextlib
from pathlib import Path

from gateway.accounts import store
from gateway.accounts.credentials import bad_login
from gateway.accounts.sources.kiro_ide import JsonFile, holds_login, under_home
from gateway.accounts.sources.source import Wanted
from gateway.jsontext import JsonError


def logins(path: Path, wanted: Wanted) -> tuple[JsonFile, ...]:
    """The logins in a folder, by file name; client registrations and other files lie there unharmed."""
    found: list[JsonFile] = []
    with contextlib.suppress(OSError):
        for file in sorted(path.glob("*.json")):
            with contextlib.suppress(OSError, JsonError):
                if holds_login(store.read_json(file)):
                    found.append(JsonFile(file, wanted))
    return tuple(found)


def configured(wanted: Wanted) -> JsonFile | None:
    """The first login of the folder that the settings name. Raises GatewayError when there is none in it."""
    path = under_home(wanted.file, wanted.home) if wanted.file else None
    if path is None or not path.is_dir():
        return None
    found = logins(path, wanted)
    if not found:
        raise bad_login(f"the folder {path} holds no credentials file")
    return found[0]
