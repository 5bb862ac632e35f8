"""How a connection ended, seen where it can be told apart: between the transport and aiohttp's own protocol.

aiohttp only cancels the handler when a client leaves. Whether a FIN or an RST came is the evidence tests ask for.
"""

import asyncio
from typing import Literal

Leaving = Literal["fin", "rst"]


class Watched(asyncio.Protocol):
    """Passes everything on to ``inner`` and remembers in ``left`` how the other side went."""

    def __init__(self, inner: asyncio.Protocol) -> None:
        self._inner = inner
        self.left: Leaving | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Handed on."""
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Handed on."""
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """A FIN: the client closed its side."""
        self.left = self.left or "fin"
        return self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Over; with an exception the client reset the connection."""
        self.left = self.left or ("rst" if exc else "fin")
        self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """Handed on."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Handed on."""
        self._inner.resume_writing()


def left(transport: asyncio.BaseTransport | None) -> Leaving | None:
    """How the client of this transport left, if it did."""
    protocol = transport.get_protocol() if transport else None
    return protocol.left if isinstance(protocol, Watched) else None
