"""Every use of what aiohttp does not promise to keep. Nothing else in the gateway touches it.

It is checked when this module is imported: an aiohttp that lacks one of these names is refused by name, where it would
otherwise lose bytes or hang in some rare case. ``pyproject.toml`` allows the minor series that was tried. When another
is to be allowed, read its changes to the places below and run ``tests/faults`` and ``make prove``. The module stands on
a floor of its own below ``upstream`` and ``web``, which both import it.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from dis import get_instructions
from types import FunctionType
from typing import ClassVar, Final

import aiohttp
from aiohttp import BaseConnector, ClientRequest, ClientResponse, ClientTimeout, StreamReader, TCPConnector, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

TRIED: Final = "aiohttp>=3.14.5,<3.15"
"""As in ``pyproject.toml``."""

_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Needed:
    """A name of one of aiohttp's classes. parameters: those of a method that is overridden, in their order."""

    owner: type
    name: str
    parameters: tuple[str, ...] = ()


NEEDED: Final = (
    Needed(StreamReader, "_buffer"),
    Needed(StreamReader, "_buffer_offset"),
    Needed(StreamReader, "is_eof"),
    Needed(StreamReader, "exception"),
    Needed(StreamReader, "set_exception"),
    Needed(ClientResponse, "connection"),
    Needed(Connection, "protocol"),
    Needed(ResponseHandler, "closed"),
    Needed(ResponseHandler, "should_close"),
    Needed(ResponseHandler, "abort"),
    Needed(BaseConnector, "connect", ("self", "req", "traces", "timeout")),
    Needed(BaseConnector, "_release", ("self", "key", "protocol", "should_close")),
    Needed(web.BaseRequest, "writer"),
    Needed(AbstractStreamWriter, "output_size"),
    Needed(web.AbstractRoute, "_expect_handler"),
    Needed(web.StreamResponse, "_send_headers_immediately"),
    Needed(web.Server, "connections"),
    Needed(web.Server, "pre_shutdown"),
    Needed(web.RequestHandler, "transport"),
)


def verify(needed: Iterable[Needed] = NEEDED) -> None:
    """Raise ImportError that names the first of these that aiohttp does not have as we know it."""
    for one in needed:
        where = f"{one.owner.__name__}.{one.name}"
        if not _has(one.owner, one.name):
            raise ImportError(f"aiohttp {aiohttp.__version__} has no {where}, which the gateway needs: use {TRIED}")
        if one.parameters and _parameters(one.owner, one.name) != one.parameters:
            raise ImportError(
                f"aiohttp {aiohttp.__version__} has a {where} with other parameters than {', '.join(one.parameters)},"
                f" which the gateway overrides: use {TRIED}"
            )


def _has(owner: type, name: str) -> bool:
    """On the class (a method, a property, a slot, a default), or set by ``__init__`` where instances take any name."""
    if hasattr(owner, name):
        return True
    open_ = owner.__dictoffset__ != 0
    return open_ and any(name in _set_by(base.__dict__.get("__init__")) for base in owner.__mro__)


def _set_by(init: object) -> set[str]:
    if not isinstance(init, FunctionType) or init.__code__.co_name != "__init__":
        return set()
    return {step.argval for step in get_instructions(init) if step.opname == "STORE_ATTR"}


def _parameters(owner: type, name: str) -> tuple[str, ...]:
    code = getattr(owner, name).__code__
    return tuple(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])


verify()


def left_over(content: StreamReader) -> bytes:
    """Bytes that had arrived when the connection broke; they can be taken once.

    There is no public way: the reader's methods raise the connection's fault before they give out what is left.
    """
    pieces = list(content._buffer)
    if not pieces:
        return b""
    pieces[0] = pieces[0][content._buffer_offset :]
    return b"".join(pieces)


def wake_reader(content: StreamReader, error: BaseException) -> None:
    """Raise an error in a read that waits, unless the body has ended or failed already.

    There is no public way: a read can be cancelled, but then its task is; and aiohttp leaves one waiting for ever when
    the connection ends within a chunk of no size.
    """
    if not content.is_eof() and content.exception() is None:
        content.set_exception(error)


def end_of_connection(response: ClientResponse) -> "asyncio.Future[None]":
    """Done when the connection is closed; at once where it already is, or was given back with the whole body.

    Connections are used again, and this future is one a connection: who adds a callback removes it. There is no
    public way: a response tells of the end of its connection only those who read.
    """
    connection = response.connection
    protocol = None if connection is None else connection.protocol
    gone = None if protocol is None else protocol.closed
    if gone is None:
        gone = asyncio.get_running_loop().create_future()
        gone.set_result(None)
    gone.remove_done_callback(_looked_at)
    gone.add_done_callback(_looked_at)
    return gone


def _looked_at(gone: "asyncio.Future[None]") -> None:
    """Take the reason out of the future: asyncio complains of one that nobody has seen."""
    if not gone.cancelled():
        gone.exception()


class StrictConnector(TCPConnector):
    """Gives out no connection with foreign bytes on it, and drops one whose answer was not read to its end.

    faults: what connecting raises; ``unconnected`` is raised in its place: before there is a connection nothing was
    sent. There is no public way: a session hides its connections, and aiohttp's own pool asks no hook.
    """

    faults: ClassVar[tuple[type[Exception], ...]] = ()
    unconnected: ClassVar[type[Exception]]

    async def connect(self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout) -> Connection:
        """A connection, new or used before.

        One on which something came that nobody asked for is closed: aiohttp takes it for the next request's answer.
        """
        try:
            while True:
                connection = await super().connect(req, traces, timeout)
                if connection.protocol is None or not connection.protocol.should_close:
                    return connection
                connection.close()
        except TimeoutError:
            raise  # aiohttp makes its own error of it
        except self.faults as error:
            raise self.unconnected from error

    def _release(self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        """Give a connection back; at once and for good where its answer was not read to its end.

        A polite closing first sends all that waits to be sent, and over TLS waits for the other side's goodbye; from a
        Kiro that is silent or does not read none comes.
        """
        if should_close:
            protocol.abort()
        super()._release(key, protocol, should_close=should_close)


class LateHeaders(web.StreamResponse):
    """A response whose headers leave with the first chunk, one system call less.

    There is no public way: ``web.Response`` has the same switch off, and a stream's is not a parameter.
    """

    _send_headers_immediately = False


def ask_late(app: web.Application) -> None:
    """Take from every route aiohttp's own answer to ``Expect``, which comes before any middleware. Call it when all are
    there.

    The public way, a parameter of each ``add_route``, can be forgotten at any of them.
    """
    for route in app.router.routes():
        route._expect_handler = _nothing_yet


async def _nothing_yet(_request: web.Request) -> None:
    return None


async def ask_for_body(request: web.Request) -> None:
    """Send ``100 Continue``. There is no public way but aiohttp's own answer, which is given too early."""
    await request.writer.write(_CONTINUE)
    request.writer.output_size = 0  # nothing of the answer itself has been sent


def transports_of(runner: web.AppRunner) -> list[asyncio.Transport]:
    """The open connections of a server. There is no public way to see them."""
    server = runner.server
    return [] if server is None else [found for one in server.connections if (found := one.transport) is not None]


def close_after_answers(runner: web.AppRunner) -> None:
    """Have connections closed when their answer has been given. The public ways end the answers, too."""
    if runner.server is not None:
        runner.server.pre_shutdown()
