"""Requests byte by byte, for what no HTTP client sends by itself."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.live import KEY, Live


@dataclass(frozen=True)
class Answer:
    """An answer, read whole. ``headers`` by lower-case name."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body's value."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Raw:
    """A connection on which a request's head has been sent."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    method: str

    async def answer(self) -> Answer:
        """The next answer; its body as long as its length says."""
        first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        bare = first.split()[1] == "100" or self.method == "HEAD" or "content-length" not in headers
        body = b"" if bare else await self.reader.readexactly(int(headers["content-length"]))
        return Answer(int(first.split()[1]), headers, body)


@asynccontextmanager
async def said(
    live: Live, method: str, target: str, body: bytes = b"", *, key: str | None = KEY, **headers: str | int
) -> AsyncIterator[Raw]:
    """A request's head as it is, and its body. Of the headers' names ``_`` is ``-``."""
    place = urlsplit(live.url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    told = {"host": place.netloc, **headers} | ({"x-api-key": key} if key else {})
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in told.items()]
    writer.write(f"{method} {target} HTTP/1.1\r\n{''.join(lines)}\r\n".encode("utf-8", "surrogateescape") + body)
    try:
        yield Raw(reader, writer, method)
    finally:
        writer.close()


async def tell(
    live: Live, method: str, target: str, body: bytes = b"", *, measured: bool = True, **options: Any
) -> Answer:
    """One request, one answer. measured: with the body's length in the head."""
    length = {"content_length": len(body)} if body and measured else {}
    async with said(live, method, target, body, **length, **options) as raw:
        return await raw.answer()
