"""An old ``.env`` or ``credentials.json`` of another Kiro gateway as the text of a ``config.toml``."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gateway.jsontext import JsonError, decode
from gateway.settings import dotenv
from gateway.settings.accounts import ARRAY
from gateway.settings.facts import Form
from gateway.settings.problems import WrongValue
from gateway.settings.table import ROWS, SECTIONS, Row
from gateway.settings.toml import toml
from gateway.settings.unused import UNUSED
from gateway.settings.values import from_text, located

_BY_VARIABLE: Final = {name: row for row in ROWS for name in row.environment}
_PATHS: Final = (Form.FILE, Form.PLACE, Form.FOLDER, Form.CERTIFICATES)
_KINDS: Final = {"json": "file", "file": "file", "sqlite": "database", "folder": "folder"}
_REGION: Final = ("region", "authRegion", "auth_region")
_COMMON: Final = {"profile_arn": ("profile_arn", "profileArn"), "proxy_url": ("proxy_url", "proxyUrl")}


@dataclass(slots=True)
class Imported:
    """The text, and what could not be taken over: without any value, since those may be secrets."""

    text: str = ""
    notes: list[str] = field(default_factory=list)


def imported(text: str, file: Path) -> Imported:
    """What a file's text becomes. file: for relative paths in it, and to be named itself. Raises WrongValue."""
    if not text.lstrip().startswith(("{", "[")):
        return _from_dotenv(text, file.parent)
    try:
        found = decode(text)
    except JsonError as error:
        raise WrongValue(f"is not valid JSON: {error}") from None
    return _from_accounts(found, file)


def _from_dotenv(text: str, folder: Path) -> Imported:
    """Of a name given twice the last one counts, as in a shell."""
    made = Imported()
    entries, strange = dotenv.parse(text)
    made.notes += [f"line {number} is no NAME=value" for number in strange]
    values: dict[str, str] = {}
    for entry in {entry.name: entry for entry in entries}.values():
        row = _BY_VARIABLE.get(entry.name)
        if row is None:
            made.notes.append(f"{entry.name}: {UNUSED.get(entry.name, 'is not known here')}")
        elif entry.value is None:
            made.notes.append(f"{entry.name}: has a quote that is not closed")
        elif entry.value.strip():
            try:
                values[row.key] = toml(_value(row, entry.value, folder))
            except WrongValue as wrong:
                made.notes.append(f"{entry.name}: {wrong.message}")
    made.text = "\n".join(_sections(values))
    return made


def _value(row: Row, text: str, folder: Path) -> Any:
    """Paths are taken as they are, since the file may be meant for another machine; all else is checked."""
    if row.facts.form in _PATHS:
        return str(located(text.strip(), folder))
    return from_text(row.facts, text, folder)


def _sections(values: Mapping[str, str]) -> Iterator[str]:
    for section in SECTIONS:
        if rows := [row for row in ROWS if row.section == section and row.key in values]:
            yield f"[{section}]\n" + "".join(f"{row.name} = {values[row.key]}\n" for row in rows)


def _from_accounts(found: Any, file: Path) -> Imported:
    """A list of accounts; an object that holds one login is a credentials file, which is only pointed to."""
    made = Imported()
    if isinstance(found, dict) and "type" not in found and (found.get("refreshToken") or found.get("kiroApiKey")):
        made.text = _account({"source": "file", "path": str(file)})
        return made
    listed = found.get("accounts", found.get("credentials", [found])) if isinstance(found, dict) else found
    tables: list[str] = []
    for number, entry in enumerate(listed if isinstance(listed, list) else [listed], 1):
        if isinstance(entry, dict) and (login := _login(entry, file.parent)):
            tables.append(_account(login | dict(_terms(entry))))
            made.notes += [f"account {number}: {note}" for note in _lost(entry)]
        else:
            made.notes.append(f"account {number}: {_why_not(entry)}")
    made.text = "\n".join(tables)
    return made


def _login(entry: Mapping[str, Any], folder: Path) -> dict[str, str] | None:
    """Where the login of an entry is; None when it has none that a list of accounts can hold."""
    if entry.get("disabled") is True or entry.get("enabled") is False:
        return None
    token, key = _first(entry, ("refresh_token", "refreshToken")), _first(entry, ("api_key", "kiroApiKey"))
    path = _first(entry, ("path", "file", "db_path"))
    if path and (kind := _KINDS.get(str(entry.get("type", "json")))):
        place = located(path, folder)
        return {"source": "folder" if kind == "file" and place.is_dir() else kind, "path": str(place)}
    if key:
        return {"source": "api_key", "value": key}
    return {"source": "refresh_token", "value": token} if token and not _first(entry, ("clientId",)) else None


def _terms(entry: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, spellings in {"name": ("name", "label"), "region": _REGION, **_COMMON}.items():
        if text := _first(entry, spellings):
            yield name, text
    priority = entry.get("priority")
    if isinstance(priority, int) and not isinstance(priority, bool):
        yield "priority", priority


def _lost(entry: Mapping[str, Any]) -> Iterator[str]:
    if _first(entry, ("api_region", "apiRegion")):
        yield "its API region follows from its profile, or from upstream.api_region"


def _why_not(entry: Any) -> str:
    if not isinstance(entry, dict):
        return "is no object"
    if entry.get("disabled") is True or entry.get("enabled") is False:
        return "is switched off; left out"
    if _first(entry, ("clientId",)):
        return 'has a client id and secret: put it into a JSON file of its own and list that as source = "file"'
    return "has no path, no refresh token and no API key"


def _first(entry: Mapping[str, Any], names: Iterable[str]) -> str | None:
    return next((value.strip() for name in names if isinstance(value := entry.get(name), str) and value.strip()), None)


def _account(members: Mapping[str, Any]) -> str:
    return f"[[{ARRAY}]]\n" + "".join(f"{name} = {toml(value)}\n" for name, value in members.items())
