"""Moves an answer from the upstream to the client: one loop, one writer, one write per network chunk."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, Protocol

from aiohttp import web
from msgspec.structs import replace

from gateway.dialects.dialect import Encoder
from gateway.errors import GatewayError
from gateway.events import ENDS, Event, Failure, Stop, StopReason, Usage
from gateway.reply import Reply
from gateway.web.answer_stream import AnswerStream
from gateway.web.double_price import confirm
from gateway.web.heartbeat import Heartbeat
from gateway.web.record import Record

COMMENT: Final = b": waiting\n\n"
"""Keeps a connection alive before the answer began; every client skips comments."""


class Source(Protocol):
    """An open answer: an OpenStream, or one on which the client's demands are kept."""

    events: list[Event]

    @property
    def ended(self) -> bool:
        """Whether a Stop or a Failure was given."""
        ...

    async def read(self) -> list[Event]:
        """More events, possibly none."""
        ...

    async def close(self) -> None:
        """Close the upstream. May be called twice."""
        ...


Open = Callable[[], Coroutine[Any, Any, Source]]


@dataclass(frozen=True, slots=True)
class Pace:
    """hold: seconds in which nothing is written, so that a fault can still be a status. ping: seconds of silence."""

    hold: float
    ping: float


class Pump:
    """One streamed answer: waits for the first frame, then reads, encodes and writes until the turn is over."""

    def __init__(self, encoder: Encoder, response: AnswerStream, record: Record, pace: Pace) -> None:
        self._encoder = encoder
        self._response = response
        self._record = record
        self._pace = pace
        self._answering = False
        self._failure: GatewayError | None = None

    async def run(self, opening: Open) -> web.StreamResponse:
        """Answer. Raises GatewayError when the answer breaks: with a status, or by ``record.abort`` where it has begun.

        The upstream is closed on every way out, a client that leaves included.
        """
        heart = Heartbeat(self._beat, first=self._pace.hold, interval=self._pace.ping)
        try:
            upstream = await opening()
            try:
                # A task of its own: awaited here, each event would wake all rooms between the server and this one.
                last = await asyncio.get_running_loop().create_task(self._move(upstream, heart), name="pump")
            finally:
                await upstream.close()
        finally:
            await heart.stop()
        self._record.capture.client_bytes(last)
        self._record.ending = True
        response = await self._response.end(last)
        if self._response.gone:
            self._record.end = "client_left"
        return response

    async def _move(self, upstream: Source, heart: Heartbeat) -> bytes:
        """Write everything but the last chunk, which is returned: it leaves together with the response's end.

        Raises the failure of a turn that broke, once what came before it is written.
        """
        await heart.begin()
        self._answering, self._record.abort = True, self._abort
        capture, response = self._record.capture, self._response
        chunk = self._encoder.start() + self._encoded(upstream.events)
        while not upstream.ended and not response.gone:
            if chunk:
                heart.touch()
                capture.client_bytes(chunk)
                await response.write(chunk)
            chunk = self._encoded(await upstream.read())
        if self._failure is not None:
            if chunk:
                capture.client_bytes(chunk)
                await response.write(chunk)
            raise self._failure
        return chunk

    async def _beat(self) -> None:
        """Break a silence: with comments under a 200 while the upstream has not begun, with pings afterwards."""
        self._record.abort = self._abort
        chunk = self._encoder.ping() if self._answering else COMMENT
        self._record.capture.client_bytes(chunk)
        await self._response.write(chunk)

    def _encoded(self, events: list[Event]) -> bytes:
        """The events of one network chunk as one chunk of bytes; the turn's last ones also go into the record."""
        if events and type(events[-1]) in ENDS:
            events = [noted(event, self._record) for event in events]
            if isinstance(events[-1], Failure):
                self._failure = events[-1].error
                events = events[:-1]
        return b"".join([self._encoder.encode(event) for event in events])

    async def _abort(self, error: GatewayError) -> web.StreamResponse:
        """End a stream that has begun with a failure in its own protocol."""
        self._record.end = "client_left" if self._response.gone else "failed"
        last = self._encoder.encode(Failure(error))
        self._record.capture.client_bytes(last)
        return await self._response.end(last)


async def whole(opening: Open, record: Record) -> Reply:
    """The folded answer. Raises the failure of a turn that broke: nothing of it has been written."""
    upstream = await opening()
    reply = Reply()
    try:
        events = upstream.events
        while True:
            for event in events:
                reply.add(noted(event, record))
            if upstream.ended:
                break
            events = await upstream.read()
    finally:
        await upstream.close()
    if reply.error is not None:
        raise reply.error
    return reply


def noted(event: Event, record: Record) -> Event:
    """The event as the client gets it: usage with the credits of all calls. What the access log needs is remembered."""
    match event:
        case Usage():
            credits = record.credits
            confirm(record)
            record.usage = event if credits is None else replace(event, credits=credits)
            return record.usage
        case Stop():
            record.stop = event
            _note_reasoning(record)
            if event.reason is StopReason.MAX_TOKENS:
                _note_cut_calls(record)
    return event


def _note_cut_calls(record: Record) -> None:
    if record.cut is not None and record.answer is not None and record.answer.cut_calls:
        record.cut(record.answer.cut_calls)


def _note_reasoning(record: Record) -> None:
    answer = record.answer
    if record.reasoned is not None and answer is not None and answer.calls and answer.reasoning is not None:
        record.reasoned(answer.calls, answer.reasoning)
