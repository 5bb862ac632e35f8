"""What ``accounts``, ``usage`` and ``models`` share: rows from a gateway or from Kiro, as a table or as JSON."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gateway.commands import surroundings
from gateway.commands.remote import RemoteFault
from gateway.commands.tables import json_text
from gateway.errors import GatewayError
from gateway.settings import Settings

Row = Mapping[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Table or JSON, and which settings."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    surroundings.add_arguments(parser)


def run(
    options: argparse.Namespace,
    command: str,
    member: str,
    find: Callable[[Settings], Sequence[Row]],
    shown: Callable[[Sequence[Row]], str],
) -> int:
    """Find the rows and print them: 0; 1 when they, or one of them (its ``error``), cannot be had; 78 as at a start.

    member: what holds the rows in JSON, as over HTTP. shown: the rows as text.
    """
    loaded = surroundings.settings(options)
    if loaded is None:
        return surroundings.WRONG_SETTINGS
    try:
        rows = find(loaded.settings)
    except (RemoteFault, GatewayError, OSError) as error:
        print(f"kiro-gateway {command}: {error}", file=sys.stderr)
        return 1
    print(json_text({member: rows}) if options.json else shown(rows), end="\n" if options.json else "")
    return int(any("error" in row for row in rows))
