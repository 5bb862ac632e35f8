"""Kiro's hosts by their real names, all of them a simulator on this machine: for tests of what goes to which region.

The gateway's outbound proxy takes every CONNECT to the simulator, which has a certificate for the names. Nothing leaves
this machine, and a name that is not Kiro's is refused.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme

from gateway.settings import Secret
from gateway.simulator.options import Options
from gateway.simulator.server import Simulator, start
from tests.live import Live, gateway
from tests.settings.relays import joined

REGIONS = ("us-east-1", "eu-central-1", "us-gov-west-1", "us-gov-east-1")
NAMES = (
    *(f"{name}.{region}.kiro.dev" for name in ("runtime", "management") for region in REGIONS),
    *(f"{name}.{region}.amazonaws.com" for name in ("q", "oidc") for region in REGIONS),
    "codewhisperer.us-east-1.amazonaws.com",
    "prod.us-east-1.auth.desktop.kiro.dev",
)


@dataclass
class _Tunnel:
    """The proxy. asked: every host a connection was asked for, in order."""

    port: int
    asked: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            host = head.decode().split()[1].partition(":")[0]
            self.asked.append(host)
            if host not in NAMES:
                writer.write(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n")
                return
            there = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await joined((reader, writer), there)
        except asyncio.IncompleteReadError:
            return
        finally:
            writer.close()


@asynccontextmanager
async def by_name(folder: Path, prepare: Any, **settings: Any) -> AsyncIterator[tuple[Live, list[str]]]:
    """A gateway that calls Kiro by name; ``prepare(simulator)`` comes first. The list has the hosts it connected to."""
    authority = trustme.CA()
    certificate = authority.issue_cert(*NAMES)
    files = {name: folder / f"{name}.pem" for name in ("ca", "certificate", "key")}
    authority.cert_pem.write_to_path(files["ca"])
    certificate.private_key_pem.write_to_path(files["key"])
    certificate.cert_chain_pems[0].write_to_path(files["certificate"])
    simulator: Simulator = await start(Options(certificate=files["certificate"], key=files["key"]))
    tunnel = _Tunnel(simulator.port)
    server = await asyncio.start_server(tunnel.serve, "127.0.0.1", 0)
    proxy = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    prepare(simulator)
    common = {"upstream__base_url": None, "upstream__proxy_url": Secret(proxy), "upstream__ca_file": str(files["ca"])}
    try:
        async with gateway(simulator, folder, **{**common, **settings}) as live:
            yield live, tunnel.asked
    finally:
        server.close()
        await simulator.stop()
