"""Forget a login of the gateway's own store. Logins of other programs are theirs: log out there."""

import argparse
import sys
from http import HTTPStatus
from pathlib import Path

from gateway.accounts.sources import own
from gateway.commands import USAGE_ERROR, surroundings
from gateway.commands.remote import RemoteFault, account_path, running
from gateway.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which login."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="the login; may be left out when there is only one")
    surroundings.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Remove it from the store, and from the gateway that runs: 0; 1 when there is no such login."""
    loaded = surroundings.settings(options)
    if loaded is None:
        return surroundings.WRONG_SETTINGS
    folder = surroundings.own_folder()
    logins = {login.title: login for login in own.logins(folder)}
    name = options.name or (next(iter(logins)) if len(logins) == 1 else None)
    if name is None and logins:
        print(f"kiro-gateway logout: name one of: {', '.join(logins)}", file=sys.stderr)
        return USAGE_ERROR
    if name not in logins:
        print("kiro-gateway logout: there is no such login in the gateway's own store", file=sys.stderr)
        return 1
    try:
        own.discard(logins[name])
    except OSError as error:
        print(f"kiro-gateway logout: {error.strerror or 'the login is in use'}", file=sys.stderr)
        return 1
    _tell_gateway(loaded.settings, folder, name)
    print(f"Logged out: {name} is forgotten here. At Kiro its tokens end by themselves.")
    return 0


def _tell_gateway(settings: Settings, folder: Path, name: str) -> None:
    """One that runs would go on with the access token for up to an hour."""
    try:
        if gateway := running(settings, folder):
            gateway.act("DELETE", account_path(name))
    except RemoteFault as error:
        if error.status != HTTPStatus.NOT_FOUND:
            print(f"kiro-gateway logout: the running gateway was not told: {error}", file=sys.stderr)
