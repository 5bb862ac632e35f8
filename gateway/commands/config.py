"""Print an example of the settings file, or check the settings and show where each comes from."""

import argparse
import sys
from typing import Any, Final

from gateway.commands import surroundings
from gateway.settings import ROWS, Loaded, Row, example, markdown_table
from gateway.settings.example import toml
from gateway.settings.secret import MASK

_PAGES: Final = {"example": example, "table": markdown_table}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``example``, ``table`` or ``check``, and the options of the settings."""
    parser.add_argument(
        "what",
        choices=(*tuple(_PAGES), "check"),
        help="print an example file, or the table of the README; or check all settings",
    )
    surroundings.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Do what was asked; 78 when the settings are wrong."""
    if page := _PAGES.get(options.what):
        print(page(), end="")
        return 0
    loaded = surroundings.settings(options)
    if loaded is None:
        return surroundings.WRONG_SETTINGS
    for warning in loaded.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(f"# your own settings file would be {surroundings.user_settings_folder() / 'config.toml'}")
    for row in ROWS:
        print(f"{row.key} = {_shown(row, row.of(loaded.settings))}  # {_origin(row, loaded)}")
    return 0


def _origin(row: Row, loaded: Loaded) -> str:
    return loaded.origins.get(row.key, "default")


def _shown(row: Row, value: Any) -> str:
    if value is None or value == ():
        return "not set"
    return MASK if row.secret else toml(value)
