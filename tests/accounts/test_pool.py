"""The pool: who is given to whom, and that nothing of it is lost."""

import asyncio
import json
from pathlib import Path

import pytest

from gateway.accounts.account import Account
from gateway.accounts.clock import Clock
from gateway.accounts.credentials import Credentials
from gateway.accounts.health import AccountState, Allowance, Health
from gateway.accounts.member import Lease, Member
from gateway.accounts.pacing import Turnstile
from gateway.accounts.pool import REMEMBERED, Pool
from gateway.accounts.profile import Listing
from gateway.accounts.sources.kiro_ide import JsonFile
from gateway.accounts.sources.source import Wanted
from gateway.accounts.terms import Terms
from gateway.errors import GatewayError, Kind, Trouble
from gateway.kiro.endpoints import Identity
from tests.accounts.pooled import NOW, Time, fault, granted, member, pool, write_login

ARN = "arn:aws:codewhisperer:us-east-1:123456789012:profile/LISTED"
IDC = {"clientId": "c", "clientSecret": "s", "startUrl": "https://d-1.awsapps.com/start"}


async def serve(accounts: Pool, conversation: str = "c", model: str = "m") -> str:
    """A request that is answered; the account's name."""
    visit = await accounts.visit(conversation, model)
    lease = await visit.next()
    assert lease is not None
    visit.answered(lease)
    lease.release()
    return lease.terms.name


async def fail(accounts: Pool, *troubles: Trouble, conversation: str = "c") -> str:
    """A request that meets a fault on each account it comes to; the names."""
    visit = await accounts.visit(conversation, "m")
    names = ""
    for trouble in troubles:
        lease = await visit.next()
        if lease is None:
            break
        names += lease.terms.name
        visit.failed(lease, fault(trouble))
        lease.release()
    return names


async def test_new_conversations_go_round(tmp_path: Path) -> None:
    accounts = pool(tmp_path, "abc")
    assert [await serve(accounts, str(number)) for number in range(6)] == list("abcabc")


async def test_a_conversation_stays_with_its_account(tmp_path: Path) -> None:
    accounts = pool(tmp_path)
    assert [await serve(accounts, name) for name in "xyxyxx"] == list("ababaa")


async def test_after_a_failover_it_stays_with_the_one_that_answered(tmp_path: Path) -> None:
    accounts = pool(tmp_path)
    assert await serve(accounts) == "a"
    assert await fail(accounts, Trouble.BUSY) == "a"
    visit = await accounts.visit("c", "m")
    assert visit.count == 2
    first, second = await visit.next(), await visit.next()
    assert isinstance(first, Lease) and isinstance(second, Lease) and await visit.next() is None
    visit.answered(second)
    assert (first.terms.name, second.terms.name, await serve(accounts)) == ("a", "b", "b")


async def test_the_conversation_longest_unused_is_forgotten_first(tmp_path: Path) -> None:
    accounts = pool(tmp_path)
    home = await serve(accounts, "mine")
    for number in range(REMEMBERED):
        await serve(accounts, str(number))
        assert number % 1000 or await serve(accounts, "mine") == home
    assert len(accounts._sticky) == REMEMBERED


@pytest.mark.parametrize(
    ("trouble", "state"),
    [
        (Trouble.MONTH, AccountState.QUOTA_EXHAUSTED),
        (Trouble.SUSPENDED, AccountState.SUSPENDED),
        (Trouble.LOGIN, AccountState.LOGIN_DEAD),
        (Trouble.DAY, AccountState.DAILY_LIMIT),
    ],
)
async def test_an_account_that_is_out_is_not_asked_and_all_out_is_told(
    tmp_path: Path, trouble: Trouble, state: AccountState
) -> None:
    accounts = pool(tmp_path)
    assert await fail(accounts, trouble, trouble) == "ab"
    assert [one.health.state for one in accounts.members] == [state, state]
    with pytest.raises(GatewayError, match=r"a: .* b: ") as caught:
        await accounts.visit("c", "m")
    assert (caught.value.kind, caught.value.status) == (Kind.OVERLOADED, 503)


async def test_one_probe_at_a_time_when_the_rest_is_over(tmp_path: Path) -> None:
    time = Time()
    accounts = pool(tmp_path, "a", time)
    for _ in range(3):
        await fail(accounts, Trouble.BUSY)
    time.now += 60
    visit = await accounts.visit("c", "m")
    probe = await visit.next()
    with pytest.raises(GatewayError, match="one request is probing"):
        await accounts.visit("d", "m")
    assert probe is not None
    probe.release()
    assert await serve(accounts) == "a"
    assert await asyncio.gather(*(serve(accounts, name) for name in "xyz")) == ["a"] * 3


async def test_a_failing_service_is_probed_every_second_where_there_is_no_other_account(tmp_path: Path) -> None:
    time = Time()
    accounts = pool(tmp_path, "a", time)
    for _ in range(3):
        await fail(accounts, Trouble.FAILING)
    with pytest.raises(GatewayError, match="cools down for 60 s"):
        await accounts.visit("c", "m")
    time.now += 1
    assert await serve(accounts) == "a"


async def test_a_model_that_a_plan_lacks_goes_elsewhere_first_and_is_tried_again_if_nobody_else_has_it(
    tmp_path: Path,
) -> None:
    accounts = pool(tmp_path)
    assert await fail(accounts, Trouble.MODEL) == "a"
    assert [await serve(accounts, name) for name in "xyz"] == ["b", "b", "b"]
    assert await serve(accounts, "x", "other") == "b"
    accounts.disable(accounts.members[1])
    assert await serve(accounts, "w") == "a"


