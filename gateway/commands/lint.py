"""Check a captured request body against the known rules of Kiro: which is broken, where, and what to change."""

import argparse
import codecs
import sys
from pathlib import Path
from typing import Any, Final

from gateway.jsontext import JsonError, decode
from gateway.kiro.body import Body
from gateway.kiro.explanation import describe, explain
from gateway.kiro.model_table import KNOWN_MODELS, known

BROKEN: Final = 1
CAPTURED: Final = "kiro_request_body.json"
"""The file of a debug capture that holds what was sent to Kiro."""

SOUND: Final = (
    "No known rule is broken. If Kiro refused this body all the same, a shorter conversation or fewer tools may pass."
)


class Unreadable(Exception):
    """The file holds no request body; the message says why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file, and the window that a long conversation is measured by."""
    parser.add_argument("file", metavar="FILE", help=f"a body as sent to Kiro: {CAPTURED}, or the folder it lies in")
    parser.add_argument(
        "--window", metavar="TOKENS", type=int, help="input window of the model; without it the model's known one"
    )


def run(options: argparse.Namespace) -> int:
    """Print the findings: 0 when there are none, 1 when there are some or the file cannot be read."""
    try:
        payload = read(Path(options.file))
    except Unreadable as error:
        print(f"kiro-gateway lint: {error}", file=sys.stderr)
        return BROKEN
    model = known(_model_id(payload))
    explanation = explain(
        payload,
        known_models={row.id: row.fields_schema() for row in KNOWN_MODELS},
        max_input_tokens=options.window or (model.window if model else None),
    )
    if not explanation.broken:
        print(SOUND)
        return 0
    if not explanation.proven:
        print("No known rule is broken. What some clients avoid, though nothing proves that Kiro refuses it:")
    for violation in explanation.broken:
        print(describe(violation))
    if any(violation.name == "unknown-model" for violation in explanation.broken):
        print("Models are judged here by the list built into this version; GET /v1/models has Kiro's own.")
    return BROKEN


def read(path: Path) -> dict[str, Any]:
    """The body in a file, or in a capture's folder. Raises Unreadable."""
    path = path / CAPTURED if path.is_dir() else path
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from None
    try:
        payload = decode(raw.removeprefix(codecs.BOM_UTF8))  # a Windows editor's mark; nothing of Kiro's has it
    except JsonError as error:
        raise Unreadable(f"{path} is not JSON: {error}") from None
    if not isinstance(payload, dict):
        raise Unreadable(f"{path} holds no JSON object")
    if "conversationState" not in payload:
        raise Unreadable(f"{path} {_other(payload)}; the one to check is a capture's {CAPTURED}")
    return payload


def _other(payload: dict[str, Any]) -> str:
    """What an object is that was not sent to Kiro."""
    return "is a client's request" if payload.keys() & {"messages", "input"} else "holds no conversationState"


def _model_id(payload: dict[str, Any]) -> str:
    value = Body(payload).current.message.get("modelId")
    return value if isinstance(value, str) else ""
