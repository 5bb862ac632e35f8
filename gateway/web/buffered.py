"""A streamed answer that is held back until it is whole, so that its first event can tell the exact input tokens.

Kiro tells them at the end of its answer. A client that goes by ``message_start`` alone (to compact its history in
time) sees an estimate otherwise. The price is the stream: all of it comes at once.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from gateway.dialects.dialect import Encoder, Opening
from gateway.events import Event, Failure, Usage
from gateway.web.pump import Open, Source
from gateway.web.record import Record

BATCH: Final = 200
"""Events that are encoded and written at once: 2 ms."""


class Buffered:
    """The encoder and the source of one such answer; the pump, which sees no difference, meanwhile writes comments.

    make: the encoder for an opening.
    """

    def __init__(self, make: Callable[[Opening], Encoder], opening: Opening, upstream: Open, record: Record) -> None:
        self._make = make
        self._opening = opening
        self._encoder = make(opening)
        self._upstream = upstream
        self._record = record

    async def open(self) -> Source:
        """The whole answer. Raises what broke it: as long as nothing was written, that is still a status."""
        source = await self._upstream()
        try:
            events = list(source.events)
            while not source.ended:
                events += await source.read()
        finally:
            await source.close()
        if isinstance(events[-1], Failure):
            raise events[-1].error
        told = next((event for event in reversed(events) if isinstance(event, Usage)), None)
        if told is not None:
            self._encoder = self._make(_exact(self._opening, told))
        return _Whole(events)

    def start(self) -> bytes:
        """What opens the stream, with the exact figures."""
        return self._encoder.start()

    def encode(self, event: Event) -> bytes:
        """As the encoder."""
        return self._encoder.encode(event)

    def ping(self) -> bytes:
        """As the encoder."""
        return self._encoder.ping()


def _exact(opening: Opening, told: Usage) -> Opening:
    return replace(opening, input_tokens=told.input_tokens, cache_read=told.cache_read, cache_write=told.cache_write)


class _Whole:
    """A source that gives a whole turn in batches; its upstream is closed."""

    def __init__(self, events: list[Event]) -> None:
        self._events = events
        self._given = 0
        self.events = self._batch()

    @property
    def ended(self) -> bool:
        """Whether everything was given."""
        return self._given >= len(self._events)

    async def read(self) -> list[Event]:
        """The next batch; other streams have a turn before it."""
        await asyncio.sleep(0)
        return self._batch()

    def _batch(self) -> list[Event]:
        """A turn's usage and its stop stay together, as they come from Kiro: no batch leaves the last event alone."""
        start = self._given
        self._given += BATCH - 1 if len(self._events) - start == BATCH + 1 else BATCH
        return self._events[start : self._given]

    async def close(self) -> None:
        """Closed already."""
