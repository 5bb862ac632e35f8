"""Serves an application on a socket until a signal, and ends it so that no answer is cut off without a word."""

import asyncio
import gc
import signal
import socket as socket_options
import sys
from collections.abc import Awaitable, Callable, Sequence
from socket import AF_INET, AF_INET6, socket
from typing import Any, Final

from aiohttp import web

from gateway.aiohttp_internals import close_after_answers, transports_of
from gateway.web.middlewares.drain import DRAIN, GRACE

BACKLOG: Final = 1024
"""Connections the kernel may hold while the loop is busy; a burst of a fleet of agents fits."""

HUNG_SECONDS: Final = 120.0
"""How long a peer may leave what was sent to it unacknowledged: longer than a laptop's short sleep."""

YOUNG_OBJECTS: Final = 20_000
"""New containers between two looks of the garbage collector. A request makes a few hundred, and nearly all are freed
without it; Python's own 700 made it a quarter of the cost of a streamed event."""

OLDER_PASSES: Final = (50, 10)
"""Looks at the young objects between two at those that have survived one, and so on. A look at the 200,000 values of
the largest body holds the event loop for 15 ms; with Python's own 10 each such body caused one."""

LAST_CALL: Final = 0.05
"""Seconds for those who had come before the signal; a loop that was busy has not looked at them yet."""

GOODBYE: Final = 0.1
"""Seconds that TLS connections get to close after the last answer; the loop ends with noise while one has not. Also
the time between two looks at what slow clients have yet to take."""

HEADER_BYTES: Final = 32 * 1024
"""Of one header field: Codex sends its turn's metadata in one. aiohttp's own limit is 8190."""


class Signals:
    """SIGTERM or SIGINT: the first sets ``stop``, the next one ``hurry``. Made within the running loop."""

    def __init__(self) -> None:
        self.stop, self.hurry = asyncio.Event(), asyncio.Event()
        if sys.platform != "win32":  # there Ctrl-C arrives as KeyboardInterrupt
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, self._received)

    def _received(self) -> None:
        (self.hurry if self.stop.is_set() else self.stop).set()


def runner_for(app: web.Application, grace: float) -> web.AppRunner:
    """What serves an application. grace: seconds that requests have when it is told to end.

    ``handler_cancellation``: a client that leaves must stop the upstream at once, however silent that is.
    ``auto_decompress``: packed bodies are refused (``body``), so that none is unpacked before its sender is known.
    """
    return web.AppRunner(
        app,
        handler_cancellation=True,
        access_log=None,
        shutdown_timeout=grace,
        max_field_size=HEADER_BYTES,
        auto_decompress=False,
    )


async def serve_until(
    signals: Signals, app: web.Application, listener: socket, announce: Callable[[], None], drain_timeout: float
) -> None:
    """Serve; ``announce`` is called when requests are taken. After the first signal none are, and those under way have
    ``drain_timeout`` seconds.
    """
    runner = runner_for(app, GRACE)
    await runner.setup()
    _end_hung_peers(listener)
    transports: list[asyncio.Transport] = []
    try:
        site = web.SockSite(runner, listener, backlog=BACKLOG)
        await site.start()
        _calm_collector()
        announce()
        await signals.stop.wait()
        app[DRAIN].stopping = True
        await asyncio.sleep(LAST_CALL)  # who waits to be accepted comes in: closing the socket would reset him
        await site.stop()
        await asyncio.sleep(LAST_CALL)  # his request begins, and its connection is not taken for an idle one
        transports += transports_of(runner)
        close_after_answers(runner)
        for idle in transports:
            if not app[DRAIN].awaits(idle):
                idle.close()  # aiohttp would leave it open and deaf, and what is asked on it now without an answer
        await app[DRAIN].finish(drain_timeout, signals.hurry)
    finally:
        await runner.cleanup()
        await let_go(transports)


async def let_go(
    transports: Sequence[asyncio.Transport], sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep
) -> None:
    """Wait until clients have taken the ends of their answers, for ``GRACE`` seconds; drop those who do not."""
    await sleep(GOODBYE)
    for _ in range(round(GRACE / GOODBYE)):
        if not any(transport.get_write_buffer_size() for transport in transports):
            break
        await sleep(GOODBYE)
    for transport in transports:
        transport.abort()


def _calm_collector() -> None:
    """What a start has made stays for good: the garbage collector need not walk over it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *OLDER_PASSES)


def _end_hung_peers(listener: socket) -> None:
    """Let the kernel end connections whose peer acknowledges nothing; accepted sockets inherit it (Linux)."""
    if hasattr(socket_options, "TCP_USER_TIMEOUT") and listener.family in (AF_INET, AF_INET6):
        listener.setsockopt(socket_options.IPPROTO_TCP, socket_options.TCP_USER_TIMEOUT, int(HUNG_SECONDS * 1000))
