"""A proxy that is down is never bypassed: no call beside those for answers opens a connection of its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from socket import socket

import pytest

from gateway.accounts.refresh.grant import TokenCall
from gateway.errors import UpstreamError
from gateway.kiro.endpoints import Identity
from gateway.simulator.options import PROFILE_ARN
from gateway.upstream.connection import Connection, TokenPost
from gateway.upstream.control import fetch_models
from gateway.upstream.profiles import ProfileList
from gateway.upstream.usage import fetch_usage

SCHEMES = ["http", "https", "socks5"]


@dataclass
class Listener:
    """Somebody who only counts who connects."""

    address: str
    connections: int = 0


@pytest.fixture
async def kiro() -> AsyncIterator[Listener]:
    made = Listener("")

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.connections += 1
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    made.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield made
    server.close()


@pytest.fixture
def nowhere() -> str:
    """An address at which nobody listens."""
    with socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


@asynccontextmanager
async def through(proxy: str) -> AsyncIterator[Connection]:
    connection = Connection(proxy_url=proxy)
    yield connection
    await connection.close()


def identity() -> Identity:
    return Identity("aoaToken", PROFILE_ARN, "idc", "us-east-1", "0" * 64)


Call = Callable[[Connection, str], Awaitable[object]]
CALLS: dict[str, Call] = {
    "models": lambda way, url: fetch_models(way, identity(), base_url=url),
    "usage": lambda way, url: fetch_usage(way, identity(), base_url=url),
    "profiles": lambda way, url: ProfileList(way, url)(identity()),
    "refresh": lambda way, url: TokenPost(way)(TokenCall(f"{url}/refreshToken", {}, b"{}")),
}


@pytest.mark.parametrize("tls", ["http", "https"])
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("call", CALLS)
async def test_control_call_fails_and_opens_no_direct_connection(
    kiro: Listener, nowhere: str, call: str, scheme: str, tls: str
) -> None:
    async with through(f"{scheme}://user:word@{nowhere}") as way:
        with pytest.raises(UpstreamError) as caught:
            await CALLS[call](way, f"{tls}://{kiro.address}")
    assert "proxy" in caught.value.message and nowhere not in caught.value.message
    assert kiro.connections == 0
