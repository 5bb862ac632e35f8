"""The accounts put together: names, connections, and logins that cannot be read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.accounts.health import FRESH, AccountState
from gateway.accounts.member import Lease
from gateway.accounts.pacing import UNLIMITED
from gateway.accounts.sources.kiro_ide import JsonFile
from gateway.accounts.sources.source import Wanted
from gateway.accounts.terms import Configured, Terms
from gateway.errors import GatewayError, Trouble
from gateway.fleet import Fleet, assemble
from gateway.settings.table import build
from gateway.simulator.server import Simulator, start
from gateway.upstream.search import WebSearcher
from tests.accounts.pooled import fault, write_login

PROXY = "http://127.0.0.1:9"
TROUBLES = [trouble for trouble in Trouble if trouble not in (Trouble.NONE, Trouble.MODEL)]


def configured(folder: Path, name: str, terms: str | None = None, proxy: str | None = None) -> Configured:
    path = folder / f"{name}.json"
    source = JsonFile(path, Wanted(path, None, None, "us-east-1", None, folder, folder))
    return Configured(source, Terms(terms) if terms else None, proxy)


async def test_accounts_with_the_same_proxy_share_a_connection(tmp_path: Path) -> None:
    for name in "abc":
        write_login(tmp_path / f"{name}.json")
    rows = [configured(tmp_path, name, name, proxy) for name, proxy in zip("abc", (None, PROXY, PROXY), strict=True)]
    fleet = await assemble(build({}), rows, tmp_path)
    ways = fleet.connections
    assert ways["a"] is fleet.common and ways["b"] is ways["c"] is not ways["a"]
    await fleet.close()


async def test_equal_names_get_numbers_and_one_without_a_name_gets_that_of_its_login(tmp_path: Path) -> None:
    for name in "abc":
        write_login(tmp_path / f"{name}.json")
    rows = [configured(tmp_path, "a", "x"), configured(tmp_path, "b", "x"), configured(tmp_path, "c")]
    fleet = await assemble(build({}), rows, tmp_path)
    names = [member.name for member in fleet.pool.members]
    assert names[:2] == ["x", "x-2"] and names[2].startswith("social-")
    await fleet.close()


async def test_login_whose_token_server_hangs_holds_up_no_other_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "logins").mkdir()
    for name in "ab":
        write_login(tmp_path / "logins" / f"{name}.json", name, expires_at=1.0)
    simulator = await start()
    simulator.push({"on": "refresh", "granted": True, "gate": "hangs"})
    rows = [configured(tmp_path / "logins", name, name) for name in "ab"]
    fleet = await assemble(build({"upstream.base_url": simulator.url}), rows, tmp_path)
    first, second = (member.account for member in fleet.pool.members)
    hanging = asyncio.create_task(first.identity())
    await simulator.until("refresh")
    async with asyncio.timeout(10):  # alone it would wait for the folder for 35 s
        assert (await second.identity()).access_token != "aoab"
    assert not hanging.done()
    simulator.open("hangs")
    assert (await hanging).access_token != "aoaa"
    await fleet.close()
    await simulator.stop()


async def test_a_login_that_cannot_be_read_is_parked_until_it_can_and_the_others_serve(tmp_path: Path) -> None:
    write_login(tmp_path / "b.json")
    fleet = await assemble(build({}), [configured(tmp_path, "a", "a"), configured(tmp_path, "b", "b")], tmp_path)
    broken = fleet.pool.members[0]
    assert (broken.health.state, "no credentials file" in broken.health.message) == (AccountState.LOGIN_DEAD, True)
    assert (await fleet.pool.visit("c", "m")).count == 1
    write_login(tmp_path / "a.json")
    assert await fleet.pool.reload(broken)
    assert (await fleet.pool.visit("c", "m")).count == 2
    await fleet.close()


async def test_without_any_login_that_can_be_read_there_is_no_start(tmp_path: Path) -> None:
    with pytest.raises(GatewayError, match="no credentials file"):
        await assemble(build({}), [configured(tmp_path, "a", "a")], tmp_path)


async def test_the_state_is_found_again(tmp_path: Path) -> None:
    write_login(tmp_path / "a.json")
    first = await assemble(build({}), [configured(tmp_path, "a", "a")], tmp_path)
    first.pool.disable(first.pool.members[0])
    await first.close()
    second = await assemble(build({}), [configured(tmp_path, "a", "renamed")], tmp_path)
    assert second.pool.members[0].health.disabled
    await second.close()


async def test_login_that_is_added_twice_at_once_is_one_account(tmp_path: Path) -> None:
    for name in "ab":
        write_login(tmp_path / f"{name}.json")
    fleet = await assemble(build({}), [configured(tmp_path, "a", "a")], tmp_path)
    await asyncio.gather(*(fleet.add(configured(tmp_path, "b", "b")) for _ in range(5)))
    assert [member.name for member in fleet.pool.members] == ["a", "b"]
    await fleet.close()


@pytest.mark.parametrize("trouble", [None, *TROUBLES], ids=str)
async def test_renewed_login_is_loaded_at_once_whatever_the_state_of_the_account(
    tmp_path: Path, trouble: Trouble | None
) -> None:
    write_login(tmp_path / "a.json", expires_at=4e9)
    fleet = await assemble(build({}), [configured(tmp_path, "a", "a")], tmp_path)
    [member] = fleet.pool.members
    if trouble is not None:
        for _ in range(3):
            lease = Lease(member, UNLIMITED, probe=False)
            fleet.pool.failed(lease, "m", fault(trouble), trouble)
            lease.release()
    write_login(tmp_path / "a.json", "New", expires_at=4e9)
    await fleet.add(configured(tmp_path, "a", "a"))
    assert member.account.credentials.access_token == "aoaNew"
    assert (await member.account.identity()).access_token == "aoaNew"
    usable = trouble not in (Trouble.RESTRICTED, Trouble.THROTTLED, Trouble.PROFILE_THROTTLED)
    assert bool(fleet.pool.order("c", "m", ())) is usable
    await fleet.close()


async def test_login_that_changes_in_its_place_is_not_kept_with_the_old_ones_failures(tmp_path: Path) -> None:
    write_login(tmp_path / "a.json", expires_at=4e9)
    fleet = await assemble(build({}), [configured(tmp_path, "a", "a")], tmp_path)
    [member] = fleet.pool.members
    older = Lease(member, UNLIMITED, probe=False)
    write_login(tmp_path / "a.json", "New", expires_at=4e9)
    assert await fleet.pool.reload(member)
    fleet.pool.failed(older, "m", fault(Trouble.LOGIN), Trouble.LOGIN)
    assert member.health is FRESH
    assert not await fleet.pool.reload(member)
    await fleet.close()


@asynccontextmanager
async def one_account(folder: Path) -> AsyncIterator[tuple[Fleet, Simulator]]:
    """A fleet of one account at a simulator."""
    simulator = await start()
    simulator.state.logins.learn(access_tokens=["aoaOld"])
    write_login(folder / "a.json", expires_at=4e9)
    fleet = await assemble(build({"upstream.base_url": simulator.url}), [configured(folder, "a", "a")], folder)
    try:
        yield fleet, simulator
    finally:
        await fleet.close()
        await simulator.stop()


async def test_credits_measured_in_the_background_are_not_asked_for_again_by_a_user(tmp_path: Path) -> None:
    async with one_account(tmp_path) as (fleet, simulator):
        [member] = fleet.pool.members
        await fleet.upkeep.measure(member)
        reading = await fleet.usages.of("a")
        await fleet.upkeep.measure(member)
        assert member.allowance and reading.limits and reading.limits.credits
        assert member.allowance.granted == reading.limits.credits.all_limit
        assert len(simulator.requests("usage")) == 1


async def test_answer_about_credits_that_is_served_again_does_not_end_a_newer_refusal(tmp_path: Path) -> None:
    async with one_account(tmp_path) as (fleet, _):
        [member] = fleet.pool.members
        await fleet.usages.of("a")
        lease = Lease(member, UNLIMITED, probe=False)
        fleet.pool.failed(lease, "m", fault(Trouble.MONTH), Trouble.MONTH)
        lease.release()
        await fleet.upkeep.measure(member)
        assert member.health.state is AccountState.QUOTA_EXHAUSTED


async def test_nothing_is_sent_for_a_suspended_account_before_and_after_a_restart(tmp_path: Path) -> None:
    async with one_account(tmp_path) as (fleet, simulator):
        [member] = fleet.pool.members
        lease = Lease(member, UNLIMITED, probe=False)
        fleet.pool.failed(lease, "m", fault(Trouble.SUSPENDED), Trouble.SUSPENDED)
        lease.release()
        await ask_for_everything(fleet)
        await fleet.upkeep.close()
        assert simulator.requests() == []
    async with one_account(tmp_path) as (fleet, simulator):
        assert fleet.pool.members[0].health.state is AccountState.SUSPENDED
        await ask_for_everything(fleet)
        assert simulator.requests() == []


async def ask_for_everything(fleet: Fleet) -> None:
    """All that is sent for an account beside answers; each of them fails."""
    [member] = fleet.pool.members
    reading = await fleet.usages.of("a")
    assert reading.error is not None and "fault suspended" in reading.error.message
    await fleet.upkeep.measure(member)
    await fleet.upkeep.look_after(member)
    searcher = WebSearcher(fleet.pool, fleet.connections, base_url=fleet.base_url)
    for work in (fleet.models(), fleet.pool.visit("c", "m"), searcher.search("kiro", "a")):
        with pytest.raises(GatewayError):
            await work


@pytest.mark.parametrize("call", ["models", "usage", "mcp"])
async def test_suspension_met_by_another_call_disables_the_account_too(tmp_path: Path, call: str) -> None:
    body = {"message": "Your User ID temporarily is suspended.", "reason": "TEMPORARILY_SUSPENDED"}
    async with one_account(tmp_path) as (fleet, simulator):
        simulator.push({"on": call, "status": 403, "body": body, "times": 9})
        searcher = WebSearcher(fleet.pool, fleet.connections, base_url=fleet.base_url)
        with capture_logs() as logs:
            for _ in range(2):
                if call == "usage":
                    assert (await fleet.usages.of("a")).error is not None
                    continue
                with pytest.raises(GatewayError):
                    await (fleet.models() if call == "models" else searcher.search("kiro", "a"))
        assert fleet.pool.members[0].health.state is AccountState.SUSPENDED
        assert len(simulator.requests(call)) == 1
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["account_suspended"]
