"""What the tests of the way to Kiro share: a simulator, raw servers that misbehave, and a client for them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gateway import jsontext
from gateway.accounts.account import Account
from gateway.accounts.member import Member
from gateway.accounts.pool import Pool
from gateway.accounts.sources.kiro_ide import JsonFile
from gateway.accounts.sources.source import Wanted
from gateway.events import Event, TextDelta
from gateway.kiro.answer import Answer, AnswerPlan, ReasoningMode
from gateway.kiro.continuation import UserTurn
from gateway.kiro.payload import Draft
from gateway.simulator import options
from gateway.simulator.server import Simulator, start
from gateway.upstream.attempts import Policy, Trace
from gateway.upstream.client import UpstreamClient
from gateway.upstream.connection import Connection, TokenPost
from gateway.upstream.exchange import Patience
from gateway.upstream.stream import OpenStream
from gateway.web.ids import Ids

PLAN = AnswerPlan(
    tags=False,
    reasoning=ReasoningMode.FIELD,
    window=200_000,
    needs_signal=True,
    after_tool_results=False,
    original_names={},
    input_estimate=1,
)
QUICK = Policy(base_delay=0.0)
TEXT = {"event": "assistantResponseEvent", "payload": {"content": "Hello"}}
USAGE = {"event": "contextUsageEvent", "payload": {"contextUsagePercentage": 1.5}}
OPENING = {"event": "initial-response", "payload": {"conversationId": "c"}}
WHOLE = {"frames": [TEXT, USAGE]}
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def draft(content: str = "Say hello.") -> Draft:
    message = {"userInputMessage": {"content": content, "modelId": "claude-sonnet-4.5"}}
    state = {
        "conversationId": "7f3f0c1e-0d3c-4f3a-9b59-1f0a5f0a6c11",
        "chatTriggerType": "MANUAL",
        "currentMessage": message,
    }
    return Draft(
        body={"conversationState": state},
        model_id="claude-sonnet-4.5",
        names={},
        tags=False,
        images=0,
        after_tool_results=False,
        conversation_id=state["conversationId"],
        chat_id=state["conversationId"],
        turn=UserTurn(b"", 0),
    )


def make_answer() -> Answer:
    return Answer(PLAN, len)


@dataclass
class Way:
    """A client with everything it needs; ``trace`` is of the last request."""

    connection: Connection
    account: Account
    client: UpstreamClient
    login: Path
    trace: Trace = field(default_factory=Trace)

    async def open(self, content: str = "Say hello.", **settings: Any) -> OpenStream:
        self.trace = Trace()
        return await self.client.open(draft(content), make_answer, self.trace, **settings)

    async def events(self) -> list[Event]:
        async with await self.open() as stream:
            return await rest_of(stream)


async def rest_of(stream: OpenStream) -> list[Event]:
    events = list(stream.events)
    while not stream.ended:
        events += await stream.read()
    return events


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


@asynccontextmanager
async def way(
    url: str, folder: Path, *, policy: Policy = QUICK, patience: Patience | None = None, **settings: Any
) -> AsyncIterator[Way]:
    path = folder / "login.json"
    if not path.exists():
        tokens = {"accessToken": options.ACCESS_TOKEN, "refreshToken": options.REFRESH_TOKEN}
        path.write_bytes(jsontext.encode({**tokens, "expiresAt": "2999-01-01T00:00:00Z"}))
    place = JsonFile(path, Wanted(path, None, options.PROFILE_ARN, "us-east-1", None, folder, folder / "state"))
    connection = Connection(**({"connect_timeout": 5.0} | settings))
    account = Account(place, place.load(), TokenPost(connection), base_url=url)
    client = UpstreamClient(
        Pool([Member(account)]),
        {account.id: connection},
        policy=policy,
        patience=patience,
        base_url=url,
        new_id=Ids().uuid,
        dice=lambda: 1.0,
    )
    try:
        yield Way(connection, account, client, path)
    finally:
        await account.close()
        await connection.close()


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    running = await start()
    yield running
    await running.stop()


@pytest.fixture
async def kiro(simulator: Simulator, tmp_path: Path) -> AsyncIterator[Way]:
    async with way(simulator.url, tmp_path) as made:
        yield made


@dataclass
class RawServer:
    """A TCP server that reads each request whole and then does what a test says. requests: bodies received."""

    url: str
    requests: list[bytes] = field(default_factory=list)
    received: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def raw_server(talk: Talk) -> AsyncIterator[RawServer]:
    made = RawServer("")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            made.requests.append(await _request(reader))
            made.received.set()
            await talk(reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            made.left.set()
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
    return await reader.readexactly(length)
