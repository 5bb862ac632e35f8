"""The client: sends a body, keeps every byte of the answer and the moment of its first text."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import ClientResponse, ClientSession

from tests.bench.answers import Wrong


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go. translate: the body a client would send → what this target takes.

    mark: bytes that the first text has and nothing before it. text: what an answer of this target says.
    pid: the process that is measured.
    """

    name: str
    url: str
    headers: dict[str, str]
    translate: Callable[[bytes], bytes]
    mark: bytes
    text: Callable[[bytes], str]
    pid: int


@dataclass(frozen=True, slots=True)
class Received:
    """An answer as it came; ``first`` is the seconds until its first text."""

    raw: bytes
    first: float


async def send(session: ClientSession, target: Target, body: bytes) -> Received:
    """One request to its end. Raises Wrong when it was refused or has no text."""
    chunks: list[bytes] = []
    first = None
    data = target.translate(body)
    began = time.perf_counter()
    async with session.post(target.url, data=data, headers=target.headers) as response:
        async for chunk in response.content.iter_any():
            chunks.append(chunk)
            if first is None and target.mark in chunk:
                first = time.perf_counter() - began
    raw = b"".join(chunks)
    if response.status != 200 or first is None:
        raise Wrong(f"{target.name} answered {response.status}: {raw[:500]!r}")
    return Received(raw, first)


async def checked(session: ClientSession, target: Target, body: bytes, text: str) -> Received:
    """One request whose text must be ``text`` to the letter. Raises Wrong."""
    received = await send(session, target, body)
    compare(target, received, text)
    return received


def compare(target: Target, received: Received, text: str) -> None:
    """Raise Wrong unless the answer says ``text`` to the letter."""
    said = target.text(received.raw)
    if said != text:
        raise Wrong(f"{target.name} said {len(said)} characters {said[:80]!r}…, expected {len(text)} {text[:80]!r}…")


async def together(session: ClientSession, target: Target, body: bytes, clients: int, each: int) -> list[Received]:
    """So many clients at once, each sending so many requests in a row. The answers are read later, off the clock."""

    async def client() -> list[Received]:
        return [await send(session, target, body) for _ in range(each)]

    return [received for answers in await asyncio.gather(*(client() for _ in range(clients))) for received in answers]


async def open_streams(session: ClientSession, target: Target, body: bytes, count: int) -> list[ClientResponse]:
    """So many streams at once, each of which has shown its first text; the caller closes them. Raises Wrong."""

    async def begun() -> ClientResponse:
        response = await session.post(target.url, data=target.translate(body), headers=target.headers)
        async for chunk in response.content.iter_any():
            if target.mark in chunk:
                return response
        raise Wrong(f"{target.name} answered {response.status} and no text")

    return await asyncio.gather(*(begun() for _ in range(count)))
