"""The command line: a table of commands, each in a module of its own that is loaded when it is called.

A command module has ``add_arguments(parser)`` and ``run(options) -> exit code``. Commands that do not serve import no
aiohttp: they answer in a fraction of the time.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from gateway import __version__


@dataclass(frozen=True, slots=True)
class Command:
    """A name, the module behind it, and a line for the help."""

    name: str
    module: str
    help: str


COMMANDS: Final = (
    Command("serve", "gateway.commands.serve", "run the gateway (the default)"),
    Command("login", "gateway.commands.login", "log in to Kiro and keep the login in the gateway's own store"),
    Command("logout", "gateway.commands.logout", "forget a login of the gateway's own store"),
    Command("accounts", "gateway.commands.accounts", "list the accounts; enable, disable, refresh or remove one"),
    Command("usage", "gateway.commands.usage", "show plan and credits of every account"),
    Command("models", "gateway.commands.models", "list the models"),
    Command("ask", "gateway.commands.ask", "send one request to the running gateway and print its answer"),
    Command("setup", "gateway.commands.setup", "set up a client: Claude Code, Codex, opencode, Continue, aider, …"),
    Command("simulate", "gateway.commands.simulate", "run a simulated Kiro, to try things without a login"),
    Command(
        "config",
        "gateway.commands.config",
        "print an example of the settings file, check the settings, or import old ones",
    ),
    Command("lint", "gateway.commands.lint", "check a captured request body against the known rules of Kiro"),
)

USAGE_ERROR: Final = 2
INTERRUPTED: Final = 130


def run(arguments: Sequence[str]) -> int:
    """Run one command line; the exit code: 0 well, 1 failed, 2 wrong usage, 78 wrong settings."""
    if "--version" in arguments:  # answered whatever the settings look like
        print(f"kiro-gateway {__version__}")
        return 0
    if not arguments or arguments[0].startswith("-"):
        if {"-h", "--help"} & set(arguments):
            print(_overview())
            return 0
        arguments = ["serve", *arguments]
    command = next((command for command in COMMANDS if command.name == arguments[0]), None)
    if command is None:
        print(f"kiro-gateway: there is no such command\n\n{_overview()}", file=sys.stderr)
        return USAGE_ERROR
    return _run(command, arguments[1:])


def _run(command: Command, arguments: Sequence[str]) -> int:
    module = import_module(command.module)
    parser = argparse.ArgumentParser(prog=f"kiro-gateway {command.name}", description=module.__doc__)
    module.add_arguments(parser)
    options = parser.parse_args(arguments)
    try:
        return int(module.run(options))
    except KeyboardInterrupt:
        return INTERRUPTED


def _overview() -> str:
    width = max(len(command.name) for command in COMMANDS)
    commands = "\n".join(f"  {command.name:{width}}  {command.help}" for command in COMMANDS)
    return (
        "usage: kiro-gateway [COMMAND] [OPTIONS]\n\n"
        f"{commands}\n\n"
        "kiro-gateway COMMAND --help explains one of them; kiro-gateway --version prints the version.\n"
        "Common options: --host ADDRESS, --port PORT, --config FILE"
    )
