"""A proxy that is down blocks its account and is never bypassed: no call finds another way out."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket

import pytest

from gateway.accounts.refresh.grant import TokenCall
from gateway.errors import UpstreamError
from gateway.kiro.endpoints import Identity
from gateway.settings.accounts import AccountEntry
from gateway.settings.secret import Secret
from gateway.simulator.accounts import Account
from gateway.simulator.options import PROFILE_ARN
from gateway.simulator.server import Simulator
from gateway.upstream.connection import Connection, TokenPost
from gateway.upstream.control import fetch_models
from gateway.upstream.profiles import ProfileList
from gateway.upstream.usage import fetch_usage
from tests.faults.forms import FORMS, Form
from tests.live import gateway

SCHEMES = ["http", "https", "socks5"]
ENVIRONMENT = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"]


@dataclass
class Listener:
    """Somebody who only counts who connects."""

    address: str
    connections: int = 0


@pytest.fixture
async def kiro() -> AsyncIterator[Listener]:
    made = Listener("")

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.connections += 1
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    made.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield made
    server.close()


@pytest.fixture
def nowhere() -> str:
    """An address at which nobody listens."""
    with socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


@asynccontextmanager
async def through(proxy: str) -> AsyncIterator[Connection]:
    connection = Connection(proxy_url=proxy)
    yield connection
    await connection.close()


def identity() -> Identity:
    return Identity("aoaToken", PROFILE_ARN, "idc", "us-east-1", "0" * 64)


Call = Callable[[Connection, str], Awaitable[object]]
CALLS: dict[str, Call] = {
    "models": lambda way, url: fetch_models(way, identity(), base_url=url),
    "usage": lambda way, url: fetch_usage(way, identity(), base_url=url),
    "profiles": lambda way, url: ProfileList(way, url)(identity()),
    "refresh": lambda way, url: TokenPost(way)(TokenCall(f"{url}/refreshToken", {}, b"{}")),
}


@pytest.mark.parametrize("tls", ["http", "https"])
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("call", CALLS)
async def test_control_call_fails_and_opens_no_direct_connection(
    kiro: Listener, nowhere: str, call: str, scheme: str, tls: str
) -> None:
    async with through(f"{scheme}://user:word@{nowhere}") as way:
        with pytest.raises(UpstreamError) as caught:
            await CALLS[call](way, f"{tls}://{kiro.address}")
    assert "proxy" in caught.value.message and nowhere not in caught.value.message
    assert kiro.connections == 0


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_only_account_is_blocked_and_nothing_reaches_kiro(
    simulator: Simulator, tmp_path: Path, form: Form, nowhere: str, scheme: str
) -> None:
    proxy = Secret(f"{scheme}://{nowhere}")
    async with gateway(simulator, tmp_path, upstream__proxy_url=proxy) as live:
        outcomes = [await form.ask(live) for _ in range(2)]
    assert {outcome.status in (502, 503, 529) for outcome in outcomes} == {True}
    assert not [outcome for outcome in outcomes if "127.0.0.1" in outcome.message]
    assert simulator.requests() == []


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_account_of_a_proxy_that_is_down_cools_down_and_another_one_serves(
    simulator: Simulator, tmp_path: Path, nowhere: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ENVIRONMENT:
        monkeypatch.setenv(name, f"http://{nowhere}")  # of no account: the direct one stays direct
    entries = []
    for priority, name in enumerate("ab"):
        simulator.state.logins.accounts[name] = Account(name, profiles=(PROFILE_ARN,))
        simulator.state.logins.give(name, access_tokens=[f"aoa{name}"], refresh_tokens=[f"aor{name}"])
        tokens = {"accessToken": f"aoa{name}", "refreshToken": f"aor{name}", "expiresAt": "2999-01-01T00:00:00Z"}
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(tokens | {"profileArn": PROFILE_ARN}))
        proxy = Secret(f"{scheme}://{nowhere}") if name == "a" else None
        entries.append(AccountEntry(name=name, source="file", path=str(path), priority=priority, proxy_url=proxy))
    async with gateway(simulator, tmp_path, accounts=tuple(entries)) as live:
        for number in range(4):
            messages = [{"role": "user", "content": f"Chat {number}."}]
            assert (await FORMS[1].ask(live, messages=messages)).error is None
        states = {row["name"]: (row["state"], row["failures"] > 0) for row in await live.accounts()}
    assert states == {"a": ("failing", True), "b": ("ready", False)}
    assert {exchange.account for exchange in simulator.requests()} == {"b"}


async def test_refresh_goes_through_the_proxy_or_not_at_all(simulator: Simulator, tmp_path: Path, nowhere: str) -> None:
    """The login has a refresh token only, so that the first request needs a refresh."""
    async with gateway(simulator, tmp_path, upstream__proxy_url=Secret(f"http://{nowhere}")) as live:
        outcome = await FORMS[1].ask(live)
    assert "proxy" in outcome.message and simulator.requests() == []
