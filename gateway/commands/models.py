"""List the models: of the running gateway, else of Kiro itself with the stored logins."""

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.commands import listing, surroundings
from gateway.commands.remote import running
from gateway.commands.tables import table
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
    listing.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Print them: 0; 1 when they cannot be had."""
    return listing.run(options, "models", "data", _rows, lambda rows: table(_COLUMNS, rows))


def _rows(settings: Settings) -> Sequence[Mapping[str, Any]]:
    if gateway := running(settings, surroundings.own_folder()):
        found: Sequence[Mapping[str, Any]] = gateway.get("/v1/models")["data"]
        return found
    from gateway.commands.offline import models

    return asyncio.run(models(settings))
