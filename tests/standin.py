"""Stands in for client programs where the README names them: reads what they would read, makes the request they would.

It is no copy of them: it shows that the README's variables and options lead to an answer of the gateway.
``make clients`` is for the programs themselves.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.request import Request, urlopen

from gateway.jsontext import decode, encode

PROGRAMS: Final = ("claude", "aider", "cline", "curl")
PATIENCE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint's URL, the key, and the model's name."""

    url: str
    key: str
    model: str


def ask(target: Target) -> str:
    """One short question; the answer's text. Raises HTTPError, KeyError when it is not an answer."""
    said = [{"role": "user", "content": "Say hello."}]
    responses = target.url.endswith("/responses")
    question = {"model": target.model, **({"input": said} if responses else {"max_tokens": 256, "messages": said})}
    headers = {"content-type": "application/json", "authorization": f"Bearer {target.key}"}
    with urlopen(Request(target.url, encode(question), headers), timeout=PATIENCE) as response:
        answer = decode(response.read())
    if responses:
        texts = (part["text"] for item in answer["output"] if item["type"] == "message" for part in item["content"])
        return "".join(texts)
    if target.url.endswith("/messages"):
        return "".join(block["text"] for block in answer["content"] if block["type"] == "text")
    return str(answer["choices"][0]["message"]["content"])


def target(program: str, arguments: Sequence[str]) -> Target:
    """Where this program would send its requests."""
    parser = argparse.ArgumentParser()
    for names in (("-p",), ("-k",), ("-m", "--model"), ("-b",), ("--message",)):
        parser.add_argument(*names)
    options, _ = parser.parse_known_args(arguments)
    given = os.environ
    match program:
        case "claude":
            return Target(
                f"{given['ANTHROPIC_BASE_URL']}/v1/messages", given["ANTHROPIC_AUTH_TOKEN"], given["ANTHROPIC_MODEL"]
            )
        case "aider":
            url = f"{given['OPENAI_API_BASE']}/chat/completions"
            return Target(url, given["OPENAI_API_KEY"], options.model.removeprefix("openai/"))
        case _:
            return Target(f"{options.b}/chat/completions", options.k, options.model)


def curl(arguments: Sequence[str]) -> str:
    """The few options of curl that the README uses."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("-H", action="append", default=[])
    parser.add_argument("-d")
    for flag in ("-N", "-s", "-i"):
        parser.add_argument(flag, action="store_true")
    options = parser.parse_args(arguments)
    headers = dict(header.split(": ", 1) for header in options.H)
    body = options.d.encode() if options.d else None
    with urlopen(Request(options.url, body, headers), timeout=PATIENCE) as response:
        return str(response.read().decode())


if __name__ == "__main__":
    program, *rest = sys.argv[1:]
    sys.stdout.write(curl(rest) if program == "curl" else ask(target(program, rest)))
