"""What is known of the accounts, kept over restarts: one small file of the gateway's own, without any secret."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from gateway.accounts import store
from gateway.accounts.health import DAY, FRESH, LONGEST_MONTH, Health, Out
from gateway.jsontext import JsonError, encode

NAME: Final = "accounts-state.json"

_LONGEST: Final = {Out.MONTH: LONGEST_MONTH}
_NUMBERS: Final = ("until", "since", "failures")


class StateFile:
    """The file in a folder. Its methods block and are called in a thread. Unknown accounts stay in it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME

    def load(self, now: float) -> dict[str, Health]:
        """Health by account; nothing for a file that is missing or damaged, since all of it can be found out anew."""
        return {name: found for name, entry in self._entries().items() if (found := read(entry, now)) is not FRESH}

    def save(self, healths: Mapping[str, Health]) -> None:
        """Write these accounts' health. Raises OSError."""
        store.private_folder(self._path.parent)
        entries = self._entries() | {name: shown(health) for name, health in healths.items()}
        kept = {name: entry for name, entry in entries.items() if entry}
        store.replace(self._path, encode({"version": 1, "accounts": kept}))

    def _entries(self) -> dict[str, Any]:
        try:
            accounts = store.read_json(self._path).get("accounts")
        except (OSError, JsonError):
            return {}
        return accounts if isinstance(accounts, dict) else {}


def shown(health: Health) -> dict[str, Any]:
    """As JSON; empty for an account of which there is nothing to say."""
    members = {"out": health.out.value, "until": health.until, "since": health.since, "failures": health.failures}
    members |= {"words": health.words, "login": health.login, "disabled": health.disabled}
    return {} if health == FRESH else members


def read(entry: Any, now: float) -> Health:
    """From JSON; FRESH for what is not understood. No pause is longer than it can have been begun with."""
    if not isinstance(entry, dict):
        return FRESH
    numbers = [_number(entry.get(name)) for name in _NUMBERS]
    try:
        out = Out(entry.get("out"))
    except ValueError:
        return FRESH
    if None in numbers:
        return FRESH
    until, since, failures = (number or 0.0 for number in numbers)
    return Health(
        out,
        min(until, now + _LONGEST.get(out, DAY)),
        min(since, now),
        int(failures),
        str(entry.get("words") or ""),
        str(entry.get("login") or ""),
        entry.get("disabled") is True,
    )


def _number(value: Any) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= sys.float_info.max
    return float(value) if known else None
