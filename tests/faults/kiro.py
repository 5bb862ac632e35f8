"""Frames of Kiro's answers for scripts of the simulator, and a raw server for what no HTTP library would send."""

import asyncio
import json
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.simulator.options import ACCESS_TOKEN, REFRESH_TOKEN
from gateway.simulator.server import Simulator
from tests.corpus.frames import event
from tests.live import Live, gateway

EVENT_STREAM = "application/vnd.amazon.eventstream"
HEAD = f"HTTP/1.1 200 OK\r\nContent-Type: {EVENT_STREAM}\r\n".encode()
END = [
    {"event": "contextUsageEvent", "payload": {"contextUsagePercentage": 1.5}},
    {"event": "meteringEvent", "payload": {"unit": "credit", "unitPlural": "credits", "usage": 0.1}},
]


def said(text: str) -> dict[str, Any]:
    """A frame of text."""
    return {"event": "assistantResponseEvent", "payload": {"content": text}}


def call(name: str, id: str, *fragments: str, stop: bool = True) -> list[dict[str, Any]]:
    """The frames of a tool call."""
    own = {"name": name, "toolUseId": id}
    frames = [{"event": "toolUseEvent", "payload": {"input": piece, **own}} for piece in fragments]
    return [*frames, *([{"event": "toolUseEvent", "payload": {**own, "stop": True}}] if stop else [])]


def encoded(*frames: dict[str, Any]) -> bytes:
    """These frames as bytes."""
    return b"".join(event(frame["event"], frame["payload"]) for frame in frames)


HELLO = [said("Hel"), said("lo"), *END]
HELLO_BYTES = encoded(*HELLO)

_TOKEN = b'{"accessToken": "a", "refreshToken": "r", "expiresIn": 3600}'
_TOKENS = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(_TOKEN) + _TOKEN
_NOTHING = b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


def routes_sent(simulator: Simulator) -> Counter[tuple[str, str]]:
    """How often each request (by its invocation id) was sent on each route (by its host's path and target)."""
    return Counter(
        (sent.headers["amz-sdk-invocation-id"], f"{sent.path} {sent.headers.get('x-amz-target')}")
        for sent in simulator.requests("generate")
    )


Talk = Callable[["Received", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Received:
    """A request to the raw server. connection: the number of its connection, from 1."""

    connection: int
    path: str
    body: bytes

    @property
    def prompt(self) -> str:
        """What the user said last."""
        state = json.loads(self.body)["conversationState"]
        return str(state["currentMessage"]["userInputMessage"]["content"])


@dataclass
class RawKiro:
    """A server of bytes. Only generation requests reach the test's talk; a login is renewed, all else is not found.

    open: connections that neither side has closed.
    """

    url: str
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Return once the condition over these numbers holds."""
        async with asyncio.timeout(30):
            while not holds():
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def raw_kiro(talk: Talk, context: ssl.SSLContext | None = None) -> AsyncIterator[RawKiro]:
    """A raw server on a free port; the connection is closed when the talk returns False, and else serves the next."""
    kiro = RawKiro("")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kiro.connections += 1
        kiro.open += 1
        number = kiro.connections
        try:
            while (received := await _request(reader, number)) is not None:
                await _answer(kiro, talk, received, reader, writer)
                await writer.drain()
                if writer.is_closing():
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            kiro.open -= 1
            kiro.changed.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    scheme = "http" if context is None else "https"
    kiro.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield kiro
    finally:
        server.close()


async def _answer(
    kiro: RawKiro, talk: Talk, received: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    if b'"conversationState"' not in received.body:
        writer.write(_TOKENS if b"refreshToken" in received.body else _NOTHING)
        return
    kiro.requests.append(received)
    kiro.changed.set()
    await talk(received, reader, writer)


async def _request(reader: asyncio.StreamReader, number: int) -> Received | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    lines = head.decode("latin-1").split("\r\n")
    length = next((int(line[15:]) for line in lines if line.lower().startswith("content-length:")), 0)
    return Received(number, lines[0].split()[1], await reader.readexactly(length))


@asynccontextmanager
async def gateway_to(url: str, folder: Path, **changes: Any) -> AsyncIterator[Live]:
    """A gateway whose login needs no renewal and whose Kiro is whatever is at this URL."""
    login = folder / "login.json"
    tokens = {"accessToken": ACCESS_TOKEN, "refreshToken": REFRESH_TOKEN, "expiresAt": "2999-01-01T00:00:00Z"}
    login.write_text(json.dumps(tokens))
    async with gateway(RawKiro(url), folder, **{"credentials__file": str(login)} | changes) as live:
        yield live


async def answered(writer: asyncio.StreamWriter, body: bytes = HELLO_BYTES) -> None:
    """A whole answer that leaves the connection open."""
    writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    await writer.drain()


async def left(reader: asyncio.StreamReader) -> None:
    """Wait until the other side closes; whatever else it sends is dropped."""
    while await reader.read(65536):
        pass
