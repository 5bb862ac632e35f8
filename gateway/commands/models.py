"""List the models: of the gateway that runs, else of Kiro itself with the logins that are stored."""

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.commands import surroundings
from gateway.commands.remote import RemoteFault, running
from gateway.commands.tables import json_text, table
from gateway.errors import GatewayError
from gateway.settings import Settings

_COLUMNS: Final = {
    "MODEL": "id",
    "ALIAS OF": "alias_of",
    "WINDOW": "context_window",
    "MAX OUTPUT": "max_output_tokens",
    "IMAGES": "supports_images",
    "EFFORTS": "effort_levels",
    "CREDIT FACTOR": "credit_factor",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Table or JSON."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    surroundings.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Print them: 0; 1 when they cannot be had."""
    loaded = surroundings.settings(options)
    if loaded is None:
        return surroundings.WRONG_SETTINGS
    try:
        rows = _rows(loaded.settings)
    except (RemoteFault, GatewayError, OSError) as error:
        print(f"kiro-gateway models: {error}", file=sys.stderr)
        return 1
    print(json_text({"data": rows}) if options.json else table(_COLUMNS, rows), end="\n" if options.json else "")
    return 0


def _rows(settings: Settings) -> Sequence[Mapping[str, Any]]:
    if gateway := running(settings, surroundings.own_folder()):
        found: Sequence[Mapping[str, Any]] = gateway.get("/v1/models")["data"]
        return found
    from gateway.commands.offline import models

    return asyncio.run(models(settings))
