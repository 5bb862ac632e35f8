import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import trustme

from gateway.errors import UpstreamError
from gateway.upstream.connection import Connection, Plain
from tests.upstream.conftest import Talk

CEILING = 20.0
"""Seconds; a TLS connection that is closed politely waits 30 for the other side."""
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@asynccontextmanager
async def listening(talk: Talk, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def polite(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK)


async def get(connection: Connection, url: str) -> Plain:
    try:
        return await connection.call("GET", url, {}, None, where="Kiro", patience=5)
    finally:
        await connection.close()


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    return made


def context_for(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


async def test_a_certificate_of_the_given_authority_is_accepted(authority: trustme.CA, tmp_path: Path) -> None:
    async with listening(polite, context_for(authority)) as port:
        answer = await get(Connection(ca_file=tmp_path / "ca.pem"), f"https://127.0.0.1:{port}/")
    assert (answer.status, answer.body) == (200, b"ok")


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PYTHONHTTPSVERIFY"])
async def test_an_unknown_authority_is_refused_whatever_the_environment_says(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "0" if variable == "PYTHONHTTPSVERIFY" else str(tmp_path / "ca.pem"))
    async with listening(polite, context_for(authority)) as port:
        with pytest.raises(UpstreamError, match="certificate of Kiro was not accepted") as caught:
            await get(Connection(), f"https://127.0.0.1:{port}/")
    assert not caught.value.retry


async def test_a_certificate_of_another_host_is_refused(authority: trustme.CA, tmp_path: Path) -> None:
    async with listening(polite, context_for(authority, "other.example")) as port:
        with pytest.raises(UpstreamError, match="certificate"):
            await get(Connection(ca_file=tmp_path / "ca.pem"), f"https://127.0.0.1:{port}/")


async def test_plain_text_on_a_tls_port_is_a_failed_handshake(tmp_path: Path) -> None:
    async def plain(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)

    async with listening(plain) as port:
        with pytest.raises(UpstreamError, match="TLS handshake with Kiro failed"):
            await get(Connection(), f"https://127.0.0.1:{port}/")


async def test_no_session_keys_are_written_out(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    async with listening(polite, context_for(authority)) as port:
        await get(Connection(ca_file=tmp_path / "ca.pem"), f"https://127.0.0.1:{port}/")
    assert not (tmp_path / "keys").exists()


async def test_a_bad_ca_file_is_an_error_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        Connection(ca_file=tmp_path / "missing.pem")


async def test_requests_go_through_the_configured_proxy_with_its_login(tmp_path: Path) -> None:
    heads: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(OK)

    async with listening(proxy) as port:
        await get(Connection(proxy_url=f"http://user:word@127.0.0.1:{port}"), "http://kiro.example/models")
    assert heads[0].startswith(b"GET http://kiro.example/models HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic dXNlcjp3b3Jk" in heads[0]


async def test_a_proxy_without_scheme_speaks_http_and_is_asked_to_connect_for_tls() -> None:
    heads: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    async with listening(proxy) as port:
        with pytest.raises(UpstreamError, match=r"proxy refused .* \(HTTP 407\)"):
            await get(Connection(proxy_url=f"127.0.0.1:{port}"), "https://kiro.example/models")
    assert heads[0].startswith(b"CONNECT kiro.example:443 HTTP/1.1\r\n")


async def test_the_name_of_a_proxy_that_is_unknown_is_not_taken_for_kiros() -> None:
    with pytest.raises(UpstreamError, match="name of the outbound proxy could not be resolved") as caught:
        await get(Connection(proxy_url="http://proxy.invalid:3128"), "https://kiro.example/")
    assert caught.value.retry


async def test_the_certificate_of_a_proxy_is_not_taken_for_kiros(authority: trustme.CA) -> None:
    async with listening(polite, context_for(authority)) as port:
        with pytest.raises(UpstreamError, match="certificate of the outbound proxy was not accepted"):
            await get(Connection(proxy_url=f"https://127.0.0.1:{port}"), "https://kiro.example/")


@pytest.mark.parametrize("answer", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
async def test_a_proxy_that_opens_no_tunnel_is_named_and_nothing_was_sent(answer: bytes) -> None:
    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)

    async with listening(proxy) as port:
        with pytest.raises(UpstreamError, match="Connecting to Kiro") as caught:
            await get(Connection(proxy_url=f"http://127.0.0.1:{port}"), "https://kiro.example/")
    assert caught.value.retry and caught.value.should_retry


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with listening(polite) as port:
        assert (await get(Connection(), f"http://127.0.0.1:{port}/")).body == b"ok"


async def test_no_redirect_is_followed() -> None:
    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")

    async with listening(redirect) as port:
        assert (await get(Connection(), f"http://127.0.0.1:{port}/")).status == 307


async def test_a_server_that_never_answers_is_given_up() -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    connection = Connection()
    async with listening(silent) as port:
        with pytest.raises(UpstreamError, match="Kiro did not answer in time"):
            await connection.call("GET", f"http://127.0.0.1:{port}/", {}, None, where="Kiro", patience=0.05)
    await connection.close()


async def test_a_handshake_that_hangs_ends_with_the_connect_time_out() -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(silent) as port:
        with pytest.raises(UpstreamError, match="Connecting to Kiro took too long"):
            await get(Connection(connect_timeout=0.05), f"https://127.0.0.1:{port}/")


async def test_r37_what_came_unasked_on_an_idle_connection_is_no_answer_to_the_next_request() -> None:
    async def eager(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await polite(reader, writer)
        await called.wait()
        writer.write(OK.replace(b"ok", b"no"))
        await reader.read()

    called, connection = asyncio.Event(), Connection()
    async with listening(eager) as port:
        url = f"http://127.0.0.1:{port}/"
        await connection.call("GET", url, {}, None, where="Kiro", patience=5)
        called.set()
        [[(idle, _)]] = connection._connector._conns.values()
        for _ in range(100_000):  # until it has come
            await asyncio.sleep(0)
            if idle.should_close:
                break
        assert (await get(connection, url)).body == b"ok"


@asynccontextmanager
async def left_in_the_middle(url: str, body: bytes, begun: asyncio.Event, **settings: Any) -> AsyncIterator[None]:
    """A request that is cancelled when ``begun`` is set; then the block."""
    connection = Connection(**settings)
    call = asyncio.create_task(connection.call("POST", url, {}, body, where="Kiro", patience=CEILING))
    try:
        async with asyncio.timeout(CEILING):
            await begun.wait()
            call.cancel()
            await asyncio.wait({call})
            yield
    finally:
        await connection.close()


async def decrypted(context: ssl.SSLContext, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """The first that a client says over TLS, to a server that leaves the rest as it is."""
    given, made = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(given, made, server_side=True)
    while True:
        try:
            tls.do_handshake()
            return tls.read(65536)
        except ssl.SSLWantReadError:
            writer.write(made.read())
            given.write(await reader.read(65536))


async def test_a_request_that_is_left_ends_its_connection_though_kiro_answers_no_goodbye(
    authority: trustme.CA, tmp_path: Path
) -> None:
    begun, gone = asyncio.Event(), asyncio.Event()

    async def stone(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert (await decrypted(context_for(authority), reader, writer)).startswith(b"POST")
        begun.set()
        while await reader.read(65536):
            pass
        gone.set()

    async with listening(stone) as port:
        url = f"https://127.0.0.1:{port}/"
        async with left_in_the_middle(url, b"", begun, ca_file=tmp_path / "ca.pem"):
            await gone.wait()


@pytest.mark.filterwarnings("ignore:Sending a large body")  # more than the kernel takes at once
async def test_what_was_not_sent_when_a_request_is_left_is_not_sent() -> None:
    body = bytes(64 << 20)
    begun, left, gone = asyncio.Event(), asyncio.Event(), asyncio.Event()
    received: list[int] = []

    async def slow(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        begun.set()
        await left.wait()
        with suppress(ConnectionError):
            while piece := await reader.read(1 << 20):
                received.append(len(piece))
        gone.set()

    async with listening(slow) as port, left_in_the_middle(f"http://127.0.0.1:{port}/", body, begun):
        left.set()
        await gone.wait()
    assert sum(received) < len(body)


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "TLS"])
async def test_silent_connection_is_probed_by_the_kernel(
    authority: trustme.CA, tmp_path: Path, encrypted: bool
) -> None:
    async def headers_alone(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK[:-2])
        await reader.read()

    async with listening(headers_alone, context_for(authority) if encrypted else None) as port:
        made = Connection(ca_file=tmp_path / "ca.pem")
        url = f"{'https' if encrypted else 'http'}://127.0.0.1:{port}/"
        async with made.session({}) as session, session.get(url, allow_redirects=False) as answer:
            assert answer.connection is not None and answer.connection.transport is not None
            found = answer.connection.transport.get_extra_info("socket")
            assert found.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        await made.close()
