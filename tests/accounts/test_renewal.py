"""Refreshes that go wrong half-way: the login must come out of each of them."""

import asyncio
import base64
from pathlib import Path

import pytest

from gateway import jsontext
from gateway.accounts.journal import Journal
from gateway.accounts.refresh.grant import TokenAnswer
from gateway.accounts.renewal import FOREIGN_WRITES
from gateway.errors import GatewayError
from tests.accounts.test_account import NOW, Scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    (tmp_path / "place").mkdir()
    made = Scene(tmp_path / "place" / "login.json")
    made.server.open.set()
    return made


def kept(scene: Scene) -> list[str]:
    """The entries of the journal."""
    return [path.name for path in (scene.path.parent / "state").glob("login-*.json")]


def left_by_a_crash(scene: Scene, refresh_token: str) -> None:
    """The answer of a refresh is in the journal, and its place has not seen it."""
    journal = Journal(scene.path.parent / "state", "a source")
    old = scene.account(-1).credentials
    entry = journal.reserve(old.refresh_token)
    answer = {"accessToken": "aoaJournal", "refreshToken": refresh_token, "expiresAt": NOW + 3600}
    journal.path(old.refresh_token).write_bytes(jsontext.encode(answer))
    entry.close()


async def test_after_a_refresh_the_source_has_it_and_the_journal_is_empty(scene: Scene) -> None:
    await scene.account().identity()
    assert (scene.file()["refreshToken"], kept(scene)) == ("aorNew1", [])


async def test_what_a_crash_left_in_the_journal_serves_without_a_refresh(scene: Scene) -> None:
    left_by_a_crash(scene, "aorJournal")
    assert (await scene.account(None).identity()).access_token == "aoaJournal"
    assert scene.server.calls == []


async def test_what_a_crash_left_in_the_journal_is_brought_to_the_source_at_the_start(scene: Scene) -> None:
    left_by_a_crash(scene, "aorJournal")
    await scene.account(None).settle()
    assert (scene.file()["refreshToken"], kept(scene)) == ("aorJournal", [])


async def test_a_newer_login_in_the_source_wins_over_the_journal(scene: Scene) -> None:
    left_by_a_crash(scene, "aorJournal")
    scene.write(accessToken="aoaTheirs", refreshToken="aorTheirs", expiresAt=NOW + 3600)
    account = scene.account(None)
    await account.settle()
    assert (await account.identity()).access_token == "aoaTheirs"
    assert scene.file()["refreshToken"] == "aorTheirs"


async def test_settling_where_nothing_is_left_writes_nothing(scene: Scene) -> None:
    account = scene.account(3000)
    before = scene.path.stat()
    await account.settle()
    assert scene.path.stat().st_mtime_ns == before.st_mtime_ns
    assert scene.path.stat().st_ino == before.st_ino


async def test_settling_a_source_that_cannot_be_read_is_no_fault(scene: Scene) -> None:
    account = scene.account(3000)
    scene.path.write_bytes(b"")
    await account.settle()
    assert (await account.identity()).access_token == "aoaOld"


async def test_another_program_that_writes_a_little_after_its_refresh_is_waited_for(scene: Scene) -> None:
    scene.server.valid = "aorTheirs"
    theirs = {"accessToken": "aoaTheirs", "refreshToken": "aorTheirs", "expiresAt": NOW + 3600}
    account = scene.account()
    scene.time.at(NOW + 0.3, lambda: scene.write(**theirs))
    assert (await account.identity()).access_token == "aoaTheirs"
    assert scene.server.calls == ["aorOld"]


async def test_a_dead_login_is_known_after_a_second(scene: Scene) -> None:
    scene.server.valid = "aorOther"
    with pytest.raises(GatewayError, match="Log in again"):
        await scene.account().identity()
    assert sum(FOREIGN_WRITES) == pytest.approx(scene.time.now - NOW)
    assert kept(scene) == []


async def test_without_a_state_folder_the_source_alone_keeps_the_login(scene: Scene) -> None:
    account = scene.account()
    (scene.path.parent / "state").write_text("a file where the folder would be")
    assert (await account.identity()).access_token == "aoaNew1"
    assert scene.file()["refreshToken"] == "aorNew1"


async def test_a_disk_that_is_full_after_the_answer_loses_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.server.open.clear()
    account = scene.account()
    client = asyncio.create_task(account.identity())
    await scene.server.called.wait()

    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("tempfile.mkstemp", full)
        scene.server.open.set()
        await client
        assert scene.file()["refreshToken"] == "aorOld"
    assert scene.account(None).credentials.refresh_token == scene.server.valid == "aorNew1"
    await account.close()


def jwt(ends: float) -> str:
    claims = base64.urlsafe_b64encode(jsontext.encode({"exp": ends})).decode().rstrip("=")
    return f"e30.{claims}.c2ln"


async def test_a_clock_that_is_wrong_does_not_turn_every_token_into_an_expired_one(scene: Scene) -> None:
    granted = {"accessToken": jwt(NOW - 7200), "refreshToken": "aorNew", "expiresIn": 3600}
    scene.server.answers = [TokenAnswer(200, jsontext.encode(granted))]
    account = scene.account()
    for _ in range(3):
        assert (await account.identity()).access_token == granted["accessToken"]
    await account.close()
    assert scene.server.calls == ["aorOld"]


async def test_a_token_that_says_itself_that_it_ends_soon_is_renewed_before_that(scene: Scene) -> None:
    scene.write(accessToken=jwt(NOW + 80), refreshToken="aorOld", expiresAt=NOW + 3000)
    assert (await scene.account(None).identity()).access_token == "aoaNew1"


@pytest.mark.parametrize("finishes_first", [True, False])
async def test_login_the_user_renews_during_a_refresh_is_neither_overwritten_nor_ignored(
    scene: Scene, finishes_first: bool
) -> None:
    scene.server.open.clear()
    account = scene.account()
    waiting = asyncio.create_task(account.identity())
    await scene.server.called.wait()
    scene.write(accessToken="aoaMine", refreshToken="aorMine", expiresAt=NOW + 3600)
    if finishes_first:
        scene.server.open.set()
        await waiting
        assert await account.reload()
    else:
        reloading = asyncio.create_task(account.reload())
        await asyncio.sleep(0)
        scene.server.open.set()
        assert await reloading
        await waiting
    assert (await account.identity()).access_token == "aoaMine"
    assert scene.file()["refreshToken"] == "aorMine"
    assert not await account.reload()
