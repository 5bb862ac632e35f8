import asyncio
import os
import signal
import ssl
import sys
from pathlib import Path

import aiohttp
import pytest
import trustme

from gateway.simulator.options import Options
from gateway.simulator.server import start
from tests.simulator.client import RPC_HEADERS, ask, body

PROGRAM = "from gateway.simulator.server import run; run(port=0, off=['token'])"


def certificate(folder: Path) -> tuple[Path, Path, ssl.SSLContext]:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    chain, key = folder / "cert.pem", folder / "key.pem"
    chain.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
    key.write_bytes(issued.private_key_pem.bytes())
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return chain, key, context


async def test_it_speaks_https_with_a_certificate(tmp_path: Path) -> None:
    chain, key, context = certificate(tmp_path)
    running = await start(Options(certificate=chain, key=key))
    assert running.url == f"https://127.0.0.1:{running.port}"
    url = f"{running.url}/_simulator/counts"
    async with aiohttp.ClientSession() as session, session.get(url, ssl=context) as answer:
        assert answer.status == 200
    await running.stop()


async def test_a_client_that_leaves_over_https_is_noticed_too(tmp_path: Path) -> None:
    chain, key, context = certificate(tmp_path)
    running = await start(Options(certificate=chain, key=key, off=frozenset({"token"})))
    running.push({"stall": True})
    async with aiohttp.ClientSession() as session:
        answer = await session.post(running.url, json=body(), headers=RPC_HEADERS, ssl=context)
        answer.close()
        await asyncio.wait_for(running.until("client_fin"), 10)
    await running.stop()


async def test_stopping_breaks_off_what_still_runs() -> None:
    running = await start()
    running.push({"stall": True})
    waiting = asyncio.ensure_future(ask(running, body()))
    await running.until("generate")
    await running.stop()
    with pytest.raises(aiohttp.ClientError):
        await waiting
    assert running.requests()[0].ending == "stopped"


async def test_a_taken_port_is_an_error() -> None:
    running = await start()
    with pytest.raises(OSError, match="in use"):
        await start(Options(port=running.port))
    await running.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_as_a_process_it_says_its_url_and_stops_on_a_signal(number: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-c", PROGRAM,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=dict(os.environ),
    )  # fmt: skip
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    url = line.split()[-1]
    async with aiohttp.ClientSession() as session, session.post(url, json=body(), headers=RPC_HEADERS) as answer:
        assert answer.status == 200
        assert await answer.read()
    process.send_signal(number)
    _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")
