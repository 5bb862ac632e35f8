"""What is kept of the accounts over restarts: one small file of the gateway's, without any secret.

Only what still holds then: the user's ``disabled``, a suspension, a quota with its reset date, a wait that Kiro named
with its end, and that of an account that it has limited because of its traffic, since each request prolongs the limits.
Failures that were counted and the cooldowns that came of them are not kept: a restart starts clean.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from gateway.accounts import store
from gateway.accounts.health import DAY, FRESH, LONGEST_MONTH, QUOTAS, AccountState, Health, Now
from gateway.jsontext import JsonError, encode

NAME: Final = "accounts-state.json"

VERSION: Final = 2
"""Version 1 also kept counted failures and cooldowns, in the same members; they are not read any more."""

_LONGEST: Final = {AccountState.QUOTA_EXHAUSTED: LONGEST_MONTH}


class StateFile:
    """The file in a folder. Its methods block and are called in a thread. Unknown accounts stay in it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME

    def load(self, now: Now) -> dict[str, Health]:
        """Health by account; nothing for a file that is missing or damaged, since all of it can be found out again."""
        return {name: found for name, entry in self._entries().items() if (found := read(entry, now)) is not FRESH}

    def save(self, healths: Mapping[str, Health], now: Now) -> None:
        """Write these accounts' health. Raises OSError."""
        store.private_folder(self._path.parent)
        entries = self._entries() | {name: shown(health, now) for name, health in healths.items()}
        kept = {name: entry for name, entry in entries.items() if entry}
        store.replace(self._path, encode({"version": VERSION, "accounts": kept}))

    def _entries(self) -> dict[str, Any]:
        try:
            accounts = store.read_json(self._path).get("accounts")
        except (OSError, JsonError):
            return {}
        return accounts if isinstance(accounts, dict) else {}


def shown(health: Health, now: Now) -> dict[str, Any]:
    """As JSON, with ``until`` in epoch seconds; empty for an account of which there is nothing to keep."""
    entry: dict[str, Any] = {}
    if health.state is AccountState.SUSPENDED:
        entry = {"out": health.state.value, "words": health.message, "login": health.login}
    elif health.state in QUOTAS:
        entry = {"out": health.state.value, "until": health.resets_at}
    elif (health.named or health.state is AccountState.RESTRICTED) and health.retry_at > now.monotonic:
        until = now.wall + health.retry_at - now.monotonic
        entry = {"out": health.state.value, "until": until, "named": True}
    return {**entry, "disabled": True} if health.disabled else entry


def read(entry: Any, now: Now) -> Health:
    """From JSON; FRESH for what is not understood. No wait is longer than it can have been begun with."""
    if not isinstance(entry, dict):
        return FRESH
    kept = _state(entry, now)
    if entry.get("disabled") is True:
        return Health(kept.state, kept.retry_at, kept.resets_at, named=kept.named, disabled=True)
    return kept


def _state(entry: Mapping[str, Any], now: Now) -> Health:
    try:
        state = AccountState(entry.get("out"))
    except ValueError:
        return FRESH
    if state is AccountState.SUSPENDED:
        return Health(state, message=str(entry.get("words") or ""), login=str(entry.get("login") or ""))
    wait = _wait(entry.get("until"), now, _LONGEST.get(state, DAY))
    if state in QUOTAS and wait is not None:
        return Health(state, resets_at=now.wall + wait)
    if entry.get("named") is True and wait is not None and state in NAMED:
        return Health(state, retry_at=now.monotonic + wait, named=state is not AccountState.RESTRICTED)
    return FRESH


NAMED: Final = frozenset({AccountState.THROTTLED, AccountState.FAILING, AccountState.REFUSED, AccountState.RESTRICTED})
"""States that a wait can be named with, or that Kiro names itself."""


def _wait(until: Any, now: Now, longest: float) -> float | None:
    """Seconds until an end; None for one that is over or no number: the clock may have been wrong when it was kept."""
    if not isinstance(until, int | float) or isinstance(until, bool):
        return None
    try:
        wait = float(until) - now.wall
    except OverflowError:
        return None
    return min(wait, longest) if math.isfinite(wait) and wait > 0 else None
