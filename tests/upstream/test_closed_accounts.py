"""What Kiro says of an account holds at once, for every request that is on it already, whatever that waits for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.accounts.health import FRESH, AccountState
from gateway.accounts.member import Member
from gateway.accounts.pool import Pool
from gateway.accounts.terms import Terms
from gateway.errors import GatewayError, Kind, Trouble, UpstreamError
from gateway.events import Failure
from gateway.simulator.server import Simulator
from gateway.upstream.attempts import Trace
from gateway.upstream.client import UpstreamClient
from gateway.upstream.connection import Connection
from gateway.upstream.stream import OpenStream
from gateway.web.ids import Ids
from tests.corpus.frames import event, frame
from tests.upstream.conftest import OPENING, QUICK, TEXT, WHOLE, draft, make_answer, raw_server, way
from tests.upstream.test_several_accounts import account


def refused(reason: str, milliseconds: int | None = None, status: int = 429) -> dict[str, Any]:
    """A refusal of Kiro with a reason and the wait that it asks for."""
    kind = "ThrottlingException" if status == 429 else "ServiceUnavailableException"
    body: dict[str, Any] = {"message": "No.", "reason": reason, "__type": kind}
    return {"status": status, "body": body | ({"retryAfterMilliseconds": milliseconds} if milliseconds else {})}


def refused_late(reason: str, milliseconds: int | None = None, *, name: str = "throttlingError") -> dict[str, Any]:
    """The same in the first frame of an answer, which comes when the gate ``late`` is opened."""
    payload = {"message": "No.", "reason": reason, "retryAfterMilliseconds": milliseconds}
    return {"frames": [OPENING, {"exception": name, "payload": payload, "gate": "late"}]}


class Sleep:
    """Waits that end when the test says so."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self._begun: asyncio.Queue[float] = asyncio.Queue()

    async def __call__(self, seconds: float) -> None:
        self._begun.put_nowait(seconds)
        await self.over.wait()

    async def begun(self) -> float:
        """The seconds of the next wait, once it has begun."""
        return await self._begun.get()


@asynccontextmanager
async def client(simulator: Simulator, folder: Path, names: str = "a") -> AsyncIterator[tuple[UpstreamClient, Sleep]]:
    terms = [Terms(name, priority=number) for number, name in enumerate(names)]
    members = [Member(account(folder, one.name, simulator.url)[0], one) for one in terms]
    connection, sleep = Connection(), Sleep()
    made = UpstreamClient(
        Pool(members),
        dict.fromkeys(names, connection),
        policy=QUICK,
        base_url=simulator.url,
        new_id=Ids().uuid,
        dice=lambda: 1.0,
        sleep=sleep,
    )
    yield made, sleep
    await connection.close()


def opening(made: UpstreamClient) -> asyncio.Task[OpenStream]:
    return asyncio.create_task(made.open(draft(), make_answer, Trace()))


async def failed(task: asyncio.Task[OpenStream]) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        await task
    return caught.value


@pytest.mark.parametrize(
    ("later", "kind"),
    [
        (refused_late("CREDIT_CONSUMPTION_RATE_EXCEEDED", 300_000), Kind.RATE_LIMIT),
        (refused_late("TEMPORARILY_SUSPENDED", name="AccessDeniedException"), Kind.OVERLOADED),
        (refused_late("MONTHLY_REQUEST_COUNT"), Kind.OVERLOADED),
    ],
    ids=["credits", "suspended", "month"],
)
@pytest.mark.parametrize("first", [refused("USER_REQUEST_RATE_EXCEEDED", 5_000), refused("x", status=503)], ids=str)
async def test_request_that_waits_is_not_sent_for_an_account_that_kiro_has_closed_meanwhile(
    simulator: Simulator, tmp_path: Path, first: dict[str, Any], later: dict[str, Any], kind: Kind
) -> None:
    simulator.push(later, first)
    async with client(simulator, tmp_path) as (made, sleep):
        other = opening(made)
        await simulator.until("generate")
        waiting = opening(made)
        await sleep.begun()
        simulator.open("late")
        await failed(other)
        sleep.over.set()
        error = await failed(waiting)
        [member] = made.pool.members
    assert error.kind is kind and (error.retry_after or 299) > 298
    assert len(simulator.requests("generate")) == 2
    assert member.running == 0


async def test_request_that_waits_goes_to_the_next_account_when_its_own_is_closed(
    simulator: Simulator, tmp_path: Path
) -> None:
    simulator.push(refused_late("USER_REQUEST_RATE_EXCEEDED", 60_000), refused("x", status=503), WHOLE)
    async with client(simulator, tmp_path, "ab") as (made, sleep):
        other = opening(made)
        await simulator.until("generate")
        waiting = opening(made)
        await sleep.begun()
        simulator.open("late")
        second = await other
        sleep.over.set()
        await (await waiting).close()
        await second.close()
        assert made.pool.members[1].health.state is AccountState.ACTIVE
    assert len(simulator.requests("generate")) == 4


