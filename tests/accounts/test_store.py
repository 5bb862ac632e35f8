import os
from pathlib import Path

import pytest
from filelock import Timeout

from gateway.accounts import store
from gateway.jsontext import JsonError


def test_a_file_is_replaced_whole_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "login.json"
    path.write_text("old")
    path.chmod(0o644)
    store.replace(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["login.json"]


def test_what_a_killed_process_left_half_done_is_removed_and_what_another_is_at_stays(tmp_path: Path) -> None:
    path = tmp_path / "login.json"
    rest, fresh, foreign = (tmp_path / name for name in (".login.json.abc.new", ".login.json.def.new", ".login.json.x"))
    for left in (rest, fresh, foreign):
        left.write_text("secret")
    for left in (rest, foreign):
        os.utime(left, (0, left.stat().st_mtime - store.OLD - 1))
    store.replace(path, b"new")
    assert {entry.name for entry in tmp_path.iterdir()} == {"login.json", fresh.name, foreign.name}


def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere" / "real.json"
    target.write_text("old")
    link = tmp_path / "link.json"
    link.symlink_to(target)
    store.replace(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_failed_replacement_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    folder = tmp_path / "login.json"
    folder.mkdir()
    (folder / "inside").write_text("x")
    with pytest.raises(OSError, match=r"directory|exists"):
        store.replace(folder, b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["login.json"]


def test_a_missing_folder_is_not_writable(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such"):
        store.prove_writable(tmp_path / "nowhere" / "login.json")


def test_proving_that_a_folder_is_writable_leaves_nothing_behind(tmp_path: Path) -> None:
    store.prove_writable(tmp_path / "login.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"[]", b"{", b"\xff", b'"text"', b"", b" " * (store.LIMIT + 1)])
def test_what_is_no_object_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "login.json"
    path.write_bytes(content)
    with pytest.raises(JsonError):
        store.read_json(path)


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "login.json"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert store.read_json(path) == {"a": 1}


def test_a_lock_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "login.json"
    mine = store.locked([path])
    assert mine is not None
    with pytest.raises(Timeout):
        store.locked([path])
    mine.release()
    assert store.locked([path]) is not None


def test_where_a_lock_cannot_exist_the_next_place_has_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    nowhere, there = tmp_path / "file" / "login.json", tmp_path / "login.json"
    assert store.locked([nowhere]) is None
    mine = store.locked([nowhere, there])
    assert mine is not None
    assert mine.lock_file == str(tmp_path / ".login.json.lock")


def test_a_private_folder_is_its_owners_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        store.private_folder(tmp_path / "state")
    finally:
        os.umask(old)
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
