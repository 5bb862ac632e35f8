"""The listener for the way back from the browser: one redirect counts, everything else is told off."""

import asyncio
from urllib.parse import urlsplit

import pytest

from gateway.accounts.login.browser import Callback, PortsTaken, listening
from gateway.accounts.login.device import Ending, LoginEnded

STATE = "the-state-of-this-login"


async def get(url: str, method: str = "GET") -> str:
    """The whole answer, as text."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(f"{method} {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer.decode()


async def test_the_redirect_brings_the_code() -> None:
    async with listening(STATE, (0,)) as (callback, uri):
        assert uri.startswith("http://127.0.0.1:")
        assert uri.endswith("/oauth/callback")
        assert " 200 OK" in await get(f"{uri}?code=the-code&state={STATE}")
        assert await callback.code() == "the-code"


async def test_a_wrong_state_changes_nothing() -> None:
    async with listening(STATE, (0,)) as (callback, uri):
        for query in ("code=x&state=other", "code=x", "state=", ""):
            assert " 400 " in await get(f"{uri}?{query}")
        assert " 200 " in await get(f"{uri}?code=right&state={STATE}")
        assert await callback.code() == "right"


@pytest.mark.parametrize("method", ["POST", "HEAD", "OPTIONS"])
async def test_other_methods_and_paths_find_nothing(method: str) -> None:
    async with listening(STATE, (0,)) as (_, uri):
        assert " 404 " in await get(f"{uri}?code=x&state={STATE}", method)
        assert " 404 " in await get(uri.replace("callback", "other"))


async def test_a_refusal_in_the_browser_ends_the_login() -> None:
    async with listening(STATE, (0,)) as (callback, uri):
        await get(f"{uri}?error=access_denied&state={STATE}")
        with pytest.raises(LoginEnded) as caught:
            await callback.code()
    assert caught.value.ending is Ending.DENIED


async def test_the_same_redirect_twice_is_answered_twice() -> None:
    async with listening(STATE, (0,)) as (callback, uri):
        await get(f"{uri}?code=first&state={STATE}")
        assert " 200 " in await get(f"{uri}?code=second&state={STATE}")
        assert await callback.code() == "first"


async def test_nobody_in_the_browser_is_an_expiry() -> None:
    callback = Callback(STATE)
    with pytest.raises(LoginEnded) as caught:
        await callback.code(0.0)
    assert caught.value.ending is Ending.EXPIRED


async def test_a_stranger_with_an_endless_head_is_dropped() -> None:
    async with listening(STATE, (0,)) as (callback, uri):
        parts = urlsplit(uri)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(b"x" * 100_000)
        assert await asyncio.gather(reader.read(), return_exceptions=True) is not None
        writer.close()
        await get(f"{uri}?code=the-code&state={STATE}")
        assert await callback.code() == "the-code"


async def test_the_next_port_is_taken_when_one_is_in_use() -> None:
    async with listening(STATE, (0,)) as (_, uri):
        taken = urlsplit(uri).port or 0
        with pytest.raises(PortsTaken):
            async with listening(STATE, (taken,)):
                pass
        async with listening(STATE, (taken, 0)) as (_, other):
            assert other != uri