async def test_wait_that_was_prolonged_within_the_limit_is_waited_out(simulator: Simulator, tmp_path: Path) -> None:
    simulator.push(refused_late("USER_REQUEST_RATE_EXCEEDED", 8_000), refused("USER_REQUEST_RATE_EXCEEDED", 20), WHOLE)
    async with client(simulator, tmp_path) as (made, sleep):
        other = opening(made)
        await simulator.until("generate")
        waiting = opening(made)
        waits = [await sleep.begun()]
        simulator.open("late")
        waits.append(await sleep.begun())
        sleep.over.set()
        results = await asyncio.gather(waiting, other, return_exceptions=True)
        waits.append(await sleep.begun())
    assert waits[:2] == [0.02, 8.0] and 7 < waits[2] <= 8
    assert all(isinstance(result, GatewayError) for result in results)  # no clock went on: it is closed still
    assert len(simulator.requests("generate")) == 2


async def test_error_of_several_accounts_names_the_soonest_wait(simulator: Simulator, tmp_path: Path) -> None:
    waits = (40_000, 300_000)
    simulator.push(*(refused("USER_REQUEST_RATE_EXCEEDED", wait) for wait in waits))
    async with client(simulator, tmp_path, "ab") as (made, _):
        error = await failed(opening(made))
        again = await failed(opening(made))
    assert [39 < (found.retry_after or 0) <= 40 for found in (error, again)] == [True, True]
    assert (error.kind, error.should_retry, len(simulator.requests("generate"))) == (Kind.RATE_LIMIT, True, 2)


async def test_account_that_only_waits_counts_more_than_one_that_is_used_up(
    simulator: Simulator, tmp_path: Path
) -> None:
    simulator.push(refused("USER_REQUEST_RATE_EXCEEDED", 40_000), refused("MONTHLY_REQUEST_COUNT", status=402))
    async with client(simulator, tmp_path, "ab") as (made, _):
        error = await failed(opening(made))
    assert (error.kind, error.should_retry) == (Kind.RATE_LIMIT, True)
    assert 39 < (error.retry_after or 0) <= 40


async def test_limit_in_the_middle_of_an_answer_holds_before_its_client_has_read_on(
    simulator: Simulator, tmp_path: Path
) -> None:
    limit = {"message": "No.", "reason": "USER_REQUEST_RATE_EXCEEDED", "retryAfterMilliseconds": 60_000}
    simulator.push({"frames": [TEXT, {"exception": "throttlingError", "payload": limit, "gate": "late"}]})
    async with client(simulator, tmp_path) as (made, _):
        stream = await opening(made)
        simulator.open("late")
        events = list(stream.events)
        while not isinstance(events[-1], Failure):
            events += await stream.read()
        assert made.pool.members[0].health.state is AccountState.THROTTLED
        await stream.close()


@pytest.mark.parametrize("reason", ["INSUFFICIENT_MODEL_CAPACITY", "MODEL_TEMPORARILY_UNAVAILABLE"])
async def test_busy_model_in_the_middle_of_an_answer_is_left_alone_as_long_as_kiro_asks(
    simulator: Simulator, tmp_path: Path, reason: str
) -> None:
    payload = {"message": "No.", "reason": reason, "retryAfterMilliseconds": 60_000}
    simulator.push({"frames": [TEXT, {"exception": "serviceUnavailableError", "payload": payload}]})
    async with client(simulator, tmp_path) as (made, _):
        stream = await opening(made)
        while not stream.ended:
            await stream.read()
        await stream.close()
        assert 59 < ((await failed(opening(made))).retry_after or 0) <= 60
        assert made.pool.members[0].health.state is AccountState.ACTIVE
    assert len(simulator.requests("generate")) == 1


async def test_failure_of_the_service_behind_a_part_of_the_answer_blames_no_account(tmp_path: Path) -> None:
    part = event("meteringEvent", {"unit": "credit", "usage": 0.1})
    broken = frame({":message-type": "exception", ":exception-type": "InternalServerException"}, b'{"message": "No."}')

    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n"
        writer.write(head + b"Content-Length: %d\r\n\r\n" % len(part + broken) + part + broken)

    async with raw_server(talk) as server, way(server.url, tmp_path) as kiro:
        with pytest.raises(UpstreamError) as caught:
            await kiro.open()
        [member] = kiro.client.pool.members
    assert (caught.value.trouble, member.health) == (Trouble.FAILING, FRESH)


async def test_busy_model_gets_all_its_sends_on_one_of_many_accounts(simulator: Simulator, tmp_path: Path) -> None:
    simulator.push({**refused("INSUFFICIENT_MODEL_CAPACITY"), "times": 9})
    async with client(simulator, tmp_path, "abc") as (made, sleep):
        sleep.over.set()
        assert (await failed(opening(made))).kind is Kind.RATE_LIMIT
        assert [member.health.failures for member in made.pool.members] == [0, 0, 0]
    assert len(simulator.requests("generate")) == QUICK.sends_per_endpoint
