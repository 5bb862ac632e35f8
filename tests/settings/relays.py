"""What can stand between gateway and simulator: a proxy that notes who is asked for, and a door that opens late."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Proxy:
    """An HTTP proxy. asked: the hosts it was to connect to; other machines are refused, so nothing leaves this one."""

    url: str = ""
    asked: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay a request in absolute form to its loopback address; refuse every CONNECT."""
        head = await reader.readuntil(b"\r\n")
        method, target, version = head.decode().split()
        place = urlsplit(f"//{target}" if method == "CONNECT" else target)
        self.asked.append(place.hostname or "")
        if method == "CONNECT" or place.hostname != "127.0.0.1":
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n")
            return
        there = await asyncio.open_connection(place.hostname, place.port)
        there[1].write(f"{method} {target.partition(place.netloc)[2]} {version}\r\nconnection: close\r\n".encode())
        await joined((reader, writer), there)


@dataclass
class Door:
    """A TCP relay to a port of this machine that takes connections and says nothing until it is opened."""

    port: int
    url: str = ""
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Wait, then relay."""
        await self.opened.wait()
        await joined((reader, writer), await asyncio.open_connection("127.0.0.1", self.port))


Peer = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def joined(one: Peer, other: Peer) -> None:
    """Everything each of the two says, to the other, until one of them is done."""
    pipes = [asyncio.ensure_future(_pipe(one[0], other[1])), asyncio.ensure_future(_pipe(other[0], one[1]))]
    try:
        await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for pipe in pipes:
            pipe.cancel()
        other[1].close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    except ConnectionError:
        return


@asynccontextmanager
async def listening(relay: Proxy | Door) -> AsyncIterator[None]:
    """Let it serve; its ``url`` is known from now on. What still runs at the end is ended."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await relay.serve(reader, writer)
        except asyncio.IncompleteReadError:
            return
        finally:
            writer.close()
            tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    relay.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
