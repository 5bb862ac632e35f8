"""The way out through a SOCKS proxy. Loaded by those who have one."""

from aiohttp import ClientError, ClientRequest, ClientTimeout
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from aiohttp_socks import ProxyConnectionError, ProxyConnector, ProxyError, ProxyTimeoutError

from gateway.upstream.translate import UnconnectedError


class SocksConnector(ProxyConnector):
    """Marks its faults as DirectConnector does; those of the proxy have no base in common."""

    async def connect(self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout) -> Connection:
        """A connection, new or used before."""
        try:
            return await super().connect(req, traces, timeout)
        except TimeoutError:
            raise  # aiohttp makes its own error of it
        except (ClientError, OSError, ProxyConnectionError, ProxyError, ProxyTimeoutError) as error:
            raise UnconnectedError from error
