"""The listener for the way back from the browser: one redirect counts, everything else is told off."""

import asyncio
from urllib.parse import urlsplit

import pytest

from gateway.accounts.login.browser import PORTS, Callback, PortsTaken, listening
from gateway.accounts.login.device import Ending, LoginEnded

STATE = "the-state-of-this-login"


async def get(url: str, method: str = "GET", fields: str | None = None) -> str:
    """The whole answer, as text. fields: in place of the Host header."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = f"Host: {parts.netloc}\r\n" if fields is None else fields
    writer.write(f"{method} {parts.path}?{parts.query} HTTP/1.1\r\n{head}\r\n".encode())
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


@pytest.mark.parametrize(
    ("error", "shown"),
    [("access_denied", "(access_denied)"), ("%3Cscript%3E", "in the browser."), ("x" * 99, "in the browser.")],
)
async def test_a_refusal_in_the_browser_ends_the_login_and_names_the_word(error: str, shown: str) -> None:
    async with listening(STATE, (0,)) as (callback, uri):
        page = await get(f"{uri}?error={error}&state={STATE}")
        with pytest.raises(LoginEnded) as caught:
            await callback.code()
    assert caught.value.ending is Ending.DENIED
    assert shown in caught.value.message and shown in page


async def test_a_refusal_of_another_login_ends_nothing() -> None:
    async with listening(STATE, (0,)) as (callback, uri):
        assert " 400 " in await get(f"{uri}?error=access_denied&state=other")
        await get(f"{uri}?code=right&state={STATE}")
        assert await callback.code() == "right"


@pytest.mark.parametrize(
    "fields",
    [
        "",
        "Host: evil.example\r\n",
        "Host: 127.0.0.1.evil.example:3128\r\n",
        "Host: localhost\r\nHost: evil.example\r\n",
        "Host: 127.0.0.1:3128@evil.example\r\n",
    ],
)
async def test_a_page_that_gave_this_machine_another_name_brings_no_code(fields: str) -> None:
    async with listening(STATE, (0,)) as (callback, uri):
        assert " 403 " in await get(f"{uri}?code=theirs&state={STATE}", fields=fields)
        await get(f"{uri}?code=ours&state={STATE}")
        assert await callback.code() == "ours"


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost:3128", "LocalHost", "[::1]:3128"])
async def test_loopback_names_are_taken(name: str) -> None:
    async with listening(STATE, (0,)) as (callback, uri):
        assert " 200 " in await get(f"{uri}?code=ours&state={STATE}", fields=f"host:{name}\r\n")
        assert await callback.code() == "ours"


def test_the_ports_are_those_that_are_registered() -> None:
    assert PORTS == (3128, 4649, 6588, 8008, 9091, 49153, 50153, 51153, 52153, 53153)


async def test_nobody_listens_any_more_when_the_login_is_over() -> None:
    async with listening(STATE, (0,)) as (_, uri):
        pass
    with pytest.raises(OSError):
        await get(uri)


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
        with pytest.raises(PortsTaken, match=str(taken)):
            async with listening(STATE, (taken,)):
                pass
        async with listening(STATE, (taken, 0)) as (_, other):
            assert other != uri
