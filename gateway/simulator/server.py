"""Starts and stops a simulator: inside a test's loop, or as the process behind ``kiro-gateway simulate``."""

import asyncio
import contextlib
import signal
import ssl
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from gateway.simulator import app, script, validation
from gateway.simulator.connection import Watched
from gateway.simulator.options import Options
from gateway.simulator.record import Exchange
from gateway.simulator.state import State

HOST: Final = "127.0.0.1"
"""The simulator takes any token: it is for this machine only."""

_GRACE: Final = 0.1
"""Seconds that running answers get when it is stopped; the stalled ones would never end."""


class Simulator:
    """A running simulator. ``state`` is open for tests that run in the same process."""

    def __init__(self, state: State, runner: web.AppRunner, server: asyncio.Server, *, secure: bool) -> None:
        self.state = state
        self.port: int = server.sockets[0].getsockname()[1]
        self.url = f"{'https' if secure else 'http'}://{HOST}:{self.port}"
        self._runner = runner
        self._server = server

    def push(self, *answers: dict[str, Any]) -> None:
        """Script the next answers; the members are those of ``script.Answer``. Raises ValueError."""
        self.state.script.push(*(script.read(answer) for answer in answers))

    def requests(self, operation: str | None = None) -> list[Exchange]:
        """What was received, oldest first; of one operation when it is named."""
        return [exchange for exchange in self.state.record.all() if operation in (None, exchange.operation)]

    def open(self, gate: str, times: int = 1) -> None:
        """Let frames through a gate."""
        self.state.gates.open(gate, times)

    async def until(self, count: str, number: int = 1) -> None:
        """Return once an operation (``generate``) or an ending (``client_fin``) was counted so often."""
        await self.state.record.until(count, number)

    async def stop(self) -> None:
        """Close the port and break off what still runs."""
        self._server.close()
        await self._runner.cleanup()


async def start(options: Options | None = None) -> Simulator:
    """Start one on 127.0.0.1. Raises ValueError for an unknown check in the options, OSError when the port is taken."""
    options = options or Options()
    unknown = (options.off | options.on) - validation.check_names()
    if unknown:
        raise ValueError(f"unknown checks: {', '.join(sorted(unknown))}")
    state = State(options)
    runner = web.AppRunner(
        app.make(state), handler_cancellation=True, access_log=None, shutdown_timeout=_GRACE, handle_signals=False
    )
    await runner.setup()
    make_protocol = runner.server
    if make_protocol is None:
        raise OSError("the server could not be set up")
    context = _secure(options)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Watched(make_protocol()), HOST, options.port, ssl=context)
    return Simulator(state, runner, server, secure=context is not None)


def _secure(options: Options) -> ssl.SSLContext | None:
    if options.certificate is None or options.key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate, options.key)
    return context


def run(
    *,
    port: int = 0,
    certificate: Path | None = None,
    key: Path | None = None,
    off: Collection[str] = (),
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT. ``ready`` is told the URL once it listens; by default a line on stdout is.

    Raises as ``start`` does.
    """
    options = Options(port=port, certificate=certificate, key=key, off=frozenset(off))
    asyncio.run(_serve(options, ready or _announce))


def _announce(url: str) -> None:
    sys.stdout.write(f"Kiro simulator on {url}\n")
    sys.stdout.flush()


async def _serve(options: Options, ready: Callable[[str], None]) -> None:
    asked_to_stop = asyncio.Event()
    _on_signals(asked_to_stop)
    simulator = await start(options)
    try:
        ready(simulator.url)
        await asked_to_stop.wait()
    finally:
        await simulator.stop()


def _on_signals(asked_to_stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(RuntimeError):  # Windows has none; there asyncio.run turns Ctrl-C into a cancellation
            loop.add_signal_handler(number, asked_to_stop.set)