async def test_a_new_login_in_the_source_ends_the_parking_at_the_next_request(tmp_path: Path) -> None:
    accounts = pool(tmp_path, "a")
    await fail(accounts, Trouble.LOGIN)
    with pytest.raises(GatewayError, match="login is dead"):
        await accounts.visit("c", "m")
    write_login(tmp_path / "a.json", "New")
    assert await serve(accounts) == "a"
    assert accounts.members[0].health.state is AccountState.ACTIVE


async def test_enable_and_disable_are_the_users_last_word(tmp_path: Path) -> None:
    accounts = pool(tmp_path)
    first, second = accounts.members
    accounts.disable(first)
    assert [await serve(accounts, name) for name in "xyz"] == ["b", "b", "b"]
    await fail(accounts, Trouble.SUSPENDED, conversation="x")
    accounts.enable(first)
    accounts.enable(second)
    assert {await serve(accounts, name) for name in "vw"} == {"a", "b"}


async def test_credits_used_up_take_an_account_out_and_new_ones_bring_it_back(tmp_path: Path) -> None:
    accounts = pool(tmp_path)
    first = accounts.members[0]
    accounts.learn(first, Allowance(1000, 1000, NOW + 999), first.mark)
    assert [await serve(accounts, name) for name in "xy"] == ["b", "b"]
    accounts.learn(first, Allowance(0, 1000), first.mark)
    assert await serve(accounts, "z") == "a"


async def test_what_was_kept_holds_in_the_next_pool(tmp_path: Path) -> None:
    before = pool(tmp_path)
    await fail(before, Trouble.MONTH)
    assert before.changed
    after = pool(tmp_path, healths=before.healths())
    assert [await serve(after, name) for name in "xy"] == ["b", "b"]
    assert after.members[1].health is not Health()


async def test_accounts_are_found_by_name_and_by_number(tmp_path: Path) -> None:
    accounts = pool(tmp_path)
    first, second = accounts.members
    assert [accounts.find(key) for key in ("b", "0", "2", "x")] == [second, first, None, None]


async def test_a_client_that_leaves_the_queue_takes_no_place_along(tmp_path: Path) -> None:
    time = Time()
    gate, common = Turnstile(1), Turnstile(2)
    accounts = Pool([member(tmp_path, "a", time, pacer=gate)], pacer=common)
    first = await (await accounts.visit("c", "m")).next()
    assert first is not None
    waiting = asyncio.create_task((await accounts.visit("d", "m")).next())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    first.release()
    first.release()
    assert (gate.running, accounts.queue.waiting, common.running, accounts.members[0].running) == (0, 0, 0, 0)


@pytest.mark.parametrize("ahead", [True, False])
async def test_whoever_waited_while_the_account_went_out_goes_to_another_or_is_told(
    tmp_path: Path, ahead: bool
) -> None:
    time = Time()
    gate = Turnstile(1)
    members = [member(tmp_path, "a", time, pacer=gate, priority=-1)]
    accounts = Pool(members)
    holder = await accounts.visit("c", "m")
    first = await holder.next()
    visit = await accounts.visit("d", "m")
    waiting = asyncio.create_task(visit.next())
    await asyncio.sleep(0)
    if ahead:
        accounts.add(member(tmp_path, "b", time))
    assert first is not None
    holder.failed(first, fault(Trouble.SUSPENDED))
    first.release()
    outcome = (await asyncio.gather(waiting, return_exceptions=True))[0]
    assert isinstance(outcome, Lease if ahead else GatewayError)
    assert gate.running == 0


async def test_a_full_account_hands_new_conversations_to_a_free_one(tmp_path: Path) -> None:
    time = Time()
    accounts = Pool([member(tmp_path, "a", time, pacer=Turnstile(1)), member(tmp_path, "b", time, priority=9)])
    held = await (await accounts.visit("c", "m")).next()
    assert held is not None and held.terms.name == "a"
    assert await serve(accounts, "d") == "b"


class CountedFile(JsonFile):
    """Counts how often it is read."""

    loads = 0

    def load(self) -> Credentials:
        CountedFile.loads += 1
        return super().load()


async def test_requests_that_wait_for_a_new_login_read_it_once(tmp_path: Path) -> None:
    accounts = Pool([member(tmp_path, "a", Time(), kind=CountedFile)])
    await fail(accounts, Trouble.LOGIN)
    CountedFile.loads = 0
    outcomes = await asyncio.gather(*(accounts.visit(str(n), "m") for n in range(100)), return_exceptions=True)
    assert all(isinstance(outcome, GatewayError) for outcome in outcomes)
    assert CountedFile.loads == 1


async def test_limit_of_a_profile_reaches_an_account_that_has_sent_nothing_yet(tmp_path: Path) -> None:
    """Kiro listed the profile; the logins name none."""

    async def listed(_identity: Identity) -> Listing:
        return Listing((ARN,))

    members = []
    for name in "ab":
        path = tmp_path / f"{name}.json"
        path.write_text(
            json.dumps({"accessToken": f"aoa{name}", "refreshToken": "aor", "expiresAt": NOW + 3000, **IDC})
        )
        place = JsonFile(path, Wanted(path, None, None, "us-east-1", None, tmp_path, tmp_path))
        login = Account(place, place.load(), granted, clock=Clock(Time(), Time()), profiles=listed)
        members.append(Member(login, Terms(name)))
    accounts = Pool(members, clock=Clock(Time(), Time()))
    for one in members:
        assert (await one.account.identity()).profile_arn == ARN
    assert await fail(accounts, Trouble.PROFILE_THROTTLED) == "a"
    assert [one.health.state for one in members] == [AccountState.THROTTLED] * 2
