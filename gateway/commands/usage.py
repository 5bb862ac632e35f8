"""Show plan and credits of every account.

Asks the running gateway (KIRO_GATEWAY_URL, KIRO_GATEWAY_API_KEY: its admin key; else the configured port);
without one it asks Kiro itself, with the logins that are stored, once a run. The gateway asks Kiro at most once in
three minutes for each account, so its figures may be that old: a plan renewed just now may be shown as it was.
"""

import argparse
import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gateway.commands import listing, surroundings
from gateway.commands.remote import running
from gateway.commands.tables import table
from gateway.kiro.usage_limits import ASK_INTERVAL
from gateway.settings import Settings

_COLUMNS: Final = {
    "ACCOUNT": "name",
    "PLAN": "plan",
    "E-MAIL": "email",
    "USED": "used",
    "LIMIT": "limit",
    "LEFT": "remaining",
    "OVERAGE": "overage",
    "RESETS": "resets_at",
    "DAYS": "days_left",
    "AGE": "age",
}

_FRESHNESS: Final = (
    f"AGE is in seconds. A gateway asks Kiro at most every {ASK_INTERVAL:.0f} s for each account, so figures and errors"
    " may be that old.\n"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Table or JSON."""
    listing.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Print it: 0; 1 when an account did not tell."""
    return listing.run(options, "usage", "accounts", _rows, shown)


def _rows(settings: Settings) -> list[dict[str, Any]]:
    if gateway := running(settings, surroundings.own_folder()):
        found: list[dict[str, Any]] = gateway.get("/usage")["accounts"]
        return found
    from gateway.commands.offline import usage

    return asyncio.run(usage(settings))


def shown(rows: Sequence[Mapping[str, Any]]) -> str:
    """The table, and below it trials, bonuses and what went wrong."""
    if not rows:
        return "There is no account. Log in with: kiro-gateway login\n"
    flat = [{**row, **(row.get("credits") or {}), "resets_at": (row.get("resets_at") or "")[:10]} for row in rows]
    notes = "".join(f"  {note}\n" for row in rows for note in _notes(row))
    return table(_COLUMNS, flat) + (f"\n{notes}" if notes else "") + f"\n{_FRESHNESS}"


def _notes(row: Mapping[str, Any]) -> Iterator[str]:
    name, credits = row["name"], row.get("credits") or {}
    if "error" in row:
        yield f"{name}: {row['error']}"
    if row.get("overages"):
        charges, currency = credits.get("overage_charges"), credits.get("currency") or ""
        cost = f", {charges:.2f} {currency} so far".rstrip() if charges is not None else ""
        yield f"{name}: overages are switched on{cost}"
    for grant in filter(None, (credits.get("free_trial"), *credits.get("bonuses", ()))):
        until = f" until {grant['expires_at'][:10]}" if grant.get("expires_at") else ""
        state = "" if grant["active"] else " (ended)"
        yield f"{name}: {grant['name']}: {grant['used']:,.10g} of {grant['limit']:,.10g} used{until}{state}"
