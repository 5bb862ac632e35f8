"""The end of a login in the browser: a listener on this machine to which the login service sends the browser back."""

import asyncio
import errno
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final
from urllib.parse import parse_qs, urlsplit

from gateway.accounts.login.device import Ending, LoginEnded

HOST: Final = "127.0.0.1"
PORTS: Final = (3128, 4649, 6588, 8008, 9091, 49153, 50153, 51153, 52153, 53153)
"""Ports that are registered with the login service (upstream facts, 6.1); it sends no browser back to others."""

PATH: Final = "/oauth/callback"
PATIENCE: Final = 600.0
"""Seconds the user has in the browser."""

_LOOPBACK: Final = frozenset(("127.0.0.1", "localhost", "[::1]"))
"""Names that the browser may know this machine by. Under any other one a page of another site has led it here."""

_HEAD_LIMIT: Final = 16 * 1024
_HEAD_PATIENCE: Final = 10.0
_LONGEST_WORD: Final = 40
"""Characters of OAuth's error words; the longest known one has 26."""


class PortsTaken(Exception):
    """None of the ports is free; the message names them."""


class Callback:
    """Waits for the one redirect that carries our state. Anything else on the port is told off and changes nothing."""

    def __init__(self, state: str) -> None:
        self._state = state
        self._arrived: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def code(self, patience: float = PATIENCE) -> str:
        """The code. Raises LoginEnded."""
        try:
            async with asyncio.timeout(patience):
                return await self._arrived
        except TimeoutError as error:
            raise LoginEnded(
                Ending.EXPIRED, "Nobody completed the login in the browser in time. Start it again."
            ) from error

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: its request's first line says all."""
        try:
            async with asyncio.timeout(_HEAD_PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
            first, *fields = head.decode("latin-1").split("\r\n")
            status, words = self._judge(first.split(" "), fields)
            writer.write(_page(status, words))
            await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # a browser that opens spare connections, or a stranger
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def _judge(self, line: list[str], fields: list[str]) -> tuple[str, str]:
        if not _from_loopback(fields):
            return "403 Forbidden", "This address is for the browser of this machine only."
        target = urlsplit(line[1] if len(line) > 1 else "")
        if line[0] != "GET" or target.path != PATH:
            return "404 Not Found", "There is nothing here."
        asked = {name: values[0] for name, values in parse_qs(target.query).items()}
        if not secrets.compare_digest(asked.get("state", "").encode(), self._state.encode()):
            return "400 Bad Request", "This is not the login that is waited for here. Go back to its own browser tab."
        if self._arrived.done():
            return "200 OK", "This login is done. You can close this page."
        if code := asked.get("code"):
            self._arrived.set_result(code)
            return "200 OK", "You can close this page and go back to the terminal."
        word = asked.get("error", "")
        known = word.isascii() and word.replace("_", "").isalpha() and len(word) <= _LONGEST_WORD
        refusal = f"The login was refused in the browser{f' ({word})' if known else ''}."
        self._arrived.set_exception(LoginEnded(Ending.DENIED, refusal))
        return "200 OK", f"{refusal} You can close this page."


@asynccontextmanager
async def listening(state: str, ports: tuple[int, ...] = PORTS) -> AsyncIterator[tuple[Callback, str]]:
    """A callback that listens, and its redirect URI. Raises PortsTaken."""
    callback = Callback(state)
    server = await _server(callback, ports)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield callback, f"http://{HOST}:{port}{PATH}"


async def _server(callback: Callback, ports: tuple[int, ...]) -> asyncio.Server:
    for port in ports:
        try:
            return await asyncio.start_server(callback.serve, HOST, port, limit=_HEAD_LIMIT)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
    raise PortsTaken(
        f"The browser cannot come back here: of the ports {', '.join(map(str, ports))} none is free on {HOST}."
    )


def _from_loopback(fields: list[str]) -> bool:
    """Whether the one Host header is a loopback name, with a port or without."""
    hosts = [value.strip() for name, _, value in (field.partition(":") for field in fields) if name.lower() == "host"]
    return len(hosts) == 1 and re.sub(r":\d{1,5}$", "", hosts[0]).lower() in _LOOPBACK


def _page(status: str, words: str) -> bytes:
    body = f"<!doctype html><meta charset=utf-8><title>kiro-gateway</title><p>{words}</p>".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Cache-Control: no-store\r\nConnection: close\r\n\r\n".encode() + body
