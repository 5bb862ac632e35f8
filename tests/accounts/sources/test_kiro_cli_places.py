"""Where kiro-cli keeps its database and its refresh lock."""

import fcntl
import os
from pathlib import Path

import pytest

from gateway.accounts.filelocks import LockTaken, taken
from gateway.accounts.sources.kiro_cli_places import own_folder_of_kiro_cli, refresh_locks, standard_places

HOME = Path("/home/me")


@pytest.mark.parametrize(
    ("system", "variables", "database", "lock"),
    [
        ("linux", {}, "/home/me/.local/share/kiro-cli", "/home/me/.local/share/kiro-cli"),
        ("linux", {"XDG_DATA_HOME": "/data"}, "/data/kiro-cli", "/data/kiro-cli"),
        ("linux", {"XDG_DATA_HOME": "data"}, "/home/me/.local/share/kiro-cli", "/home/me/.local/share/kiro-cli"),
        ("linux", {"KIRO_DATA_DIR": "/mine"}, "/mine", "/home/me/.local/share/kiro-cli"),
        (
            "darwin",
            {},
            "/home/me/Library/Application Support/kiro-cli",
            "/home/me/Library/Application Support/kiro-cli",
        ),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/Kiro-Cli", "/local/kiro-cli"),
        ("win32", {}, "/home/me/AppData/Local/Kiro-Cli", "/home/me/AppData/Local/kiro-cli"),
    ],
)
def test_each_system_has_its_standard_places(system: str, variables: dict[str, str], database: str, lock: str) -> None:
    places = standard_places(system, variables.get, HOME)
    assert places[0] == Path(database) / "data.sqlite3"
    assert places[-1].parent.name.lower() == "amazon-q"
    assert own_folder_of_kiro_cli(system, variables.get, HOME) == Path(lock)


def test_lock_file_is_made_private_and_stays_with_its_content(tmp_path: Path) -> None:
    folder = tmp_path / "share" / "kiro-cli"
    for content in ("", "kiro-cli was here"):
        taken(refresh_locks(folder, folder / "data.sqlite3")).release()
        lock = folder / ".refresh.lock"
        assert (lock.stat().st_mode & 0o777, lock.read_text()) == (0o600, content)
        lock.write_text("kiro-cli was here")
    assert [path.name for path in folder.iterdir()] == [".refresh.lock"]


def test_database_elsewhere_is_guarded_by_a_lock_beside_it_too(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "kiro-cli", tmp_path / "mounted"
    elsewhere.mkdir()
    held = taken(refresh_locks(folder, elsewhere / "data.sqlite3"))
    for place in (folder, elsewhere):
        with (place / ".refresh.lock").open("a") as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    held.release()
    with (elsewhere / ".refresh.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with pytest.raises(LockTaken):
            taken(refresh_locks(folder, elsewhere / "data.sqlite3"))
        with (folder / ".refresh.lock").open("a") as other:  # who waits for one lock holds no other
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_one_file_under_two_names_is_locked_once(tmp_path: Path) -> None:
    folder = tmp_path / "kiro-cli"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    os.link(_made(folder / "data.sqlite3"), tmp_path / "data.sqlite3")
    taken(refresh_locks(tmp_path / "link", folder / "data.sqlite3")).release()
    os.link(folder / ".refresh.lock", tmp_path / ".refresh.lock")
    taken(refresh_locks(folder, tmp_path / "data.sqlite3")).release()


def test_where_no_kiro_cli_can_be_the_lock_beside_a_mounted_database_suffices(tmp_path: Path) -> None:
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    _made(tmp_path / "home")  # a file: no folder can be made in it
    nowhere = tmp_path / "home" / "kiro-cli"
    taken(refresh_locks(nowhere, mounted / "data.sqlite3")).release()
    with pytest.raises(OSError, match=r"directory|exists"):
        taken(refresh_locks(nowhere, nowhere / "data.sqlite3"))


def test_lock_file_that_cannot_be_opened_is_no_lock(tmp_path: Path) -> None:
    (tmp_path / "kiro-cli" / ".refresh.lock").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        taken(refresh_locks(tmp_path / "kiro-cli", tmp_path / "data.sqlite3"))


def _made(path: Path) -> Path:
    path.write_text("")
    return path
