"""A proxy that is down blocks its account, whatever is asked of Kiro, and nothing goes around it."""

import socket
from pathlib import Path

import pytest

from gateway.simulator.server import Simulator
from tests.faults.test_throttling import asked, served, several
from tests.live import ADMIN, Live

SCHEMES = pytest.mark.parametrize("scheme", ["http", "https", "socks5"])


def closed_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        port: int = made.getsockname()[1]
        return port


def seen_of(simulator: Simulator, name: str) -> list[str]:
    """The operations that Kiro was asked for with anything of an account: its tokens, or its profile."""
    marks = (f"aor{name}-refresh-token", f"profile/{'ONE' if name == 'a' else 'TWO'}")
    return [
        exchange.operation
        for exchange in simulator.requests()
        if exchange.account == name or any(mark.encode() in exchange.body for mark in marks)
    ]


async def everything(live: Live) -> None:
    """Whatever makes the gateway call Kiro beside an answer."""
    await live.get("/v1/models")
    for path in ("/usage", "/accounts"):
        async with live.client.get(f"{live.url}{path}", headers={"x-api-key": ADMIN}) as answer:
            assert answer.status == 200


@SCHEMES
async def test_account_whose_proxy_is_down_is_left_for_another_and_nothing_goes_around_the_proxy(
    simulator: Simulator, tmp_path: Path, scheme: str
) -> None:
    proxies = {"a": f"{scheme}://127.0.0.1:{closed_port()}"}
    async with several(simulator, tmp_path, proxies, a="one", b="two") as live:
        assert [(await asked(live)).error for _ in range(2)] == [None, None]
        await everything(live)
    assert (served(simulator), seen_of(simulator, "a")) == (["b", "b"], [])


@SCHEMES
async def test_only_account_whose_proxy_is_down_fails_by_naming_the_proxy(
    simulator: Simulator, tmp_path: Path, scheme: str
) -> None:
    async with several(simulator, tmp_path, {"a": f"{scheme}://127.0.0.1:{closed_port()}"}, a="one") as live:
        outcome = await asked(live)
        assert outcome.status in (502, 503)
        assert "proxy" in outcome.message
        await everything(live)
    assert simulator.requests() == []


@SCHEMES
async def test_proxy_of_all_accounts_that_is_down_is_not_bypassed(
    simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    address = f"{scheme}://127.0.0.1:{closed_port()}"
    async with several(simulator, tmp_path, {"a": address, "b": address}, a="one", b="two") as live:
        assert (await asked(live)).error is not None
        await everything(live)
    assert simulator.requests() == []


@SCHEMES
async def test_account_cools_down_and_the_other_one_stays_direct_whatever_the_environment_says(
    simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    proxies = {"a": f"{scheme}://127.0.0.1:{closed_port()}"}
    async with several(simulator, tmp_path, proxies, a="one", b="two") as live:
        assert [(await asked(live)).error for _ in range(4)] == [None] * 4
        states = {row["name"]: row["state"] for row in await live.accounts()}
    assert (states, seen_of(simulator, "a")) == ({"a": "failing", "b": "ready"}, [])
