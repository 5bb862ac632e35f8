"""Send one request to the running gateway, and print answer, usage and request id.

Speaks to KIRO_GATEWAY_URL with KIRO_GATEWAY_API_KEY; else to the configured port with the key of the gateway's file.
"""

import argparse
import sys
from collections.abc import Mapping
from typing import Any

from gateway.commands import surroundings
from gateway.commands.asking import APIS, Question
from gateway.commands.remote import RemoteFault, running


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to ask, of which model, by which API."""
    parser.add_argument("text", metavar="TEXT", help="the question; - reads it from standard input")
    parser.add_argument("--model", help="the model to ask")
    parser.add_argument("--api", choices=list(APIS), default="messages", help="the API to use (default: messages)")
    surroundings.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """The answer on standard output, the rest on standard error: 0; 1 when there is no answer."""
    loaded = surroundings.settings(options)
    if loaded is None:
        return surroundings.WRONG_SETTINGS
    text = sys.stdin.read() if options.text == "-" else options.text
    question = Question(options.api, options.model or surroundings.default_model(loaded.settings), text)
    try:
        gateway = running(loaded.settings, surroundings.own_folder(), client=True)
        if gateway is None:
            raise RemoteFault("no gateway runs at the configured address; start it: kiro-gateway serve")
        answer = question.ask(gateway)
    except RemoteFault as error:
        print(f"kiro-gateway ask: {error}", file=sys.stderr)
        return 1
    print(answer.text)
    facts = (("model", answer.model), ("usage", _figures(answer.usage)), ("request id", answer.request_id))
    print("".join(f"\n  {name:11} {fact}" for name, fact in facts), file=sys.stderr)
    return 0


def _figures(usage: Mapping[str, Any]) -> str:
    """The figures that are not 0, by the API's own names."""
    known = {name: value for name, value in usage.items() if isinstance(value, int | float) and value}
    return ", ".join(f"{name} {value:,}" for name, value in known.items()) or "none"
