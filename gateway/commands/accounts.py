"""List the accounts, or enable, disable, refresh or remove one.

Speaks to the running gateway (KIRO_GATEWAY_URL, KIRO_GATEWAY_API_KEY: its admin key; else the configured port);
without one it works on what is stored.
"""

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.commands import USAGE_ERROR, listing, surroundings
from gateway.commands.remote import Remote, account_path, running
from gateway.commands.tables import table
from gateway.settings import Settings

ACTS: Final = ("enable", "disable", "refresh", "remove")

_COLUMNS: Final = {
    "#": "index",
    "ACCOUNT": "name",
    "KIND": "kind",
    "STATE": "state",
    "UNTIL": "until",
    "TOKEN EXPIRES": "token_expires_at",
    "SOURCE": "source",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, with which account."""
    parser.add_argument("act", nargs="?", choices=ACTS, help="what to do with an account; without it all are listed")
    parser.add_argument("name", nargs="?", metavar="NAME", help="the account: its name or its number in the list")
    listing.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Do it and print the accounts as they are then: 0; 1 when it was refused, 2 without a name."""
    if options.act and not options.name:
        print(f"kiro-gateway accounts {options.act}: the name of an account is missing", file=sys.stderr)
        return USAGE_ERROR
    return listing.run(
        options, "accounts", "accounts", lambda settings: _rows(settings, options.act, options.name), shown
    )


def _rows(settings: Settings, act: str | None, name: str | None) -> list[dict[str, Any]]:
    if gateway := running(settings, surroundings.own_folder()):
        return _of_gateway(gateway, act, name)
    from gateway.commands.offline import accounts

    return asyncio.run(accounts(settings, act, name))


def _of_gateway(gateway: Remote, act: str | None, name: str | None) -> list[dict[str, Any]]:
    if act == "remove" and name:
        gateway.act("DELETE", account_path(name))
    elif act and name:
        gateway.act("POST", account_path(name, act))
    found: list[dict[str, Any]] = gateway.get("/accounts")["accounts"]
    return found


def shown(rows: Sequence[Mapping[str, Any]]) -> str:
    """The table, and below it why an account is not used."""
    if not rows:
        return "There is no account. Log in with: kiro-gateway login\n"
    reasons = "".join(f"  {row['name']}: {row['reason']}\n" for row in rows if row.get("reason"))
    return table(_COLUMNS, rows) + (f"\n{reasons}" if reasons else "")
