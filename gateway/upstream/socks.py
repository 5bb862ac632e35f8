"""The way out through a SOCKS proxy. Loaded by those who have one."""

from typing import ClassVar

from aiohttp import ClientError
from aiohttp_socks import ProxyConnectionError, ProxyConnector, ProxyError, ProxyTimeoutError

from gateway.upstream.connection import DirectConnector


class SocksConnector(DirectConnector, ProxyConnector):
    """The same through the proxy, whose own faults have no base in common."""

    faults: ClassVar = (ClientError, OSError, ProxyConnectionError, ProxyError, ProxyTimeoutError)
