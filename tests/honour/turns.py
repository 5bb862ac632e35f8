"""Turns to send through the stages, and what is left of them."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from gateway.conversation import Text, Thinking, ToolCall
from gateway.events import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    Event,
    Stop,
    StopReason,
    TextDelta,
    ThinkingDelta,
    Usage,
)
from gateway.honour.stage import Stage, Stages
from tests.wellformed import check

USAGE = Usage(10, 20, credits=0.5)
END = Stop(StopReason.END_TURN)


def text(index: int, *pieces: str) -> list[Event]:
    return [BlockStart(index, Text("")), *(TextDelta(index, piece) for piece in pieces), BlockEnd(index)]


def thinking(index: int, *pieces: str) -> list[Event]:
    return [BlockStart(index, Thinking("")), *(ThinkingDelta(index, piece) for piece in pieces), BlockEnd(index)]


def call(index: int, name: str, *pieces: str) -> list[Event]:
    start = BlockStart(index, ToolCall(f"id_{name}", name, ""))
    return [start, *(ArgumentsDelta(index, piece) for piece in pieces), BlockEnd(index)]


def ended(*blocks: Sequence[Event], stop: Stop = END) -> list[Event]:
    """A whole turn of these blocks."""
    return [*(event for block in blocks for event in block), USAGE, stop]


def split(whole: str, cuts: Iterable[int]) -> list[str]:
    """The text cut at these places."""
    places = [0, *sorted(cut % (len(whole) + 1) for cut in cuts), len(whole)]
    return [whole[start:end] for start, end in pairwise(places)]


def passed(stage: Stage, events: list[Event], *, chunk: int = 1, ended: bool = True) -> list[Event]:
    """What comes out, fed ``chunk`` events at a time as the gateway does; checked to be a well-formed turn."""
    stages = Stages([stage])
    out: list[Event] = []
    for start in range(0, len(events), chunk):
        out += stages.feed(events[start : start + chunk])
    check(out, ended=ended)
    return out


def said(events: list[Event]) -> str:
    """The text of all text blocks."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))
