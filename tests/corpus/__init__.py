"""Answers of Kiro, written by hand: ``STREAMS[name]`` has the bytes, the plan to decode them with, and their meaning.

The files ``*.json`` here are ``{name: stream}``; a stream is

    why      what the stream is about
    frames   a list of ``[event, payload]`` | ``{"headers": {…}, "payload": …}`` | ``{"repeat": n, "frames": […]}``
    plan     AnswerPlan fields that differ from PLAN (``reasoning`` by its value)
    expect   text (or ``[piece, times]``), thinking, signatures, redacted, calls ``[id, name, arguments]``, blocks
             (their order), stop, failure (the error's kind), usage: what the events deliver, a block that a failure
             left open included; what is left out is empty, usage then unchecked

Use: ``for name, stream in STREAMS.items(): events(stream)``. Tokens are counted as characters (``count=len``).
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.events import Event
from gateway.kiro.answer import Answer, AnswerPlan, ReasoningMode
from tests.corpus.frames import as_json, event, frame

PLAN: dict[str, Any] = {
    "tags": False,
    "reasoning": "as_reasoning_content",
    "window": 200_000,
    "needs_signal": True,
    "after_tool_results": False,
    "original_names": {},
    "input_estimate": 7,
}


@dataclass(frozen=True, slots=True)
class Stream:
    """One answer: its frames (``body`` joins them), the plan to decode it with, and what is expected of it."""

    name: str
    why: str
    frames: tuple[bytes, ...]
    plan: AnswerPlan
    expect: dict[str, Any]

    @property
    def body(self) -> bytes:
        """The whole response body."""
        return b"".join(self.frames)


def answer(stream: Stream, count: Callable[[str], int] = len) -> Answer:
    """A fresh decoder for the stream."""
    return Answer(stream.plan, count)


def events(stream: Stream, chunks: Iterable[bytes] | None = None) -> list[Event]:
    """All events of the stream, fed whole or in the given chunks, with a proper end of the body."""
    decoder = answer(stream)
    found = [found for chunk in chunks or [stream.body] for found in decoder.feed(chunk)]
    return found + decoder.finish()


def plan(**changes: Any) -> AnswerPlan:
    """PLAN with changes."""
    fields = PLAN | changes
    return AnswerPlan(**fields | {"reasoning": ReasoningMode(fields["reasoning"])})


def _frames(specs: list[Any]) -> Iterator[bytes]:
    for spec in specs:
        match spec:
            case [name, payload]:
                yield event(name, payload)
            case {"repeat": times, "frames": inner}:
                yield from list(_frames(inner)) * times
            case {"headers": headers, "payload": payload}:
                yield frame(headers, as_json(payload))
            case _:
                raise ValueError(f"no frame: {spec}")


def _load() -> Iterator[Stream]:
    for path in sorted(Path(__file__).parent.glob("*.json")):
        for name, spec in json.loads(path.read_text(encoding="utf-8")).items():
            frames, expect = tuple(_frames(spec["frames"])), dict(spec["expect"])
            if isinstance(expect.get("text"), list):
                piece, times = expect["text"]
                expect["text"] = piece * times
            yield Stream(name, spec["why"], frames, plan(**spec.get("plan", {})), expect)


STREAMS: dict[str, Stream] = {stream.name: stream for stream in _load()}
