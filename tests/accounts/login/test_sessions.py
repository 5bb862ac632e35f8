"""Logins over HTTP: bounded, each with a task that is ended with it, forgotten some time after their end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

import pytest

from gateway.accounts.login.device import NewLogin
from gateway.accounts.login.oidc import OidcWay
from gateway.accounts.login.sessions import KEPT, MOST_OPEN, Session, Sessions
from gateway.accounts.refresh.grant import TokenAnswer, TokenCall
from gateway.errors import GatewayError, Kind, UpstreamError
from tests.accounts.login.scripted import BEGUN, REGISTERED, TOKENS, answer, refusal


@dataclass
class Rig:
    """A login service whose decision a test sets, a clock, and what was kept."""

    verdict: TokenAnswer = field(default_factory=lambda: refusal("authorization_pending"))
    now: float = 0.0
    kept: list[tuple[NewLogin, str | None]] = field(default_factory=list)
    fault: Exception | None = None
    keeping: asyncio.Event = field(default_factory=asyncio.Event)
    may_keep: asyncio.Event = field(default_factory=asyncio.Event)

    async def post(self, call: TokenCall) -> TokenAnswer:
        if call.url.endswith("/client/register"):
            return answer(200, REGISTERED)
        return answer(200, BEGUN) if call.url.endswith("/device_authorization") else self.verdict

    async def keep(self, new: NewLogin, name: str | None) -> str:
        self.keeping.set()
        await self.may_keep.wait()
        if self.fault:
            raise self.fault
        self.kept.append((new, name))
        return name or new.name

    async def sleep(self, _: float) -> None:
        await asyncio.sleep(0)

    def clock(self) -> float:
        return self.now


@asynccontextmanager
async def sessions(rig: Rig) -> AsyncIterator[Sessions]:
    rig.may_keep.set()
    ids: Callable[[], str] = map(str, count()).__next__
    made = Sessions(rig.post, rig.keep, ids, sleep=rig.sleep, clock=rig.clock)
    yield made
    await made.close()


async def over(session: Session) -> Session:
    assert session.task
    await asyncio.wait({session.task}, timeout=30)
    return session


async def test_a_login_is_pending_until_the_user_has_agreed_and_then_kept() -> None:
    async with sessions(rig := Rig()) as made:
        session = await made.begin(OidcWay(), "work")
        assert (session.state, made.seconds_left(session)) == ("pending", 600)
        rig.verdict = answer(200, TOKENS)
        await over(session)
        assert (session.state, session.account, made.seconds_left(session)) == ("complete", "work", 0)
        assert [(new.credentials.kind, name) for new, name in rig.kept] == [("builder_id", "work")]


@pytest.mark.parametrize(
    ("word", "state"), [("access_denied", "denied"), ("expired_token", "expired"), ("invalid_client", "error")]
)
async def test_every_other_end_is_told_with_its_words(word: str, state: str) -> None:
    async with sessions(rig := Rig()) as made:
        rig.verdict = refusal(word)
        session = await over(await made.begin(OidcWay()))
        assert session.state == state
        assert session.message
        assert made.find(session.id) is session


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), GatewayError(Kind.AUTHENTICATION, "no")])
async def test_a_login_that_cannot_be_kept_is_an_error(fault: Exception) -> None:
    async with sessions(rig := Rig(fault=fault)) as made:
        rig.verdict = answer(200, TOKENS)
        session = await over(await made.begin(OidcWay()))
        assert session.state == "error"
        assert session.message


async def test_cancelling_ends_the_task_and_forgets_the_login() -> None:
    async with sessions(Rig()) as made:
        session = await made.begin(OidcWay())
        await made.cancel(session.id)
        assert session.task
        assert session.task.cancelled()
        with pytest.raises(GatewayError) as caught:
            made.find(session.id)
        assert caught.value.kind is Kind.NOT_FOUND


async def test_a_login_that_was_given_is_kept_even_when_it_is_cancelled_just_then() -> None:
    async with sessions(rig := Rig()) as made:
        rig.may_keep.clear()
        rig.verdict = answer(200, TOKENS)
        session = await made.begin(OidcWay())
        await rig.keeping.wait()
        ending = asyncio.ensure_future(made.cancel(session.id))
        await asyncio.sleep(0)
        assert not ending.done()
        rig.may_keep.set()
        await ending
        assert len(rig.kept) == 1


async def test_only_so_many_are_under_way_at_once() -> None:
    async with sessions(Rig()) as made:
        begun = [await made.begin(OidcWay()) for _ in range(MOST_OPEN)]
        with pytest.raises(GatewayError) as caught:
            await made.begin(OidcWay())
        assert caught.value.kind is Kind.RATE_LIMIT
        await made.cancel(begun[0].id)
        assert await made.begin(OidcWay())


async def test_an_ended_login_is_forgotten_some_time_later() -> None:
    async with sessions(rig := Rig()) as made:
        rig.verdict = refusal("access_denied")
        session = await over(await made.begin(OidcWay()))
        rig.now += KEPT
        assert made.find(session.id)
        rig.now += 1
        with pytest.raises(GatewayError):
            made.find(session.id)


async def test_closing_ends_every_task() -> None:
    async with sessions(Rig()) as made:
        begun = [await made.begin(OidcWay()) for _ in range(3)]
    assert all(session.task and session.task.cancelled() for session in begun)


async def test_a_service_that_does_not_begin_is_an_upstream_fault_and_takes_no_place() -> None:
    async def unwilling(_: TokenCall) -> TokenAnswer:
        return refusal("invalid_request")

    made = Sessions(unwilling, Rig().keep, lambda: "id")
    for _ in range(MOST_OPEN + 1):
        with pytest.raises(GatewayError) as caught:
            await made.begin(OidcWay())
        assert caught.value.kind is Kind.UPSTREAM


async def test_a_network_that_is_gone_at_the_beginning_is_told() -> None:
    async def gone(_: TokenCall) -> TokenAnswer:
        raise UpstreamError(Kind.UPSTREAM, "no network")

    with pytest.raises(UpstreamError):
        await Sessions(gone, Rig().keep, lambda: "id").begin(OidcWay())
