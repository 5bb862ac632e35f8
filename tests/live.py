"""A gateway and a simulator inside the test's own loop, over real sockets: for tests that vary settings or look inside.

Processes of their own are in ``tests/processes.py``; here a gateway with other settings costs milliseconds.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, ClientSession, ClientTimeout, TCPConnector, web

from gateway.app import Given, build
from gateway.commands.logins import accounts_from
from gateway.settings import Secret, Settings
from gateway.settings.accounts import AccountEntry
from gateway.settings.table import build as settings_of
from gateway.simulator.options import PROFILE_ARN, REFRESH_TOKEN
from gateway.simulator.server import Simulator
from gateway.web.serving import runner_for

KEY = "live-gateway-key-0000000000000000"
ADMIN = "live-admin-key-00000000000000000"
UNQUEUED: dict[str, Any] = {"pool__max_concurrent_per_account": 0}
"""For tests that need more requests at once than the default lets through, and whose subject is not the queue."""

HELLO: dict[str, Any] = {
    "model": "claude-sonnet-4.5",
    "max_tokens": 400,
    "messages": [{"role": "user", "content": "Say hello."}],
}
CEILING = 30.0


@dataclass
class Live:
    """A running gateway: where it is, what it is a gateway to, a client for it, and the gateway's own folder."""

    url: str
    simulator: Simulator
    client: ClientSession
    state: Path

    async def ask(self, path: str = "/v1/messages", **changes: Any) -> tuple[int, Any]:
        """POST a hello with these changes; status and JSON."""
        async with self.post(path, **changes) as answer:
            return answer.status, await answer.json()

    async def stream(self, path: str = "/v1/messages", **changes: Any) -> str:
        """POST a streamed hello; the whole event stream."""
        async with self.post(path, stream=True, **changes) as answer:
            return await answer.text()

    def post(self, path: str = "/v1/messages", **changes: Any) -> Any:
        """POST a hello with these changes."""
        hello = {name: HELLO[name] for name in HELLO if name != "messages" or not path.startswith("/v1/responses")}
        return self.client.post(f"{self.url}{path}", json={**hello, **changes})

    async def get(self, path: str) -> ClientResponse:
        """GET a path, read whole."""
        answer = await self.client.get(f"{self.url}{path}")
        await answer.read()
        return answer

    async def accounts(self) -> list[dict[str, Any]]:
        """The rows of ``GET /accounts``."""
        async with self.client.get(f"{self.url}/accounts", headers={"x-api-key": ADMIN}) as answer:
            rows: list[dict[str, Any]] = (await answer.json())["accounts"]
            return rows

    async def enable(self) -> None:
        """Enable the account, so that a fault does not open its circuit for the next one of a table."""
        async with self.client.post(f"{self.url}/accounts/0/enable", headers={"x-api-key": ADMIN}) as answer:
            assert answer.status == 200

    def sent(self, number: int = -1) -> dict[str, Any]:
        """The body of a generation request that the simulator received."""
        found: dict[str, Any] = self.simulator.requests("generate")[number].shown()["body"]
        return found


def settings(simulator: Simulator, state: Path, **changes: Any) -> Settings:
    """Settings for a simulator; changes by full name, which may have ``__`` for the dot (``server__port``).

    accounts: a list of ``AccountEntry``, in place of the one login.
    """
    accounts: tuple[AccountEntry, ...] = changes.pop("accounts", ())
    values = {
        "credentials.refresh_token": Secret(REFRESH_TOKEN),
        "credentials.profile_arn": PROFILE_ARN,
        "upstream.base_url": simulator.url,
        "upstream.base_retry_delay": 0.0,
        "debug.folder": str(state / "debug"),
        **{name.replace("__", "."): value for name, value in changes.items()},
    }
    return settings_of(values, accounts)


def given(simulator: Simulator, state: Path, **changes: Any) -> Given:
    """All that ``app.build`` wants, with the simulator's own login unless the changes name another."""
    chosen = settings(simulator, state, **changes)
    return Given(chosen, (KEY,), accounts_from(chosen, state), state, admin_keys=(ADMIN,))


@asynccontextmanager
async def gateway(
    simulator: Simulator, state: Path, *, count: Callable[[str], int] | None = None, **changes: Any
) -> AsyncIterator[Live]:
    """A gateway on the real runner: the test server of aiohttp would hide what its defaults do."""
    app = await build(given(simulator, state, **changes), count=count)
    runner = runner_for(app, 0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        headers = {"x-api-key": KEY}
        everyone_at_once = TCPConnector(limit=0)  # a burst of 500 requests is one, not five of a hundred
        timeout = ClientTimeout(CEILING)
        async with ClientSession(headers=headers, timeout=timeout, connector=everyone_at_once) as client:
            yield Live(f"http://{host}:{port}", simulator, client, state)
    finally:
        await runner.cleanup()
