"""A demand for JSON in each client API, streamed and whole, and what a client gets."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.live import Live

HELLO = [{"role": "user", "content": "Say hello."}]
BOMB = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}}
BOMBED = '{"a": "' + "a" * 40 + '!"}'
"""An answer whose check by BOMB takes longer than anybody lives."""

SLOW_SCHEMA = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "enum": [{"a": {"b": number}} for number in range(6000)],
}
"""Its draft demands that the values differ; jsonschema compares each with each."""


@dataclass(frozen=True)
class Form:
    """One API, streamed or whole. schema_path: where its schema stands."""

    path: str
    schema_path: str
    stream: bool

    def __str__(self) -> str:
        return f"{self.path.rpartition('/')[2]}-{'streamed' if self.stream else 'whole'}"

    def body(self, schema: Any) -> dict[str, Any]:
        """What a request has besides the model."""
        body: dict[str, Any] = {"max_tokens": 20_000, "stream": self.stream}
        body["input" if self.path == "/v1/responses" else "messages"] = HELLO
        match self.path:
            case "/v1/messages":
                body["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
            case "/v1/chat/completions":
                named = {"name": "n", "schema": schema}
                body |= {"response_format": {"type": "json_schema", "json_schema": named}, "reasoning_effort": "none"}
            case _:
                body |= {"text": {"format": {"type": "json_schema", "name": "n", "schema": schema}}}
        return body

    async def ask(self, live: Live, schema: Any) -> "Got":
        """What the client got, read to its end."""
        async with live.post(self.path, **self.body(schema)) as answer:
            text = await answer.text()
        good = answer.status == 200 and not any(
            mark in text for mark in ("event: error", '"error":{', "response.failed")
        )
        return Got(answer.status, dict(answer.headers), text, good=good)


@dataclass(frozen=True)
class Got:
    """good: an answer that says of itself that it is whole."""

    status: int
    headers: dict[str, str]
    text: str
    good: bool


FORMS = tuple(
    Form(path, schema_path, stream)
    for path, schema_path in (
        ("/v1/messages", "output_config.format.schema"),
        ("/v1/chat/completions", "response_format.json_schema.schema"),
        ("/v1/responses", "text.format.schema"),
    )
    for stream in (False, True)
)
WHOLE, STREAMED = FORMS[:2]


def frames(*pieces: str) -> dict[str, Any]:
    """A scripted answer that says this and ends by itself."""
    said = [{"event": "assistantResponseEvent", "payload": {"content": piece}} for piece in pieces]
    return {"frames": [*said, {"event": "contextUsageEvent", "payload": {"contextUsagePercentage": 1.5}}]}


def found(log: Sequence[Any], event: str) -> list[Any]:
    """The log's records of an event."""
    return [record for record in log if record["event"] == event]


def records(path: Path) -> list[Any]:
    """A gateway's log in JSON."""
    return [json.loads(line) for line in path.read_text().splitlines() if line.startswith("{")]


def is_gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has waited for yet has, too."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (ProcessLookupError, FileNotFoundError):
        return True
