"""Locks of open files, against ``flock`` of other descriptors, which is how the system sees another process."""

import os
import threading
from pathlib import Path

import pytest

from gateway.accounts import filelocks
from gateway.accounts.filelocks import LockTaken, LockTarget, first_taken, held, side_file, taken


def test_lock_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    target = side_file(tmp_path / "login.json")
    mine = taken([target])
    with pytest.raises(LockTaken):
        taken([target])
    mine.release()
    mine.release()
    taken([target]).release()


def test_lock_file_is_private_never_written_and_never_removed(tmp_path: Path) -> None:
    lock = tmp_path / ".login.json.lock"
    taken([side_file(tmp_path / "login.json")]).release()
    assert lock.stat().st_mode & 0o777 == 0o600
    lock.write_text("theirs")
    before = lock.stat()
    taken([side_file(tmp_path / "login.json")]).release()
    assert (lock.read_text(), lock.stat().st_ino, lock.stat().st_mtime_ns) == (
        "theirs",
        before.st_ino,
        before.st_mtime_ns,
    )


def test_where_a_lock_cannot_exist_the_next_choice_has_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    nowhere, there = side_file(tmp_path / "file" / "login"), side_file(tmp_path / "login")
    with pytest.raises(OSError, match=r"directory|exists"):
        first_taken([[nowhere]])
    assert first_taken([[nowhere], [there]]).targets == (there,)
    with pytest.raises(LockTaken):  # another one's lock is no reason to go elsewhere
        first_taken([[there], [side_file(tmp_path / "other")]])


def test_lock_on_a_file_that_was_removed_or_replaced_meanwhile_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, opened = LockTarget(tmp_path / "lock"), os.open
    new = tmp_path / "new"
    new.touch()
    acts = [target.path.unlink, lambda: new.replace(target.path)]

    def open_and_lose(*arguments: object, **more: object) -> int:
        descriptor = opened(*arguments, **more)  # type: ignore[arg-type]
        acts.pop(0)()
        return descriptor

    monkeypatch.setattr(filelocks.os, "open", open_and_lose)
    for _ in range(2):
        with pytest.raises(LockTaken, match=r"removed|replaced"):
            taken([target])
    monkeypatch.undo()
    taken([target]).release()


def test_command_waits_for_a_lock(tmp_path: Path) -> None:
    mine, order = taken([side_file(tmp_path / "login")]), []

    def command() -> None:
        with held(tmp_path / "login", 30.0):
            order.append("command")

    thread = threading.Thread(target=command)
    thread.start()
    order.append("holder")
    mine.release()
    thread.join()
    assert order == ["holder", "command"]


def test_command_gives_up_in_the_end(tmp_path: Path) -> None:
    mine = taken([side_file(tmp_path / "login")])
    with pytest.raises(LockTaken), held(tmp_path / "login", 0.0):
        pass
    mine.release()
