"""R19: what fails before a request was sent is a 502 that names the phase, and no address, path or stack."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import socket
from typing import Any

import anthropic
import openai
import pytest
import trustme

from gateway.settings.secret import Secret
from tests.faults.forms import Form, Outcome
from tests.faults.kiro import Received, answered, gateway_to, left, raw_kiro
from tests.live import HELLO, KEY

SHORT = {"upstream__connect_timeout": 0.2}
LONG_AGO = {"not_before": datetime.now(UTC) - timedelta(days=9), "not_after": datetime.now(UTC) - timedelta(days=2)}


async def good(_received: Received, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await answered(writer)


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await left(reader)


async def plain(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


@asynccontextmanager
async def listening(talk: Callable[..., Awaitable[None]]) -> AsyncIterator[str]:
    """The https address of a server that speaks no TLS."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def told(outcome: Outcome, words: str) -> None:
    """A 502 with these words, which may be tried again, and with nothing that is not the client's business."""
    assert (outcome.status, outcome.headers["x-should-retry"]) == (502, "true")
    assert words in outcome.message
    assert not [secret for secret in ("127.0.0.1", "Traceback", "Errno", "object at") if secret in outcome.message]


def context(authority: trustme.CA, name: str = "127.0.0.1", **issue: Any) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, **issue).configure_cert(made)
    return made


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    return made


@pytest.fixture
def nowhere() -> str:
    """An address at which nobody listens."""
    with socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


async def test_r19_a_refused_connection(form: Form, tmp_path: Path, nowhere: str) -> None:
    async with gateway_to(f"http://{nowhere}", tmp_path) as live:
        told(await form.ask(live), "Connecting to Kiro")


async def test_r19_a_name_that_does_not_exist(form: Form, tmp_path: Path) -> None:
    async with gateway_to("http://kiro.invalid", tmp_path) as live:
        told(await form.ask(live), "could not be resolved (DNS)")


async def test_r19_an_address_that_swallows_everything(form: Form, tmp_path: Path) -> None:
    with socket() as full:  # its queue of one takes a connection of ours, and then nobody's
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        queued = socket()
        queued.connect(full.getsockname())
        with queued:
            async with gateway_to(f"http://127.0.0.1:{full.getsockname()[1]}", tmp_path, **SHORT) as live:
                told(await form.ask(live), "took too long")


async def test_r19_a_tls_handshake_that_never_comes(form: Form, tmp_path: Path) -> None:
    async with listening(silent) as url, gateway_to(url, tmp_path, **SHORT) as live:
        told(await form.ask(live), "took too long")


@pytest.mark.parametrize(
    "server",
    [
        lambda known: context(known, "other.example"),
        lambda known: context(known, **LONG_AGO),
        lambda _known: context(trustme.CA()),
    ],
    ids=["another name", "expired", "an unknown authority"],
)
async def test_r19_a_certificate_that_is_not_kiros(
    form: Form, tmp_path: Path, authority: trustme.CA, server: Any
) -> None:
    async with (
        raw_kiro(good, server(authority)) as kiro,
        gateway_to(kiro.url, tmp_path, upstream__ca_file=str(tmp_path / "ca.pem")) as live,
    ):
        told(await form.ask(live), "TLS certificate")
    assert kiro.requests == []


async def test_r19_plain_text_on_a_tls_port(form: Form, tmp_path: Path) -> None:
    async with listening(plain) as url, gateway_to(url, tmp_path) as live:
        told(await form.ask(live), "TLS handshake")


async def test_r19_a_proxy_that_is_not_there(form: Form, tmp_path: Path, nowhere: str) -> None:
    proxy = {"upstream__proxy_url": Secret(f"http://{nowhere}")}
    async with gateway_to("http://kiro.invalid", tmp_path, **proxy) as live:
        told(await form.ask(live), "outbound proxy failed")


@pytest.mark.parametrize("status", [403, 407, 502])
async def test_r19_a_proxy_that_refuses(form: Form, tmp_path: Path, status: int) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    proxy = {"upstream__proxy_url": Secret(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")}
    async with gateway_to("https://kiro.invalid", tmp_path, **proxy) as live:
        told(await form.ask(live), f"proxy refused the connection to Kiro (endpoint kiro) (HTTP {status})")
    server.close()


async def test_r19_a_live_ipv4_address_beside_a_dead_ipv6_one_serves(form: Form, tmp_path: Path) -> None:
    async with raw_kiro(good) as kiro:
        port = int(kiro.url.rpartition(":")[2])
        async with gateway_to(f"http://localhost:{port}", tmp_path) as live:
            outcome = await form.ask(live)
    assert (outcome.text, outcome.error) == ("Hello", None)


async def test_r19_the_official_sdks_raise_their_own_errors(tmp_path: Path, nowhere: str) -> None:
    hello: Any = {"model": HELLO["model"], "messages": HELLO["messages"]}
    async with gateway_to(f"http://{nowhere}", tmp_path) as live:
        async with anthropic.AsyncAnthropic(base_url=live.url, api_key=KEY, max_retries=0) as claude:
            with pytest.raises(anthropic.InternalServerError, match="Connecting to Kiro"):
                await claude.messages.create(**hello, max_tokens=9)
        async with openai.AsyncOpenAI(base_url=f"{live.url}/v1", api_key=KEY, max_retries=0) as gpt:
            with pytest.raises(openai.InternalServerError, match="Connecting to Kiro"):
                await gpt.chat.completions.create(**hello, stream=True)
