"""An open answer that is made to fit the client's demands as it is read."""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from gateway.events import ArgumentsDelta, Event, TextDelta, ThinkingDelta
from gateway.honour.stage import Stages
from gateway.upstream.stream import OpenStream
from gateway.web.searching import Searching

_PORTION: Final = 16 * 1024
"""Characters that go through the stages at once: counting their tokens takes 4 ms, and a frame may have 16 MiB."""


class Honoured:
    """Reads as an OpenStream does, and may end before it: whoever reads then closes it, whatever is still to come."""

    def __init__(self, upstream: OpenStream | Searching, stages: Stages) -> None:
        self._upstream = upstream
        self._stages = stages
        self._waiting: deque[list[Event]] = deque()
        self.events = self._next(upstream.events)

    @property
    def ended(self) -> bool:
        """Whether the turn is over: a Stop or a Failure was given."""
        return self._stages.ended

    async def read(self) -> list[Event]:
        """The next events, possibly none: a network chunk's, or a part of it. Safe to cancel, as the upstream's own."""
        if self._waiting:
            await asyncio.sleep(0)  # other streams have their turn
            return self._stages.feed(self._waiting.popleft())
        return self._next(await self._upstream.read())

    def _next(self, events: list[Event]) -> list[Event]:
        """Feed the first portion of a chunk's events; the others wait."""
        first, *others = _portions(events)
        self._waiting.extend(others)
        return self._stages.feed(first)

    async def close(self) -> None:
        """Close the upstream. May be called twice."""
        await self._upstream.close()


def _portions(events: list[Event]) -> Iterator[list[Event]]:
    """The events in portions of limited text; at least one, and nearly always the very list."""
    if sum(map(_length, events)) <= _PORTION:
        yield events
        return
    portion: list[Event] = []
    size = 0
    for event in _cut(events):
        if portion and size + _length(event) > _PORTION:
            yield portion
            portion, size = [], 0
        portion.append(event)
        size += _length(event)
    yield portion


def _cut(events: Iterable[Event]) -> Iterator[Event]:
    """The events, with each longer delta as several."""
    for event in events:
        text = _text(event)
        if len(text) <= _PORTION:
            yield event
            continue
        name = "json" if isinstance(event, ArgumentsDelta) else "text"
        for start in range(0, len(text), _PORTION):
            yield replace(event, **{name: text[start : start + _PORTION]})


def _length(event: Event) -> int:
    return len(_text(event))


def _text(event: Event) -> str:
    match event:
        case TextDelta() | ThinkingDelta():
            return event.text
        case ArgumentsDelta():
            return event.json
    return ""
