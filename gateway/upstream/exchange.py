"""One attempt: a request on its way to Kiro, up to the first frame of the answer or to the fault."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from aiohttp import ClientResponse, ClientSession, Payload
from aiohttp.abc import AbstractStreamWriter
from yarl import URL

from gateway.errors import Kind, Trouble, UpstreamError
from gateway.events import Failure
from gateway.kiro.answer import Answer
from gateway.kiro.endpoints import Sending
from gateway.kiro.explanation import explain_body
from gateway.kiro.faults import http_fault
from gateway.kiro.payload import Draft
from gateway.threads import Threads, TooMuchWork
from gateway.upstream.attempts import Trace
from gateway.upstream.connection import BODY_LIMIT, BODY_PATIENCE, Connection, read_bounded
from gateway.upstream.room import Room
from gateway.upstream.stream import OpenStream, Tap

AT_ONCE: Final = 512 * 1024
"""Bytes of a request's body that go to the connection in one piece."""

PIECE: Final = 128 * 1024
"""Bytes of a larger one that go to it in one piece."""

_REQUEST_IDS: Final = ("x-amzn-requestid", "x-amz-request-id")
EXPLAINERS: Final = 1
"""Threads that look for the cause of a refusal: plain Python, of which more threads do no more."""

EXPLANATIONS_WAITING: Final = 8
"""Bodies of up to 32 MiB that may wait for it; further refusals go out unexplained, since they are refusals anyway."""

UNEXPLAINED: Final = "Its cause was not looked for: too many refused requests are being examined."

_NO_STREAM: Final = ("json", "html", "xml", "text/")
"""Content types of a 200 that is no answer (R27). An unknown or missing one is left to the frames' checksums."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Time-outs in seconds.

    first_frame: from sending to the first frame of the answer, with ``per_100_kb`` added for the request's size. Good
    answers were seen to begin after 140 s (99th percentile of the slowest model). idle: the longest silence between
    frames. refusal: to read an error's body.
    """

    first_frame: float = 300.0
    per_100_kb: float = 0.0
    idle: float = 300.0
    refusal: float = BODY_PATIENCE

    def for_body(self, size: int) -> float:
        """Seconds to the first frame for a request of ``size`` bytes."""
        return self.first_frame + self.per_100_kb * size / 100_000


@dataclass(frozen=True, slots=True)
class Request:
    """What stays the same over all attempts of a request. make_answer: a fresh decoder for each."""

    draft: Draft
    make_answer: Callable[[], Answer]
    trace: Trace
    tap: Tap
    invocation_id: str


class Exchange:
    """Sends requests, each within its time."""

    def __init__(self, patience: Patience, room: Room | None = None, *, explaining: Threads | None = None) -> None:
        """room: for the unfinished frames of all its answers. explaining: to look for the cause of refusals in."""
        self._explaining = explaining or Threads("explanations", EXPLAINERS, waiting=EXPLANATIONS_WAITING)
        self._patience = patience
        self._room = room or Room()

    async def send(self, connection: Connection, sending: Sending, request: Request) -> OpenStream:
        """The answer, opened. Raises UpstreamError when the attempt failed, with everything of it closed."""
        session = connection.session(sending.headers)
        try:
            return await self._in_time(connection, sending, session, request)
        except BaseException as error:
            await session.close()
            if isinstance(error, UpstreamError) and error.unexplained:
                explanation = await self._explained(sending.body)
                raise error.replaced(message=f"{error.message} {explanation}") from error
            raise

    async def _explained(self, body: bytes) -> str:
        """Why Kiro may have refused a body."""
        try:
            return await self._explaining.run(_explanation, body)
        except TooMuchWork:
            return UNEXPLAINED

    async def _in_time(
        self, connection: Connection, sending: Sending, session: ClientSession, request: Request
    ) -> OpenStream:
        limit = self._patience.for_body(len(sending.body))
        try:
            async with asyncio.timeout(limit) as clock:
                return await self._exchanged(connection, sending, session, request, clock)
        except TimeoutError as error:
            words = f"Kiro did not begin to answer within {limit:.3g} s."
            raise UpstreamError(Kind.TIMEOUT, words, stuck=True, should_retry=False, trouble=Trouble.STUCK) from error

    async def _exchanged(
        self,
        connection: Connection,
        sending: Sending,
        session: ClientSession,
        request: Request,
        clock: asyncio.Timeout,
    ) -> OpenStream:
        where = f"Kiro (endpoint {request.trace.endpoint})"
        with connection.translated(where):
            response = await session.post(
                URL(sending.url, encoded=True), data=_in_pieces(sending.body), allow_redirects=False
            )
        try:
            request.trace.upstream_request_id = _request_id(response)
            if _refused(response):
                clock.reschedule(None)  # Kiro did answer; the body has limits of its own
                raise await self._refusal(connection, response, where, request.tap)
            return await self._begun(session, response, request)
        except BaseException:
            response.close()
            raise

    async def _refusal(self, connection: Connection, response: ClientResponse, where: str, tap: Tap) -> UpstreamError:
        """The fault of an answer that is no event stream."""
        with connection.translated(where):
            body = await read_bounded(response, BODY_LIMIT, self._patience.refusal)
        tap.upstream_bytes(body)
        return http_fault(response.status, response.headers, body)

    async def _begun(self, session: ClientSession, response: ClientResponse, request: Request) -> OpenStream:
        """Read until the answer began or is over. A fault that comes first is a failed attempt."""
        stream = OpenStream(session, response, request.make_answer(), request.tap, self._patience.idle, room=self._room)
        try:
            while not stream.answer.begun and not stream.ended:
                stream.events += await stream.read()
            _raise_first_fault(stream)
            stream.events += stream.rest()
        except BaseException:
            await stream.close()
            raise
        return stream


class _Pieces(Payload):
    """A large body for aiohttp, which would copy bytes, or a file of them, at once."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self._body = body
        self._size = len(body)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The body as text."""
        return self._body.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write it; others have a turn after each piece."""
        for start in range(0, len(self._body), PIECE):
            await writer.write(self._body[start : start + PIECE])
            await asyncio.sleep(0)

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        """Write it; the length is the body's own."""
        await self.write(writer)


def _in_pieces(body: bytes) -> "bytes | _Pieces":
    return _Pieces(body) if len(body) > AT_ONCE else body


def _refused(response: ClientResponse) -> bool:
    """Whether an answer is no event stream."""
    kind = response.headers.get("Content-Type", "").lower()
    return response.status != HTTPStatus.OK or any(word in kind for word in _NO_STREAM)


def _explanation(body: bytes) -> str:
    """Why Kiro may have refused a body; in a thread, since reading 30 MB of pictures takes a while."""
    return explain_body(body).message


def _raise_first_fault(stream: OpenStream) -> None:
    """A Failure with nothing of the answer before it: still an attempt's fault, no broken answer."""
    for event in stream.events:
        match event:
            case Failure(UpstreamError() as error):
                raise error
            case Failure(error):
                raise UpstreamError(error.kind, error.message, should_retry=error.should_retry)
            case _ if stream.answer.begun:
                return


def _request_id(response: ClientResponse) -> str | None:
    """Kiro's own name for the request, for support; bounded, as it goes into logs."""
    found = next((response.headers[name] for name in _REQUEST_IDS if name in response.headers), None)
    return found[:128] if found else None
