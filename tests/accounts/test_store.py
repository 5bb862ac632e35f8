import os
from pathlib import Path

import pytest

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


def test_mode_is_not_widened_to_a_group_that_the_file_did_not_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "login.json"
    path.write_text("old")
    os.chown(path, -1, 4242)
    path.chmod(0o640)

    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fchown", refused)
    store.replace(path, b"new", keep_mode=True)
    assert (path.stat().st_gid, path.stat().st_mode & 0o777) == (os.getgid(), 0o600)


def test_new_file_is_its_owners_alone_though_a_mode_was_to_be_kept(tmp_path: Path) -> None:
    store.replace(tmp_path / "login.json", b"new", keep_mode=True)
    assert (tmp_path / "login.json").stat().st_mode & 0o777 == 0o600


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


def test_a_private_folder_is_its_owners_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        store.private_folder(tmp_path / "state")
    finally:
        os.umask(old)
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
