"""Print an example of the settings file, check the settings and show where each comes from, or turn an old .env or
credentials.json into a settings file, which is printed.
"""

import argparse
import sys
from pathlib import Path
from typing import Any, Final

from gateway.commands import USAGE_ERROR, surroundings
from gateway.settings import ROWS, Loaded, Row, example, markdown_table
from gateway.settings.files import Unreadable, read
from gateway.settings.importing import imported
from gateway.settings.problems import WrongValue
from gateway.settings.secret import MASK
from gateway.settings.toml import toml

_PAGES: Final = {"example": example, "table": markdown_table}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``example``, ``table`` or ``check``, and the options of the settings."""
    parser.add_argument(
        "what",
        choices=(*tuple(_PAGES), "check", "import"),
        help="print an example file, or the table of the README; check all settings; or turn an old FILE into TOML",
    )
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="for import: a .env or credentials.json")
    surroundings.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Do what was asked; 78 when the settings are wrong."""
    if page := _PAGES.get(options.what):
        print(page(), end="")
        return 0
    if options.what == "import":
        return _import(options.file)
    loaded = surroundings.settings(options)
    if loaded is None:
        return surroundings.WRONG_SETTINGS
    for warning in loaded.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(f"# your own settings file would be {surroundings.user_settings_folder() / 'config.toml'}")
    for row in ROWS:
        print(f"{row.key} = {_shown(row, row.of(loaded.settings))}  # {_origin(row, loaded)}")
    return 0


def _import(file: Path | None) -> int:
    """The text on standard output, everything else on standard error: 0; 1 when nothing could be made of the file."""
    if file is None:
        print("kiro-gateway config import: the file is missing", file=sys.stderr)
        return USAGE_ERROR
    try:
        made = imported(read(file), file.absolute())
    except (OSError, Unreadable, WrongValue) as error:
        words = error.strerror if isinstance(error, OSError) else str(error)
        print(f"kiro-gateway config import: {file}: {words}", file=sys.stderr)
        return 1
    for note in made.notes:
        print(f"not taken over: {note}", file=sys.stderr)
    print(made.text, end="")
    if made.text:
        print("The text may hold secrets: keep the file for yourself (chmod 600).", file=sys.stderr)
    return 0 if made.text else 1


def _origin(row: Row, loaded: Loaded) -> str:
    return loaded.origins.get(row.key, "default")


def _shown(row: Row, value: Any) -> str:
    if value is None or value == ():
        return "not set"
    return MASK if row.secret else toml(value)
