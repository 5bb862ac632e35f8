"""Several accounts over real sockets: places held to the answer's end, an account's terms, no waiting for another."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway import jsontext
from gateway.accounts.account import Account
from gateway.accounts.health import Allowance
from gateway.accounts.member import Member
from gateway.accounts.pacing import Turnstile
from gateway.accounts.pool import Pool
from gateway.accounts.refresh.grant import TokenAnswer, TokenCall
from gateway.accounts.sources.kiro_ide import JsonFile
from gateway.accounts.sources.source import Wanted
from gateway.accounts.terms import Terms
from gateway.errors import UpstreamError
from gateway.simulator import accounts as simulated
from gateway.simulator import options
from gateway.simulator.server import Simulator
from gateway.upstream.attempts import Trace
from gateway.upstream.client import UpstreamClient
from gateway.upstream.connection import Connection
from gateway.upstream.stream import OpenStream
from gateway.web.ids import Ids
from tests.upstream.conftest import QUICK, WHOLE, draft, make_answer


class Slow:
    """A token server that answers when it is let; ``asked`` is set when it was asked."""

    def __init__(self) -> None:
        self.asked, self.open = asyncio.Event(), asyncio.Event()

    async def __call__(self, _call: TokenCall) -> TokenAnswer:
        self.asked.set()
        await self.open.wait()
        return TokenAnswer(503, b"")


def account(folder: Path, name: str, url: str, *, expires: str = "2999-01-01T00:00:00Z") -> tuple[Account, Slow]:
    path = folder / f"{name}.json"
    tokens = {"accessToken": options.ACCESS_TOKEN, "refreshToken": options.REFRESH_TOKEN, "expiresAt": expires}
    path.write_bytes(jsontext.encode(tokens))
    place = JsonFile(path, Wanted(path, None, options.PROFILE_ARN, "us-east-1", None, folder, folder / "state"))
    server = Slow()
    return Account(place, place.load(), server, base_url=url), server


@asynccontextmanager
async def client(url: str, *members: Member, common: Turnstile | None = None) -> AsyncIterator[UpstreamClient]:
    connection = Connection()
    pool = Pool(members, pacer=common) if common else Pool(members)
    ways = {member.name: connection for member in members}
    yield UpstreamClient(pool, ways, policy=QUICK, base_url=url, new_id=Ids().uuid, dice=lambda: 1.0)
    await connection.close()


async def opened(made: UpstreamClient) -> OpenStream:
    return await made.open(draft(), make_answer, Trace())


async def test_a_place_is_held_until_the_answer_is_closed(simulator: Simulator, tmp_path: Path) -> None:
    gate, common = Turnstile(1), Turnstile(1)
    login, _ = account(tmp_path, "a", simulator.url)
    async with client(simulator.url, Member(login, Terms("a"), gate), common=common) as made:
        first = await opened(made)
        second = asyncio.create_task(opened(made))
        await asyncio.sleep(0)
        assert made.pool.queue.waiting == 1
        assert (gate.running, len(simulator.requests("generate"))) == (1, 1)
        await first.close()
        await first.close()
        await (await second).close()
    assert (gate.running, common.running) == (0, 0)


def company(simulator: Simulator, folder: Path, name: str, token_type: str = "") -> Member:
    """An Identity Center login of this name, which is its access token, too."""
    simulator.state.logins.accounts[name] = simulated.Account(
        name, "idc", (options.PROFILE_ARN,), token_type=token_type
    )
    simulator.state.logins.give(name, access_tokens=[name])
    path = folder / f"{name}.json"
    client = {"clientId": "c", "clientSecret": "s", "startUrl": "https://d-1.awsapps.com/start"}
    tokens = {"accessToken": name, "refreshToken": f"{name}-r", "expiresAt": "2999-01-01T00:00:00Z"}
    path.write_bytes(jsontext.encode(tokens | client))
    place = JsonFile(path, Wanted(path, None, options.PROFILE_ARN, "us-east-1", None, folder, folder / "state"))
    return Member(Account(place, place.load(), Slow(), base_url=simulator.url), Terms(name))


async def test_a_token_type_that_one_account_tries_is_not_sent_for_the_next_one(
    simulator: Simulator, tmp_path: Path
) -> None:
    members = [company(simulator, tmp_path, "a", "SSO_OIDC"), company(simulator, tmp_path, "b")]
    simulator.push({"status": 500, "body": {"__type": "InternalServerException", "message": "no"}, "times": 3})
    async with client(simulator.url, *members) as made:
        await (await opened(made)).close()
    sent = [(one.account, one.headers.get("tokentype")) for one in simulator.requests("generate")]
    assert sent == [("a", None), *[("a", "SSO_OIDC")] * 3, ("b", None)]


@pytest.mark.parametrize("status", [400, 402, 500])
async def test_a_request_that_failed_holds_no_place(simulator: Simulator, tmp_path: Path, status: int) -> None:
    gate, common = Turnstile(1), Turnstile(1)
    login, _ = account(tmp_path, "a", simulator.url)
    simulator.push({"status": status, "body": {"__type": "x", "message": "no"}, "times": 9})
    async with client(simulator.url, Member(login, Terms("a"), gate), common=common) as made:
        with pytest.raises(UpstreamError):
            await opened(made)
    assert (gate.running, common.running) == (0, 0)


async def test_a_client_that_leaves_while_kiro_is_silent_holds_no_place(simulator: Simulator, tmp_path: Path) -> None:
    gate = Turnstile(1)
    login, _ = account(tmp_path, "a", simulator.url)
    simulator.push({"stall": "headers"})
    async with client(simulator.url, Member(login, Terms("a"), gate)) as made:
        task = asyncio.create_task(opened(made))
        await simulator.until("generate")
        task.cancel()
        await asyncio.wait([task])
    assert gate.running == 0


async def test_the_terms_of_an_account_hold_for_its_requests(simulator: Simulator, tmp_path: Path) -> None:
    login, _ = account(tmp_path, "a", simulator.url)
    terms = Terms("a", preferred_endpoint="ide", headers={"User-Agent": "mine", "Accept-Language": "de"})
    simulator.push(WHOLE)
    async with client(simulator.url, Member(login, terms)) as made:
        await (await opened(made)).close()
    (sent,) = simulator.requests("generate")
    assert (sent.path, sent.headers["user-agent"]) == ("/generateAssistantResponse", "mine")
    assert sent.headers["accept-language"] == "de"


async def test_an_account_whose_refresh_hangs_holds_up_no_request_of_another(
    simulator: Simulator, tmp_path: Path
) -> None:
    hanging, server = account(tmp_path, "a", simulator.url, expires="2000-01-01T00:00:00Z")
    other, _ = account(tmp_path, "b", simulator.url)
    async with client(simulator.url, Member(hanging, Terms("a")), Member(other, Terms("b"))) as made:
        stuck = asyncio.create_task(opened(made))
        await server.asked.wait()
        async with asyncio.timeout(10):
            await (await opened(made)).close()
        stuck.cancel()
        await asyncio.wait([stuck])
        server.open.set()
        await hanging.close()


async def test_each_send_on_each_account_has_a_continuation_id_of_its_own(simulator: Simulator, tmp_path: Path) -> None:
    """And the service takes it: the same ids after a 429 would be refused."""
    logins = [account(tmp_path, name, simulator.url)[0] for name in "ab"]
    trace = Trace()
    simulator.push({"status": 429, "body": {"message": "Slow down.", "reason": None}, "times": 3}, WHOLE)
    async with client(simulator.url, *(Member(login, Terms(login.id)) for login in logins)) as made:
        await (await made.open(draft(), make_answer, trace)).close()
    states = [exchange.json()["conversationState"] for exchange in simulator.requests("generate")]
    assert trace.switches == 1 and len(states) == 4
    assert len({state["agentContinuationId"] for state in states}) == 4
    assert len({state["conversationId"] for state in states}) == 1


async def test_a_quota_that_is_used_up_names_the_day_it_returns(simulator: Simulator, tmp_path: Path) -> None:
    simulator.push(
        {"status": 402, "body": {"message": "You have reached the limit.", "reason": "MONTHLY_REQUEST_COUNT"}}
    )
    member = Member(account(tmp_path, "only", simulator.url)[0], Terms("only"))
    member.allowance = Allowance(used=10.0, granted=10.0, resets_at=1_780_272_000.0)
    trace = Trace()
    async with client(simulator.url, member) as made:
        with pytest.raises(UpstreamError):
            await made.open(draft(), make_answer, trace)
    assert trace.quota_reset == "2026-06-01"
