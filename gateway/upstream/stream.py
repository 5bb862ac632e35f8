"""An open answer: reads network chunks, decodes them, and notices when the upstream has fallen silent."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from aiohttp import ClientError, ClientPayloadError, ClientResponse, ClientSession

from gateway.aiohttp_internals import end_of_connection, left_over, wake_reader
from gateway.errors import GatewayError, Kind, UpstreamError
from gateway.events import Event, Failure
from gateway.kiro.answer import Answer
from gateway.upstream.room import SMALL, Room

CUT: Final = "Kiro's answer was cut off before its end."
READ_BYTES: Final = 16 * 1024
"""Decoded, counted and written at once, 2 ms of work; a burst may bring 128 KB. Others have a turn between two."""

CROWDED: Final = "Kiro sends more giant frames at once than the gateway may hold in memory."


class Tap(Protocol):
    """Who wants to see the raw bytes of a request (debug capture)."""

    def kiro_body(self, body: bytes) -> None:
        """The body of an attempt."""

    def upstream_bytes(self, chunk: bytes) -> None:
        """Bytes of Kiro's answer."""


class NoTap:
    """Nobody wants to see them."""

    def kiro_body(self, body: bytes) -> None:
        """Dropped."""

    def upstream_bytes(self, chunk: bytes) -> None:
        """Dropped."""


NO_TAP: Final = NoTap()


class OpenStream:
    """The answer of one attempt. ``events``: those decoded up to the first frame; the rest comes from ``read``.

    Idle means: no whole frame while somebody waits for one. Bytes of an unfinished frame are no sign of life (R21), and
    a client that reads slowly is no silence of the upstream.
    """

    def __init__(
        self,
        session: ClientSession,
        response: ClientResponse,
        answer: Answer,
        tap: Tap,
        idle_timeout: float,
        *,
        room: Room,
    ) -> None:
        self.answer = answer
        self.events: list[Event] = []
        self._failure: GatewayError | None = None
        self._on_failure: Callable[[GatewayError], None] | None = None
        self._session = session
        self._response = response
        self._content = response.content
        self._tap = tap
        self._idle_timeout = idle_timeout
        self._room = room
        self._held = 0  # bytes that count in the room
        self._loop = asyncio.get_running_loop()
        self._clock: Callable[[], float] = self._loop.time
        self._after: Callable[[], None] = _nothing
        self._reading = False
        self._more = False  # whether bytes were left in the buffer
        self._idle = False
        self._deadline = self._clock() + idle_timeout
        # One timer, moved lazily: re-arming it for every chunk would cost more than the read itself.
        self._timer = self._loop.call_at(self._deadline, self._look)
        self._gone = end_of_connection(response)
        self._gone.add_done_callback(self._lost)

    @property
    def ended(self) -> bool:
        """Whether the turn is over: a Stop or a Failure was given."""
        return self.answer.ended

    async def read(self) -> list[Event]:
        """The events of the next network chunk, possibly none. Never raises for faults of the upstream: a Failure.

        Safe to cancel (a time-out for pings): what has not been returned is returned by the next call.
        """
        if self._more:
            await asyncio.sleep(0)
        self._reading = True
        try:
            chunk = await self._content.read(READ_BYTES)
        except (ClientError, OSError, RuntimeError):  # RuntimeError: aiohttp's word for a connection already closed
            return self._broken()
        finally:
            self._reading = False
        self._more = len(chunk) == READ_BYTES
        return self._decode(chunk)

    def _decode(self, chunk: bytes) -> list[Event]:
        if not chunk:
            return self._finish()
        self._tap.upstream_bytes(chunk)
        begun, frames = self.answer.begun, self.answer.frames
        events = self.answer.feed(chunk)
        if events and type(events[-1]) is Failure:
            self._failed(events[-1].error)
        if self.answer.frames != frames:
            self._deadline = self._clock() + self._idle_timeout
        pending = self.answer.pending
        if (pending > SMALL or self._held) and not self._hold(pending if pending > SMALL else 0):
            return events + self.answer.fail(UpstreamError(Kind.OVERLOADED, CROWDED, should_retry=False))
        return events + self._finish() if begun and self._content.at_eof() else events

    def rest(self) -> list[Event]:
        """The end of the turn, if the body's end came with its last bytes: it then goes out in one write with them."""
        return self._finish() if self._content.at_eof() else []

    def _finish(self) -> list[Event]:
        return self.answer.finish(delimited=_delimited(self._response))

    def _hold(self, size: int) -> bool:
        """Whether there is room for so many bytes of an unfinished frame."""
        fits = self._room.change(self._held, size)
        self._held = size if fits else self._held
        return fits

    def _broken(self) -> list[Event]:
        """The connection went; frames that arrived before it did still count."""
        events: list[Event] = []
        if rest := left_over(self._content):
            events = self._decode(rest)
        if self.answer.ended:
            return events
        if self._idle:
            words = f"Kiro sent nothing for {self._idle_timeout:g} s in the middle of its answer."
            return events + self.answer.fail(UpstreamError(Kind.TIMEOUT, words, should_retry=False))
        return events + self.answer.fail(UpstreamError(Kind.UPSTREAM, CUT, should_retry=False))

    def _look(self) -> None:
        """The timer: nothing yet, nobody waits, or idle: then the connection is dropped and the waiting read told."""
        now = self._clock()
        if not self._reading or not self.answer.begun:  # before the first frame another clock runs
            self._deadline = max(self._deadline, now + self._idle_timeout)
        if now < self._deadline:
            self._timer = self._loop.call_at(self._deadline, self._look)
            return
        self._idle = True
        self._response.close()  # wakes the waiting read with an exception

    def _lost(self, _: object) -> None:
        """The connection is gone: wake a read that aiohttp leaves waiting, as it does for a chunk of no size."""
        wake_reader(self._content, ClientPayloadError(CUT))

    def at_failure(self, note: Callable[[GatewayError], None]) -> None:
        """Have something done as soon as Kiro is seen to break the answer off, however slowly its client reads."""
        self._on_failure = note
        if self._failure is not None:
            note(self._failure)

    def _failed(self, error: GatewayError) -> None:
        self._failure = error
        if self._on_failure is not None:
            self._on_failure(error)

    def at_close(self, after: Callable[[], None]) -> None:
        """Have something done when the stream is closed. It must bear being done twice."""
        self._after = after

    async def close(self) -> None:
        """Drop the connection, or give it back if the body was read to its end. May be called twice."""
        self._timer.cancel()
        self._gone.remove_done_callback(self._lost)
        self._response.close()
        self._hold(0)
        self.answer.drop()
        self._after()
        await self._session.close()

    async def __aenter__(self) -> "OpenStream":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _nothing() -> None:
    """Nothing is to be done."""


def _delimited(response: ClientResponse) -> bool:
    """Whether the body's end was marked, so that it cannot have been cut unnoticed."""
    headers = response.headers
    return "Content-Length" in headers or "chunked" in headers.get("Transfer-Encoding", "").lower()
