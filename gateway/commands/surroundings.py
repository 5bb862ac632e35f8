"""What commands that read the settings have in common: their options, where files lie, how faults are told."""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import platformdirs

from gateway.kiro.models import alias_problems
from gateway.settings import Loaded, Settings, SettingsError, Surroundings, load

WRONG_SETTINGS: Final = 78
"""EX_CONFIG of sysexits.h: service managers know not to start again."""

_NAME: Final = "kiro-gateway"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that choose and override settings."""
    parser.add_argument("--config", metavar="FILE", help="settings file (else ./config.toml, else the user's own)")
    parser.add_argument("--host", metavar="ADDRESS", help="address to listen on")
    parser.add_argument("--port", metavar="PORT", help="port to listen on; 0 takes a free one")
    parser.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="any setting that is not a secret, such as log.level=DEBUG",
    )


def user_settings_folder() -> Path:
    """Where the user's own ``config.toml`` may lie."""
    return Path(platformdirs.user_config_path(_NAME, appauthor=False))


def own_folder() -> Path:
    """Where the gateway keeps what it makes: its key, and tokens that have no other place."""
    return Path(platformdirs.user_data_path(_NAME, appauthor=False))


def gather(options: argparse.Namespace) -> Surroundings:
    """This process's surroundings, for ``load``."""
    flags = {name.strip(): value for name, _, value in (item.partition("=") for item in options.set)}
    flags |= {f"server.{name}": text for name in ("host", "port") if (text := getattr(options, name)) is not None}
    return Surroundings(
        folder=Path.cwd(),
        user_folder=user_settings_folder(),
        environment=dict(os.environ),
        flags=flags,
        config=options.config,
    )


def default_model(found: Settings) -> str:
    """The model that commands ask when none is named, and that a start names as an example."""
    return next(iter(found.models.fallback), "claude-sonnet-4.5")


def crossed_families(found: Settings) -> Iterator[tuple[str, str]]:
    """(setting, what is wrong) for names of models that would lead from one Claude family to another."""
    for name, table in (("models.aliases", found.models.aliases), ("models.hidden", found.models.hidden)):
        yield from ((name, f"crosses families: {words}") for words in alias_problems(table))


def settings(options: argparse.Namespace) -> Loaded | None:
    """The settings; None when they are wrong, and then all faults have been printed."""
    try:
        return load(gather(options), crossed_families)
    except SettingsError as error:
        count = len(error.problems)
        print(f"kiro-gateway: {count} {'fault' if count == 1 else 'faults'} in the settings", file=sys.stderr)
        for problem in error.problems:
            print(f"  {problem}", file=sys.stderr)
        return None
