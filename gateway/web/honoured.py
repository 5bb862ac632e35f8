"""An open answer that is made to fit the client's demands as it is read."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from gateway.events import ArgumentsDelta, Event, Failure, Stop, StopReason, TextDelta, ThinkingDelta, Usage
from gateway.honour.stage import Stages
from gateway.upstream.stream import OpenStream
from gateway.web.searching import Searching

_PORTION: Final = 16 * 1024
"""Characters that go through the stages at once: counting their tokens takes 4 ms, and a frame may have 16 MiB."""

Judge = Callable[[str], Awaitable[Failure | None]]
"""What a turn with this text ends with instead of its Stop, or None."""


class Honoured:
    """Reads as an OpenStream does, and may end before it: the reader then closes it, whatever is still to come.

    judge: looks at the whole text of a turn before its end is given. Only an answer that ended by itself is judged:
    one that was cut, refused or went on to a tool says so in its stop reason.
    """

    def __init__(self, upstream: OpenStream | Searching, stages: Stages, judge: Judge | None = None) -> None:
        self._upstream = upstream
        self._stages = stages
        self._judge = judge
        self._said: list[str] = []  # the text, if it is to be judged
        self._end: list[Event] = []  # what waits for the judgement: the turn's Usage and its Stop
        self._waiting: deque[list[Event]] = deque()
        self.events = self._next(upstream.events)

    @property
    def ended(self) -> bool:
        """Whether the turn is over: a Stop or a Failure was given."""
        return self._stages.ended and not self._end

    async def read(self) -> list[Event]:
        """The next events, possibly none: a network chunk's, or a part of it; in the end those that are judged.

        Safe to cancel, as the upstream's own.
        """
        passed: list[Event] = []
        if self._waiting:
            await asyncio.sleep(0)  # other streams have their turn
            passed = self._passed(self._waiting.popleft())
        elif not self._end:
            passed = self._next(await self._upstream.read())
        return await self._judged() if self._end and not passed else passed

    def _next(self, events: list[Event]) -> list[Event]:
        """Feed the first portion of a chunk's events; the others wait."""
        first, *others = _portions(events)
        self._waiting.extend(others)
        return self._passed(first)

    def _passed(self, events: list[Event]) -> list[Event]:
        """What may go out of the next events: all, or what comes before an end that is to be judged."""
        events = self._stages.feed(events)
        if self._judge is None or not events:
            return events
        self._said += [event.text for event in events if type(event) is TextDelta]
        if events[-1] != Stop(StopReason.END_TURN):
            return events
        place = next(number for number, event in enumerate(events) if type(event) in (Usage, Stop))
        self._end = events[place:]
        return events[:place]

    async def _judged(self) -> list[Event]:
        """The turn's end. Nothing more comes from Kiro, so its connection and account are free for others by now."""
        await self._upstream.close()
        failure = None if self._judge is None else await self._judge("".join(self._said))
        end, self._end = self._end, []
        return end if failure is None else [*end[:-1], failure]

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
