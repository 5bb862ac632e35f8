"""Set a client program up for this gateway, or undo that.

The gateway is asked first, as the client will ask it; then the client's own settings file is changed. Other settings in
it stay; the file as it was is kept beside it until --undo.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Final

from gateway.accounts import store
from gateway.commands import surroundings
from gateway.commands.asking import Question
from gateway.commands.clients import CLIENTS
from gateway.commands.clients.client import Access, CannotEdit, Client
from gateway.commands.remote import RemoteFault, address, running
from gateway.commands.tables import json_text
from gateway.settings import Settings
from gateway.settings.secret import MASK

BACKUP: Final = ".before-kiro-gateway"
"""Added to the file's name. An empty backup means that there was no file."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which client, and whether to write, undo or print."""
    parser.add_argument("client", choices=[client.name for client in CLIENTS], help="the program to set up")
    parser.add_argument("--model", help="the model it should use")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--undo", action="store_true", help="put its settings back as they were before")
    what.add_argument("--print", action="store_true", help="only print what would be written, without the key")
    surroundings.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Do it: 0; 1 when the gateway did not answer or the file cannot be changed."""
    client = next(client for client in CLIENTS if client.name == options.client)
    loaded = surroundings.settings(options)
    if loaded is None:
        return surroundings.WRONG_SETTINGS
    path = client.path(Path.home(), os.environ)
    try:
        if options.undo:
            return _undo(client, path)
        model = options.model or surroundings.default_model(loaded.settings)
        return (
            _print(client, path, loaded.settings, model)
            if options.print
            else _set_up(client, path, loaded.settings, model)
        )
    except RemoteFault as error:
        print(f"kiro-gateway setup: nothing was changed: {error}", file=sys.stderr)
    except CannotEdit as error:
        print(f"kiro-gateway setup: {path} was left alone: {error}. --print shows what belongs there.", file=sys.stderr)
    except (OSError, UnicodeDecodeError) as error:
        print(f"kiro-gateway setup: {path}: {getattr(error, 'strerror', None) or error}", file=sys.stderr)
    return 1


def _set_up(client: Client, path: Path, settings: Settings, model: str) -> int:
    gateway = running(settings, surroundings.own_folder(), client=True)
    if gateway is None:
        raise RemoteFault("no gateway runs at the configured address; start it, or name it by KIRO_GATEWAY_URL")
    access = Access(gateway.url, gateway.key, model)
    format = client.format
    made = format.applied(_text(path), client.filled(access)) if format else ""
    answer = Question(client.api, model, "Say hello.").ask(gateway)
    print(f"{client.title}: {model} at {gateway.url} answers (request {answer.request_id}).")
    if format is None:
        print(f"{json_text(client.filled(access))}\n{client.title} has no file for this: {client.start}.")
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    backup = _backup(path)
    if not backup.exists():
        store.replace(backup, _text(path).encode())
    store.replace(path, made.encode())
    print(f"Written: {path}, with the gateway's key in it. As it was: {backup}.")
    print(f"Start: {client.start}. Back: kiro-gateway setup {client.name} --undo")
    return 0


def _print(client: Client, path: Path, settings: Settings, model: str) -> int:
    """What would be written, with a mask for the key: without a gateway, and without a secret on the screen."""
    filled = client.filled(Access(address(settings), MASK, model))
    if client.format is None:
        print(f"{json_text(filled)}\n\n{client.title} has no file for this: {client.start}.")
        return 0
    print(f"# {path}", file=sys.stderr)
    print(client.format.applied("", filled), end="")
    return 0


def _undo(client: Client, path: Path) -> int:
    backup = _backup(path)
    if client.format is None or not backup.exists():
        print(f"kiro-gateway setup: {client.title} was not set up by this command", file=sys.stderr)
        return 1
    original = backup.read_text(encoding="utf-8")
    left = client.format.undone(_text(path), client.settings, original)
    if left:
        store.replace(path, left.encode())
    else:
        path.unlink(missing_ok=True)
    backup.unlink()
    print(f"{client.title}: {path} is {'as it was before' if left == original else 'without the gateway'}.")
    return 0


def _backup(path: Path) -> Path:
    return path.with_name(path.name + BACKUP)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
