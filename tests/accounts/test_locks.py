"""Waiting for another program's lock on a login: no thread sleeps, nothing stays locked, nobody starves."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway import jsontext
from gateway.accounts import filelocks
from gateway.accounts.account import Account
from gateway.accounts.clock import Clock
from gateway.accounts.filelocks import FOLDER, HeldLock, LockTaken, LockTarget, side_file, taken
from gateway.accounts.locks import JOIN, PAUSE, POLL, Attempt, FolderLocks, LoginLock, retried
from gateway.accounts.sources import own
from gateway.accounts.sources.kiro_ide import JsonFile
from gateway.accounts.sources.source import Wanted
from gateway.threads import Threads
from tests.accounts.pooled import granted

CEILING = 30.0
LIMIT = 600.0


class Sleeps:
    """A clock that goes by sleeping only; the first sleep can be waited for, and the others go on at once."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self.waits = asyncio.Event()
        self.clock = Clock(lambda: self.now, lambda: self.now, self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        self.waits.set()
        await asyncio.sleep(0)


@pytest.fixture
async def threads() -> AsyncIterator[Threads]:
    made = Threads("test", 1)
    yield made
    made.close()


def foreign(path: Path) -> HeldLock:
    """The lock of another program."""
    return taken([side_file(path)])


def foreign_folder(path: Path) -> HeldLock:
    """Another program's lock on a folder."""
    return taken([LockTarget(path / "login.json", FOLDER)])


def at(folder: Path) -> list[list[LockTarget]]:
    """The only lock there is to choose."""
    return [[side_file(folder / "login")]]


def is_free(path: Path) -> bool:
    try:
        lock = taken([side_file(path)])
    except LockTaken:
        return False
    lock.release()
    return True


def account(folder: Path, name: str, threads: Threads | None = None) -> Account:
    """An account with a token that has ended, in a folder of its own, and the default limit for its lock."""
    path = folder / name / "login.json"
    path.parent.mkdir()
    path.write_bytes(jsontext.encode({"accessToken": "aoaOld", "refreshToken": "aorOld", "expiresAt": 1}))
    place = JsonFile(path, Wanted(path, None, None, "us-east-1", None, folder, folder / "state"))
    return Account(place, place.load(), granted, threads=threads)


async def test_forty_accounts_that_wait_for_locks_do_not_hold_up_another(tmp_path: Path) -> None:
    names = [f"login{number}" for number in range(40)]
    accounts = [account(tmp_path, name) for name in [*names, "free"]]
    held = [foreign_folder(tmp_path / name) for name in names]
    waiting = [asyncio.create_task(one.identity()) for one in accounts[:-1]]
    try:
        async with asyncio.timeout(10):
            assert (await accounts[-1].identity()).access_token == "aoaNew"
        assert not any(task.done() for task in waiting)
    finally:
        for lock in held:
            lock.release()
    assert {(await task).access_token for task in waiting} == {"aoaNew"}


async def test_a_refresh_that_waits_for_a_foreign_lock_holds_no_thread(tmp_path: Path, threads: Threads) -> None:
    mine = account(tmp_path, "login", threads)
    held = foreign_folder(tmp_path / "login")
    waiting = asyncio.create_task(mine.identity())
    for _ in range(3):  # the account has one thread: it reads while the refresh waits
        assert (await threads.run(mine.source.load)).refresh_token == "aorOld"
        await asyncio.sleep(POLL)
    assert not waiting.done()
    held.release()
    assert (await waiting).access_token == "aoaNew"


async def test_a_lock_that_is_free_is_taken_without_a_sleep(tmp_path: Path, threads: Threads) -> None:
    time = Sleeps()
    lock = LoginLock(threads, time.clock)
    got = await lock.acquire(at(tmp_path), limit=LIMIT)
    assert not is_free(tmp_path / "login")
    await lock.release(got)
    assert is_free(tmp_path / "login") and time.slept == []


async def test_after_the_limit_it_is_given_up(tmp_path: Path, threads: Threads) -> None:
    held, time = foreign(tmp_path / "login"), Sleeps()
    with pytest.raises(LockTaken):
        await LoginLock(threads, time.clock).acquire(at(tmp_path), limit=35.0)
    assert time.now == pytest.approx(1035.0)
    held.release()


async def test_a_waiter_gets_the_lock_when_it_becomes_free(tmp_path: Path, threads: Threads) -> None:
    held, time = foreign(tmp_path / "login"), Sleeps()
    waiting = asyncio.create_task(LoginLock(threads, time.clock).acquire(at(tmp_path), limit=LIMIT))
    await time.waits.wait()
    held.release()
    (await waiting).release()


@pytest.mark.parametrize("jitter", [0.0, 0.5, 0.999])
async def test_the_last_holder_tries_again_only_after_every_waiter_has_tried(
    tmp_path: Path, threads: Threads, jitter: float
) -> None:
    held, time = foreign(tmp_path / "login"), Sleeps()
    with pytest.raises(LockTaken):
        await LoginLock(threads, time.clock, jitter=lambda: jitter).acquire(at(tmp_path), limit=1.0)
    assert POLL / 2 <= max(time.slept) <= PAUSE
    held.release()

    again = Sleeps()
    last = LoginLock(threads, again.clock)
    for _ in range(2):
        await last.release(await last.acquire(at(tmp_path), limit=1.0))
    assert again.slept == [pytest.approx(PAUSE)]


def test_a_lock_that_came_after_its_waiter_had_left_is_given_back(tmp_path: Path) -> None:
    attempt = Attempt(at(tmp_path))
    attempt.abandon()
    with pytest.raises(LockTaken):
        attempt.run()
    assert is_free(tmp_path / "login")


def test_a_lock_that_came_just_before_its_waiter_left_is_given_back(tmp_path: Path) -> None:
    attempt = Attempt(at(tmp_path))
    attempt.run()
    assert not is_free(tmp_path / "login")
    attempt.abandon()
    assert is_free(tmp_path / "login")


@pytest.mark.parametrize("steps", range(8))
async def test_wherever_a_waiter_is_cancelled_it_leaves_no_lock(tmp_path: Path, threads: Threads, steps: int) -> None:
    waiting = asyncio.create_task(LoginLock(threads, Clock()).acquire(at(tmp_path), limit=LIMIT))
    for _ in range(steps):
        await asyncio.sleep(0)
    waiting.cancel()
    done, _ = await asyncio.wait({waiting})
    await threads.run(int)  # what the thread was at is over then
    if not waiting.cancelled():
        waiting.result().release()
    assert done and is_free(tmp_path / "login")


async def test_a_lock_is_given_back_though_the_one_who_gives_it_is_cancelled(tmp_path: Path, threads: Threads) -> None:
    lock = LoginLock(threads, Clock())
    got = await lock.acquire(at(tmp_path), limit=LIMIT)
    gate = threading.Event()
    busy = threads.submit(gate.wait, CEILING)
    giving = asyncio.create_task(lock.release(got))
    await asyncio.sleep(0)
    giving.cancel()
    await asyncio.wait({giving})
    gate.set()
    await busy
    await threads.run(int)
    assert is_free(tmp_path / "login")


async def test_a_login_is_stored_over_http_when_its_refresh_is_over(tmp_path: Path, threads: Threads) -> None:
    held, time = foreign(tmp_path / "login"), Sleeps()

    def work() -> str:
        with filelocks.held(tmp_path / "login", 0):
            return "stored"

    waiting = asyncio.create_task(retried(work, threads=threads, clock=time.clock, limit=LIMIT))
    await time.waits.wait()
    held.release()
    assert await waiting == "stored"


async def test_a_login_that_stays_locked_is_given_up_at_last(tmp_path: Path, threads: Threads) -> None:
    login = own.OwnLogin(tmp_path / own.FOLDER / "work.json")
    login.path.parent.mkdir()
    login.path.write_bytes(b"{}")
    held, time = foreign(login.path), Sleeps()
    with pytest.raises(LockTaken):
        await retried(lambda: own.discard(login, wait=0), threads=threads, clock=time.clock, limit=own.LOCK_WAIT)
    assert time.now - 1000 >= own.LOCK_WAIT
    held.release()


async def test_logins_of_one_folder_are_refreshed_side_by_side_in_one_process(tmp_path: Path, threads: Threads) -> None:
    folders, time, choices = FolderLocks(), Sleeps(), [[LockTarget(tmp_path / "login.json", FOLDER)]]
    first, second, other = (LoginLock(threads, time.clock, login=name, folders=folders) for name in ("a", "b", "a"))
    one = await first.acquire(choices, limit=LIMIT)
    assert await second.acquire(choices, limit=LIMIT) is one and time.slept == []
    with pytest.raises(LockTaken):  # the same login again is not refreshed twice at once
        await other.acquire(choices, limit=0.0)
    await first.release(one)
    with pytest.raises(LockTaken):  # another process, for as long as one login needs the lock
        foreign_folder(tmp_path)
    await second.release(one)
    foreign_folder(tmp_path).release()


async def test_after_a_while_other_processes_get_a_folder_before_another_login_joins(
    tmp_path: Path, threads: Threads
) -> None:
    folders, time, choices = FolderLocks(), Sleeps(), [[LockTarget(tmp_path / "login.json", FOLDER)]]
    first, second = (LoginLock(threads, time.clock, login=name, folders=folders) for name in "ab")
    one = await first.acquire(choices, limit=LIMIT)
    time.now += JOIN + 1
    with pytest.raises(LockTaken):
        await second.acquire(choices, limit=0.0)
    await first.release(one)
    await second.release(await second.acquire(choices, limit=0.0))
