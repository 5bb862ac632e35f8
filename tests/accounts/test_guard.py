"""What a login is refreshed under where its folder cannot be locked."""

import fcntl
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.accounts.clock import Clock
from gateway.accounts.filelocks import FOLDER, LockTaken, LockTarget, taken
from gateway.accounts.guard import LoginGuard
from gateway.accounts.locks import LoginLock
from gateway.accounts.sources.kiro_ide import JsonFile
from gateway.accounts.sources.source import RefreshRules, Wanted
from gateway.threads import Threads


@pytest.fixture
async def threads() -> AsyncIterator[Threads]:
    made = Threads("test", 1)
    yield made
    made.close()


def rules(folder: Path) -> RefreshRules:
    path = folder / "login.json"
    path.write_text('{"refreshToken": "aorOld"}')
    place = JsonFile(path, Wanted(path, None, None, "us-east-1", None, folder, folder / "state"))
    return place.rules(place.load())


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def guard(threads: Threads, wait: float | None = None) -> LoginGuard:
    return LoginGuard(LoginLock(threads, Clock()), account="mine", place="login.json", wait=wait)


@pytest.mark.parametrize("number", [37, 9, 22, 95], ids=["ENOLCK", "EBADF", "EINVAL", "EOPNOTSUPP"])
async def test_folder_that_cannot_be_locked_leaves_the_lock_to_the_state_folder_and_says_so_once(
    tmp_path: Path, threads: Threads, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    genuine = fcntl.flock

    def flock(descriptor: int, operation: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, "no lock here")
        genuine(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    mine, other = guard(threads), guard(threads, 0.0)
    by = rules(tmp_path)
    with capture_logs() as logs:
        for _ in range(2):
            async with mine.alone(by) as hindrance:
                assert hindrance == ""
                with pytest.raises(LockTaken):
                    taken(by.locks[1])
    assert [entry["event"] for entry in logs] == ["login_folder_not_lockable"]
    assert by.locks[1][0].path.parent == tmp_path / "state"
    async with mine.alone(by):
        with capture_logs() as logs:
            async with other.alone(
                by
            ) as hindrance:  # after its time, the gateway's own login is refreshed all the same
                assert hindrance == ""
    assert [entry["event"] for entry in logs] == ["login not locked; going on without"]


async def test_folder_of_the_login_holds_nothing_more_than_before(tmp_path: Path, threads: Threads) -> None:
    by = rules(tmp_path)
    async with guard(threads).alone(by):
        with pytest.raises(LockTaken):
            taken([LockTarget(tmp_path / "login.json", FOLDER)])
    assert names(tmp_path) == ["login.json"]
