"""The process's one way out: one connector, one TLS context, one proxy, for data, control and token hosts alike."""

import asyncio
import socket
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final

from aiohttp import (
    AddrInfoType,
    BaseConnector,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
)
from yarl import URL

from gateway.accounts.refresh.grant import TokenAnswer, TokenCall
from gateway.aiohttp_internals import StrictConnector
from gateway.upstream.translate import UnconnectedError, fault

KEEP_ALIVE: Final = 30.0
"""Seconds an idle connection is kept: less than the 60 s after which AWS's load balancers close it."""

PROBE_AFTER: Final = 30
"""Seconds of silence after which the kernel sends a TCP keep-alive probe, and then every ``PROBE_INTERVAL``. An answer
may begin after minutes of silence: firewalls and address translators forget connections that are silent for 60 s, and a
peer that has gone must not be waited for until the time-out."""

PROBE_INTERVAL: Final = 15
PROBES: Final = 4
"""Unanswered probes in a row, which end the connection."""

BODY_LIMIT: Final = 64 * 1024
"""Bytes read of an answer that is no event stream: enough for every error known, too little for a bomb (R28)."""

LIST_LIMIT: Final = 4 << 20
"""The same for a list that was asked for; a list of models has about 40 KB."""

BODY_PATIENCE: Final = 5.0
"""Seconds for such a body."""

_AUTOMATIC: Final = ("Accept-Encoding", "Content-Type", "User-Agent")
"""Headers that aiohttp adds where a request has none of its own."""


@dataclass(frozen=True, slots=True)
class Plain:
    """An HTTP answer, read whole (bounded)."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class DirectConnector(StrictConnector):
    """Straight to the host, or to an HTTP proxy. Marks its faults: before there is a connection nothing was sent."""

    faults: ClassVar[tuple[type[Exception], ...]] = (ClientError, OSError)
    unconnected = UnconnectedError


class Translated:
    """See ``Connection.translated``. A generator in its place costs five calls more, on each request."""

    __slots__ = ("_proxy_host", "_where")

    def __init__(self, where: str, proxy_host: str | None) -> None:
        self._where = where
        self._proxy_host = proxy_host

    def __enter__(self) -> None:
        """Nothing yet."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, ClientError | OSError):
            raise fault(error, self._where, self._proxy_host) from error


class Connection:
    """Makes a session for each request over the shared connector. Must be made inside a running event loop.

    No environment variable and no request changes where it goes or whom it trusts (S27).
    """

    def __init__(
        self, *, proxy_url: str | None = None, ca_file: Path | None = None, connect_timeout: float = 10.0
    ) -> None:
        """proxy_url: http, https or socks5, with user and password if needed. Raises OSError for a bad ca_file."""
        proxy = _proxy(proxy_url)
        self._proxy_host = None if proxy is None else proxy.host
        socks = proxy is not None and proxy.scheme.startswith("socks")
        # No limit: every waiting answer holds a connection, and a hundred of them must not block the next (rule 1).
        settings: dict[str, Any] = {"limit": 0, "ssl": _tls(ca_file), "keepalive_timeout": KEEP_ALIVE}
        settings["socket_factory"] = probed_socket
        self._connector: BaseConnector
        if proxy is not None and socks:
            from gateway.upstream.socks import SocksConnector  # noqa: PLC0415 - loaded by those who use it

            self._connector = SocksConnector.from_url(str(proxy.with_scheme("socks5")), rdns=True, **settings)
        else:
            self._connector = DirectConnector(**settings)
        self._proxy = None if socks else proxy
        self._no_cookies = DummyCookieJar()
        # "connect" covers the name, TCP, the proxy and TLS; "sock_connect" would leave out the name.
        self._timeout = ClientTimeout(total=None, connect=connect_timeout)

    def session(self, headers: Mapping[str, str]) -> ClientSession:
        """A session for one request, which has these headers and of aiohttp's own only what HTTP needs.

        Closing it leaves the connector alone. Where nothing need be skipped aiohttp copies no headers for it, and those
        of a session are not gone through one by one: 3 of 10 µs.
        """
        return ClientSession(
            connector=self._connector,
            connector_owner=False,
            cookie_jar=self._no_cookies,
            auto_decompress=False,
            timeout=self._timeout,
            trust_env=False,
            proxy=self._proxy,
            headers=headers,
            skip_auto_headers=[name for name in _AUTOMATIC if name not in headers],
        )

    def translated(self, where: str) -> "Translated":
        """Within, what aiohttp, sockets and proxies raise becomes an UpstreamError. ``where``: whom we talk to."""
        return Translated(where, self._proxy_host)

    async def call(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        where: str,
        patience: float,
        limit: int = BODY_LIMIT,
    ) -> Plain:
        """One request with a small answer, whatever its status. Raises UpstreamError when none came in time."""
        with self.translated(where):
            async with asyncio.timeout(patience), self.session(headers) as session:
                target = URL(url, encoded=True)
                async with session.request(method, target, data=body, allow_redirects=False) as answer:
                    return Plain(answer.status, dict(answer.headers), await read_bounded(answer, limit))

    async def close(self) -> None:
        """Close every connection."""
        await self._connector.close()


def probed_socket(address: AddrInfoType) -> socket.socket:
    """A socket whose kernel notices a peer that has gone, as far as the system has the options."""
    family, kind, protocol, _, _ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    idle = "TCP_KEEPALIVE" if sys.platform == "darwin" else "TCP_KEEPIDLE"
    for name, value in ((idle, PROBE_AFTER), ("TCP_KEEPINTVL", PROBE_INTERVAL), ("TCP_KEEPCNT", PROBES)):
        if hasattr(socket, name):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return made


async def read_bounded(answer: ClientResponse, limit: int = BODY_LIMIT, patience: float = BODY_PATIENCE) -> bytes:
    """What comes of a body within the limits, cut or not: for a refusal the status alone says enough."""
    pieces: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(patience):
            while size < limit and (piece := await answer.content.readany()):
                pieces.append(piece)
                size += len(piece)
    except (TimeoutError, ClientError):
        answer.close()
    return b"".join(pieces)[:limit]


@dataclass(frozen=True, slots=True)
class TokenPost:
    """Sends the calls of a refresh; an account is given one."""

    connection: Connection
    patience: float = 15.0

    async def __call__(self, call: TokenCall) -> TokenAnswer:
        """Raises UpstreamError when no answer came."""
        answer = await self.connection.call(
            "POST", call.url, call.headers, call.body, where="Kiro's token server", patience=self.patience
        )
        return TokenAnswer(answer.status, answer.body)


def _proxy(url: str | None) -> URL | None:
    """``host:port`` alone means http, as in every program that takes a proxy."""
    return URL(url if "://" in url else f"http://{url}") if url else None


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    """Verifying, TLS 1.2 or newer. Not create_default_context: that one obeys SSLKEYLOGFILE and SSL_CERT_FILE."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    _trust_system(context)
    if ca_file is not None:
        context.load_verify_locations(cafile=str(ca_file))
    return context


def _trust_system(context: ssl.SSLContext) -> None:
    paths = ssl.get_default_verify_paths()
    file = paths.openssl_cafile if Path(paths.openssl_cafile).is_file() else None
    folder = paths.openssl_capath if Path(paths.openssl_capath).is_dir() else None
    if sys.platform == "win32" or not (file or folder):
        context.load_default_certs()
    else:
        context.load_verify_locations(cafile=file, capath=folder)
