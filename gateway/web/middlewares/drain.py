"""The end of the process: requests under way may finish; those that take too long end with an error of their own."""

import asyncio
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from gateway.errors import GatewayError, Kind
from gateway.web.record import RECORD

GRACE: Final = 5.0
"""Seconds for the error to reach clients that do not read; then the connection is dropped."""

RETRY_AFTER: Final = 2.0
"""Seconds after which a gateway that is started anew answers."""


class Drain:
    """The requests that are being answered. stopping: set when the process is to end."""

    def __init__(self) -> None:
        self.stopping = False
        self._over = asyncio.Event()
        self._tasks: dict[asyncio.Task[object], asyncio.Transport | None] = {}
        self._empty = asyncio.Event()
        self._empty.set()

    def awaits(self, transport: asyncio.Transport) -> bool:
        """Whether a request of this connection is being answered."""
        return transport in self._tasks.values()

    async def finish(self, limit: float, hurry: asyncio.Event) -> None:
        """Wait until nothing is under way, for ``limit`` seconds or until ``hurry``; then end the rest."""
        emptied = asyncio.ensure_future(self._empty.wait())
        hurried = asyncio.ensure_future(hurry.wait())
        try:
            await asyncio.wait({emptied, hurried}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            self._over.set()
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.wait({emptied}, timeout=GRACE)
        finally:
            emptied.cancel()
            hurried.cancel()

    @web.middleware
    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a request. Raises GatewayError(OVERLOADED) when the gateway stops before it is answered."""
        task = asyncio.current_task()
        if task is None or self._over.is_set():
            raise _stopping(request)
        self._tasks[task] = request.transport
        self._empty.clear()
        try:
            return await handler(request)
        except asyncio.CancelledError:
            if not self._over.is_set() or request[RECORD].ending:  # the client left, or has but to take the end
                raise
            task.uncancel()
            raise _stopping(request) from None
        finally:
            del self._tasks[task]
            if not self._tasks:
                self._empty.set()


def drained(drain: Drain) -> Middleware:
    """The middleware that counts requests and can end them. It stands innermost, so that all others see the error."""
    return drain.answer


def _stopping(request: web.Request) -> GatewayError:
    """A request that was sent to Kiro has been worked on, and is not to be sent again by itself."""
    words = "The gateway is being stopped, and this answer did not end in time. Send the request again in a moment."
    sent = request[RECORD].trace.attempts > 0
    return GatewayError(Kind.OVERLOADED, words, retry_after=RETRY_AFTER, should_retry=not sent)


DRAIN: Final = web.AppKey("drain", Drain)


async def tell_end(request: web.Request, response: web.StreamResponse) -> None:
    """on_response_prepare: a connection that ends with this answer says so, and nobody sends another request on it."""
    if request.app[DRAIN].stopping:
        response.headers["Connection"] = "close"
