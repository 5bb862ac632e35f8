"""The response a streamed answer goes into."""

from collections.abc import Mapping

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp_sse import EventSourceResponse

from gateway.aiohttp_internals import LateHeaders


class _Events(LateHeaders, EventSourceResponse):
    """aiohttp-sse's response without what it does beside the answer.

    Its ping task is not started: the pump pings, since only it knows when the stream is between two events. Its
    time-out for hung peers costs three system calls a request; the listening socket has it for all (see ``app``).
    """

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Begin, as any stream does."""
        return await web.StreamResponse.prepare(self, request)


class AnswerStream:
    """A server-sent event response that begins with its first write and knows whether the client still listens.

    Nothing is sent before ``write`` is called: until then the answer can still become an HTTP status.
    """

    __slots__ = ("_request", "_response", "began", "gone")

    def __init__(self, request: web.Request, headers: Mapping[str, str]) -> None:
        self._request = request
        self._response = _Events(sep="\n", headers=headers, allow_all_methods=True)
        self._response.headers["Content-Type"] = "text/event-stream; charset=utf-8"
        self._response.headers["Cache-Control"] = "no-store"
        self.began = False
        self.gone = False

    def tell(self, headers: Mapping[str, str]) -> None:
        """Add headers; when the response has begun it is too late for them."""
        if not self.began:
            self._response.headers.update(headers)

    async def write(self, chunk: bytes) -> None:
        """Send a chunk, after the headers if it is the first. Waits while the client does not read.

        A client that has left is no error: ``gone`` is set and the chunk is dropped.
        """
        try:
            if not self.began:
                await self._begin()
            await self._response.write(chunk)
        except ConnectionResetError:
            self._let_go()

    async def end(self, chunk: bytes = b"") -> web.StreamResponse:
        """Send the last chunk together with the end, and hand the response to the server."""
        if not self.gone:
            try:
                if not self.began:
                    await self._begin()
                await self._response.write_eof(chunk)
            except ConnectionResetError:
                self._let_go()
        return self._response

    def _let_go(self) -> None:
        """The client has left. One that only half closed and reads nothing may still hold up another write: it ends."""
        self.gone = True
        if self._request.transport is not None:
            self._request.transport.abort()

    async def _begin(self) -> None:
        self.began = True
        await self._response.prepare(self._request)
