"""What the pool does by itself, with a sleep that the test lets go."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.accounts.health import AccountState, Health, Now
from gateway.accounts.member import Member
from gateway.accounts.pool import Pool
from gateway.accounts.state import StateFile
from gateway.accounts.upkeep import WATCH, Upkeep
from gateway.errors import GatewayError, Kind
from tests.accounts.pooled import NOW, Time, pool, write_login


class Asked:
    """Stands for Kiro's usage answer."""

    def __init__(self, error: GatewayError | None = None) -> None:
        self.error = error
        self.names: list[str] = []

    async def __call__(self, member: Member) -> None:
        self.names.append(member.name)
        if self.error is not None:
            raise self.error


async def never(_seconds: float) -> None:
    await asyncio.Event().wait()


def upkeep(accounts: Pool, folder: Path, asked: Asked | None = None) -> Upkeep:
    return Upkeep(accounts, StateFile(folder), measure=asked or Asked(), dice=lambda: 0.0, sleep=never)


async def test_a_token_near_its_end_is_renewed_though_nobody_asks(tmp_path: Path) -> None:
    write_login(tmp_path / "a.json", expires_at=NOW + 500)
    accounts = pool(tmp_path, "a")
    await upkeep(accounts, tmp_path).look_after(accounts.members[0])
    account = accounts.members[0].account
    assert (account.credentials.access_token, account.refreshed_at) == ("aoaNew", NOW)


@pytest.mark.parametrize("left", [3000, 700])
async def test_a_token_with_time_left_is_let_alone(tmp_path: Path, left: int) -> None:
    write_login(tmp_path / "a.json", expires_at=NOW + left)
    accounts = pool(tmp_path, "a")
    await upkeep(accounts, tmp_path).look_after(accounts.members[0])
    assert accounts.members[0].account.credentials.access_token == "aoaOld"


async def test_a_token_refreshed_just_now_is_not_refreshed_again_whatever_its_expiry(tmp_path: Path) -> None:
    time = Time()
    write_login(tmp_path / "a.json", expires_at=NOW + 500)
    accounts = pool(tmp_path, "a", time)
    keeper, account = upkeep(accounts, tmp_path), accounts.members[0].account
    await keeper.look_after(accounts.members[0])
    time.now += 29
    generation = account.generation
    await keeper.look_after(accounts.members[0])
    assert account.generation == generation


async def test_a_parked_login_is_not_refreshed_but_looked_at(tmp_path: Path) -> None:
    write_login(tmp_path / "a.json", expires_at=NOW - 5)
    accounts = pool(tmp_path, "a")
    first = accounts.members[0]
    first.health = Health(AccountState.LOGIN_DEAD, login=first.login)
    await upkeep(accounts, tmp_path).look_after(first)
    assert (first.health.state, first.account.generation) == (AccountState.LOGIN_DEAD, 0)
    write_login(tmp_path / "a.json", "New")
    await upkeep(accounts, tmp_path).look_after(first)
    assert first.health.state is not AccountState.LOGIN_DEAD


async def test_credits_that_kiro_does_not_tell_are_no_fault_of_the_account(tmp_path: Path) -> None:
    accounts = pool(tmp_path)
    await upkeep(accounts, tmp_path, Asked(GatewayError(Kind.UPSTREAM, "no"))).measure(accounts.members[1])
    assert accounts.members[1].health == Health()


@pytest.mark.parametrize(("names", "asked"), [("a", []), ("ab", ["a", "b"])])
async def test_credits_are_asked_for_where_they_decide_something(tmp_path: Path, names: str, asked: list[str]) -> None:
    seen = Asked()
    keeper = upkeep(pool(tmp_path, names), tmp_path, seen)
    keeper.start()
    await asyncio.sleep(0)
    await keeper.close()
    assert seen.names == asked


@pytest.mark.parametrize("state", [AccountState.SUSPENDED, AccountState.LOGIN_DEAD, AccountState.RESTRICTED])
async def test_account_that_kiro_has_closed_is_not_asked_for_its_credits(tmp_path: Path, state: AccountState) -> None:
    accounts, seen = pool(tmp_path), Asked()
    accounts.members[0].health = Health(state)
    await upkeep(accounts, tmp_path, seen).measure(accounts.members[0])
    assert seen.names == []


async def test_closing_keeps_what_has_changed_and_writes_nothing_else(tmp_path: Path) -> None:
    accounts = pool(tmp_path)
    await upkeep(accounts, tmp_path / "own").close()
    assert not (tmp_path / "own").exists()
    accounts.disable(accounts.members[0])
    await upkeep(accounts, tmp_path / "own").close()
    assert list(StateFile(tmp_path / "own").load(Now(NOW, NOW)).values()) == [Health(disabled=True)]


async def test_a_state_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    accounts = pool(tmp_path)
    accounts.disable(accounts.members[0])
    (tmp_path / "file").write_text("in the way")
    await upkeep(accounts, tmp_path / "file").close()
    assert accounts.changed


async def test_what_a_crash_left_in_the_journal_is_brought_home_at_the_start(tmp_path: Path) -> None:
    accounts = pool(tmp_path, "a")
    account = accounts.members[0].account
    entry = account.source.journal.reserve("aorOld")
    entry.write(replace(account.credentials, refresh_token="aorJournal"))
    entry.close()
    keeper = upkeep(accounts, tmp_path)
    keeper.start()
    await asyncio.sleep(0)
    await keeper.close()
    await accounts.close()
    assert b"aorJournal" in (tmp_path / "a.json").read_bytes()


async def test_login_that_another_program_renews_is_loaded_though_the_account_is_healthy(tmp_path: Path) -> None:
    accounts = pool(tmp_path, "a")
    [member] = accounts.members
    looked, go_on = asyncio.Event(), asyncio.Event()

    async def sleep(seconds: float) -> None:
        if seconds != WATCH:
            await asyncio.Event().wait()
        looked.set()
        await go_on.wait()
        go_on.clear()

    keeper = Upkeep(accounts, StateFile(tmp_path / "own"), measure=Asked(), dice=lambda: 0.0, sleep=sleep)
    keeper.start()
    await looked.wait()
    assert member.account.credentials.access_token == "aoaOld"
    write_login(tmp_path / "a.json", "New")
    looked.clear()
    go_on.set()
    await looked.wait()
    assert member.account.credentials.access_token == "aoaNew"
    await keeper.close()


async def test_token_that_this_process_has_refreshed_is_no_new_login(tmp_path: Path) -> None:
    write_login(tmp_path / "a.json", expires_at=NOW + 500)
    accounts = pool(tmp_path, "a")
    [member] = accounts.members
    await upkeep(accounts, tmp_path).look_after(member)
    resets = member.resets
    assert not await accounts.reload(member) and member.resets == resets
