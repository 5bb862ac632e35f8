import asyncio

import pytest

from gateway.errors import UpstreamError
from gateway.upstream.connection import Connection
from tests.upstream.test_connection import get, listening, polite

OPEN = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50"


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
async def test_a_socks_proxy_is_given_the_name_and_carries_the_request(scheme: str) -> None:
    asked: list[bytes] = []

    async def socks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(3)
        writer.write(b"\x05\x00")
        head = await reader.readexactly(5)
        asked.append(await reader.readexactly(head[4] + 2))
        writer.write(OPEN)
        await polite(reader, writer)

    async with listening(socks) as port:
        answer = await get(Connection(proxy_url=f"{scheme}://127.0.0.1:{port}"), "http://kiro.example/")
    assert (asked, answer.body) == ([b"kiro.example\x00\x50"], b"ok")


async def test_a_socks_proxy_that_refuses_is_named() -> None:
    async def socks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(3)
        writer.write(b"\x05\x00")
        await reader.readexactly(5)
        writer.write(b"\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00")

    async with listening(socks) as port:
        with pytest.raises(UpstreamError, match="SOCKS proxy did not connect"):
            await get(Connection(proxy_url=f"socks5://127.0.0.1:{port}"), "http://kiro.example/")


@pytest.mark.parametrize("place", ["127.0.0.1:1", "proxy.invalid:1080"])
async def test_a_socks_proxy_that_is_not_there_is_named(place: str) -> None:
    with pytest.raises(UpstreamError, match="SOCKS proxy did not connect to Kiro") as caught:
        await get(Connection(proxy_url=f"socks5://{place}"), "https://kiro.example/")
    assert caught.value.retry and caught.value.should_retry


@pytest.mark.parametrize(
    ("within", "words"), [(b"no TLS", "TLS handshake with Kiro failed"), (b"", "Connecting to Kiro")]
)
async def test_a_tunnel_in_which_tls_fails_has_carried_nothing(within: bytes, words: str) -> None:
    async def socks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(3)
        writer.write(b"\x05\x00")
        head = await reader.readexactly(5)
        await reader.readexactly(head[4] + 2)
        writer.write(OPEN)
        await reader.readexactly(16)
        writer.write(within)

    async with listening(socks) as port:
        with pytest.raises(UpstreamError, match=words) as caught:
            await get(Connection(proxy_url=f"socks5://127.0.0.1:{port}"), "https://kiro.example/")
    assert caught.value.retry and caught.value.should_retry
