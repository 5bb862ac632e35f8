"""An upstream inside the measuring process: it does what a prompt's mark says, and notes when it was left.

One clock for both ends: a client leaves and its upstream connection ends in the same process, with the gateway between.
"""

import asyncio
import re
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from socket import SO_LINGER, SOL_SOCKET, socket
from typing import Final

from tests.corpus.frames import event

TEXT: Final = event("assistantResponseEvent", {"content": "first"})
END: Final = event("meteringEvent", {"unit": "credit", "unitPlural": "credits", "usage": 0.1})

_MARK: Final = re.compile(rb"\[\[(\w+) (\d+)\]\]")
_LENGTH: Final = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_STREAM: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\nTransfer-Encoding: chunked\r\n\r\n"
)
_EXPIRED: Final = b'{"message":"The bearer token included in the request is invalid."}'
_FAILED: Final = b'{"__type":"InternalServerException","message":"again"}'
_TOKENS: Final = b'{"accessToken":"a%d","refreshToken":"r","expiresIn":3600}'

REFRESH_SECONDS: Final = 0.03
"""How long a renewal takes here, so that there is a time to leave in."""


def _whole(status: int, body: bytes, *, close: bool = True) -> bytes:
    ending = b"Connection: close\r\n" if close else b""
    head = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n"
    return head % (status, ending, len(body)) + body


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


@dataclass
class Upstream:
    """What was seen. Times are of ``time.monotonic``; requests go by the number in their mark.

    arrived: when each came last. left: when the gateway closed its connection. open: connections that still are.
    made, ended: connections so far, and when each (from 1) was closed, whatever was asked on it.
    """

    url: str = ""
    arrived: dict[int, float] = field(default_factory=dict)
    left: dict[int, float] = field(default_factory=dict)
    open: set["_Connection"] = field(default_factory=set)
    made: int = 0
    ended: dict[int, float] = field(default_factory=dict)
    renewals: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self) -> None:
        """Wake everyone who waits."""
        self.changed.set()
        self.changed = asyncio.Event()

    async def until(self, holds: Callable[[], object], seconds: float = 20.0) -> bool:
        """Whether it holds, at last."""
        try:
            async with asyncio.timeout(seconds):
                while not holds():
                    await self.changed.wait()
        except TimeoutError:
            return False
        return True


class _Connection(asyncio.Protocol):
    """One connection of the gateway."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._buffer = b""
        self._serial = 0
        self._number: int | None = None
        self._ticks: asyncio.TimerHandle | None = None
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._upstream.open.add(self)
        self._upstream.made += 1
        self._serial = self._upstream.made
        self._upstream.tell()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        size = int(length[1]) if length else 0
        if end and len(rest) >= size:
            self._buffer = rest[size:]
            self._request(rest[:size])

    def eof_received(self) -> None:
        self._gone()

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone()
        if self._ticks is not None:
            self._ticks.cancel()
        self._upstream.open.discard(self)
        self._upstream.tell()

    def _gone(self) -> None:
        self._upstream.ended.setdefault(self._serial, time.monotonic())
        if self._number is not None:
            self._upstream.left.setdefault(self._number, time.monotonic())
        self._upstream.tell()

    def _request(self, body: bytes) -> None:
        mark = _MARK.search(body)
        if mark is not None:
            number = int(mark[2])
            self._upstream.arrived[number] = time.monotonic()
            self._act(mark[1].decode(), number)
            self._upstream.tell()
        elif b"refreshToken" in body:
            self._upstream.renewals += 1
            token = _whole(200, _TOKENS % self._upstream.renewals)
            asyncio.get_running_loop().call_later(REFRESH_SECONDS, self._send, token)
        else:
            self._send(_whole(404, b"{}"))

    def _act(self, phase: str, number: int) -> None:
        self._number = None if phase in ("refreshing", "pause", "answered") else number
        match phase:
            case "refreshing":
                self._send(_whole(403, _EXPIRED))
            case "pause":
                self._send(_whole(500, _FAILED))
            case "answered":
                self._send(_STREAM + _chunk(TEXT + END) + b"0\r\n\r\n")
            case "begun":
                self._send(_STREAM)
            case "silent":
                self._send(_STREAM + _chunk(TEXT))
            case "streaming":
                self._send(_STREAM)
                self._tick()

    def _tick(self) -> None:
        self._send(_chunk(TEXT))
        self._ticks = asyncio.get_running_loop().call_later(0.001, self._tick)

    def _send(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)


@asynccontextmanager
async def upstream() -> AsyncIterator[Upstream]:
    """One on a free port of this machine."""
    made = Upstream()
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(made), "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()
        for connection in list(made.open):
            connection.transport.abort()


def go(peer: socket, way: str) -> float:
    """Leave, by ``close``, ``reset`` or ``half-close``; the moment of it."""
    if way == "reset":
        peer.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    moment = time.monotonic()
    if way == "half-close":
        peer.shutdown(1)  # SHUT_WR
    else:
        peer.close()
    return moment
