"""A reader of event streams by the letter of the HTML standard, for tests only."""

import json
import re
from typing import Any


def read(stream: bytes) -> list[tuple[str, Any]]:
    """(event name or ``message``, data): data as JSON, or the text itself where it is none (``[DONE]``)."""
    events: list[tuple[str, Any]] = []
    name, lines = "message", []
    for line in re.split(r"\r\n|\r|\n", stream.decode("utf-8")):
        if not line:
            if lines:
                events.append((name, _value("\n".join(lines))))
            name, lines = "message", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        assert field in {"", "event", "data"}, line
        if field == "event":
            name = value
        elif field == "data":
            lines.append(value)
    assert not lines, "the stream ends inside an event"
    return events


def _value(text: str) -> Any:
    return text if text == "[DONE]" else json.loads(text)
