"""Holds an answer to the JSON that the client demanded."""

import re
from collections.abc import Mapping
from typing import Any, Final

from gateway import jsontext
from gateway.conversation import OutputFormat
from gateway.events import BlockEnd, Event, Failure, Stop, StopReason, TextDelta
from gateway.honour.fence import Fence
from gateway.honour.unmet import Unmet

_LONGEST_REASON: Final = 500
"""Characters; jsonschema's own words quote the value they are about, however large."""


class JsonText:
    """Takes a Markdown fence off, and ends an answer that is not the JSON demanded as a Failure.

    Only an answer that ended by itself is judged: one that was cut, refused or went on to a tool says so in its stop
    reason. All text blocks of a turn are one text; thinking is none of it.
    """

    __slots__ = ("_fence", "_index", "_output", "_said")

    def __init__(self, output: OutputFormat) -> None:
        self._output = output
        self._fence = Fence()
        self._index = -1  # of the last text block
        self._said: list[str] = []

    def feed(self, events: list[Event]) -> list[Event]:
        """The events without the fence."""
        passed: list[Event] = []
        for event in events:
            match event:
                case TextDelta(index, text):
                    self._index = index
                    self._say(self._fence.feed(text), passed)
                case BlockEnd() | Failure():
                    self._say(self._fence.close(), passed)
                    passed.append(event)
                case Stop(StopReason.END_TURN):
                    passed.append(self._judged(event))
                case _:
                    passed.append(event)
        return passed

    def _say(self, text: str, passed: list[Event]) -> None:
        if text:
            self._said.append(text)
            passed.append(TextDelta(self._index, text))

    def _judged(self, end: Stop) -> Stop | Failure:
        said = "".join(self._said)
        found = complaint(said, self._output.schema)
        if found is None:
            return end
        told, correction = found
        return Failure(
            Unmet(f"The model did not answer in the JSON that was asked for: {told}.", said=said, correction=correction)
        )


def complaint(text: str, schema: Mapping[str, Any] | None) -> tuple[str, str] | None:
    """What is wrong with a text that must be JSON, for the client (without any of the text) and for the model."""
    try:
        value = jsontext.decode(text)
    except jsontext.JsonError as error:
        return f"it is not JSON ({error})", f"It is not JSON: {error}."
    if schema is not None:
        return _schema_complaint(value, schema)
    return None if isinstance(value, dict) else ("it is not a JSON object", "It must be a JSON object.")


def _schema_complaint(value: Any, schema: Mapping[str, Any]) -> tuple[str, str] | None:
    # Loaded by the first client that demands a schema (0.06 s), not by every start.
    from jsonschema import Draft202012Validator  # noqa: PLC0415
    from jsonschema.exceptions import best_match  # noqa: PLC0415
    from jsonschema.validators import validator_for  # noqa: PLC0415
    from referencing import Registry  # noqa: PLC0415
    from referencing.exceptions import Unresolvable  # noqa: PLC0415

    # With a registry of its own a validator fetches nothing: a schema must not make the gateway call anywhere.
    validator = validator_for(schema, default=Draft202012Validator)(schema, registry=Registry())
    try:
        error = best_match(validator.iter_errors(value))
    except (Unresolvable, RecursionError, re.error):
        return "its schema has a reference or a pattern that cannot be applied", "It does not fit the schema."
    if error is None:
        return None
    correction = f"At {error.json_path}: {error.message}"[:_LONGEST_REASON]
    return f"{error.json_path} is not valid by '{error.validator}'"[:_LONGEST_REASON], correction
