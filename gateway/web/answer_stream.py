"""The response a streamed answer goes into."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web
from aiohttp_sse import EventSourceResponse

NEVER: Final = 365 * 24 * 3600.0
"""A ping interval out of reach: the pump pings, since only it knows when the stream is between two events."""


class AnswerStream:
    """A server-sent event response that begins with its first write and knows whether the client still listens.

    Nothing is sent before ``write`` is called: until then the answer can still become an HTTP status.
    """

    __slots__ = ("_request", "_response", "began", "gone")

    def __init__(self, request: web.Request, headers: Mapping[str, str]) -> None:
        self._request = request
        self._response = EventSourceResponse(sep="\n", headers=headers, allow_all_methods=True, ping_interval=NEVER)
        self._response.headers["Content-Type"] = "text/event-stream; charset=utf-8"
        self._response.headers["Cache-Control"] = "no-store"
        self.began = False
        self.gone = False

    async def write(self, chunk: bytes) -> None:
        """Send a chunk, after the headers if it is the first. Waits while the client does not read.

        A client that has left is no error: ``gone`` is set and the chunk is dropped.
        """
        try:
            if not self.began:
                self.began = True
                await self._response.prepare(self._request)
                self._response.stop_streaming()
            await self._response.write(chunk)
        except ConnectionResetError:
            self.gone = True

    async def end(self) -> web.StreamResponse:
        """Close the response properly and hand it to the server."""
        if not self.gone:
            try:
                await self._response.write_eof()
            except ConnectionResetError:
                self.gone = True
        return self._response
