"""Errors that nobody foresaw in background work: logged with a traceback, and the work goes on."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.accounts.login.oidc import OidcWay
from gateway.accounts.member import Member
from gateway.accounts.profile import Profiles
from gateway.accounts.refresh.grant import TokenAnswer, TokenCall
from gateway.accounts.state import StateFile
from gateway.accounts.upkeep import Upkeep
from gateway.errors import GatewayError, Kind
from gateway.kiro.endpoints import Identity
from gateway.kiro.models import Catalogue, NameRules
from gateway.upstream.live_catalogue import LiveCatalogue
from gateway.web.capture import Captures
from gateway.web.heartbeat import Heartbeat
from tests.accounts.login.scripted import TOKENS, answer
from tests.accounts.login.test_sessions import Rig, over, sessions
from tests.accounts.pooled import pool
from tests.accounts.test_account import Scene
from tests.background.failing import CEILING, Unforeseen, failures


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    (tmp_path / "place").mkdir()
    made = Scene(tmp_path / "place" / "login.json")
    made.server.open.set()
    return made


async def at_once(_seconds: float) -> None:
    """A sleep that takes no time."""
    await asyncio.sleep(0)


async def test_the_model_list_is_loaded_again_after_an_unforeseen_error(complaints: list[Any]) -> None:
    fallback, fresh = Catalogue.fallback(NameRules()), Catalogue.fallback(NameRules())
    loaded = asyncio.Event()
    asked = 0

    async def fetch() -> dict[str, Any]:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise Unforeseen
        loaded.set()
        return {}

    live = LiveCatalogue(fallback, fetch, lambda _: fresh, ttl=3600.0)
    with failures() as failed:
        live.start()
        async with asyncio.timeout(CEILING):
            await loaded.wait()
            assert await live.settled(CEILING) is fresh
        await live.close()
    assert failed == ["model list"]


async def test_after_an_unforeseen_error_nobody_waits_for_the_model_list(complaints: list[Any]) -> None:
    async def fetch() -> dict[str, Any]:
        raise Unforeseen

    fallback = Catalogue.fallback(NameRules())
    live = LiveCatalogue(fallback, fetch, lambda _: fallback, ttl=3600.0)
    live.start()
    async with asyncio.timeout(CEILING):
        assert await live.settled(sys.maxsize) is fallback
    await live.close()


class Failing:
    """Work that always fails; ``twice`` is set when it was begun a second time. Any thread may call."""

    def __init__(self) -> None:
        self.calls = 0
        self.twice = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def __call__(self) -> None:
        self.calls += 1
        if self.calls > 1:
            self._loop.call_soon_threadsafe(self.twice.set)
        raise Unforeseen


@pytest.mark.parametrize("part", ["measure a", "renew ahead a", "state"])
async def test_each_part_of_account_maintenance_is_restarted(tmp_path: Path, part: str, complaints: list[Any]) -> None:
    accounts, failing = pool(tmp_path), Failing()
    accounts.disable(accounts.members[1])

    async def measure(member: Member) -> None:
        if part == "measure a":
            failing()

    class State(StateFile):
        def save(self, healths: Any, now: Any) -> None:
            if part == "state":
                failing()

    class Keeper(Upkeep):
        async def look_after(self, member: Member) -> None:
            if part == "renew ahead a" and member.name == "a":
                failing()

    keeper = Keeper(accounts, State(tmp_path / "own"), measure=measure, dice=lambda: 0.0, sleep=at_once)
    with failures() as failed:
        keeper.start()
        async with asyncio.timeout(CEILING):
            await failing.twice.wait()
        await keeper.close()
    assert failed and set(failed) == {part}


async def test_a_refresh_that_fails_unforeseen_is_an_error_for_its_waiters_and_the_next_call_tries_again(
    scene: Scene, complaints: list[Any]
) -> None:
    scene.server.answers = [Unforeseen()]  # type: ignore[list-item]
    account = scene.account()
    with failures() as failed:
        waiting = await asyncio.gather(account.identity(), account.identity(), return_exceptions=True)
    assert [type(one) for one in waiting] == [GatewayError, GatewayError]
    first, second = waiting
    assert isinstance(first, GatewayError) and first.kind is Kind.INTERNAL and first is not second
    assert failed == [f"refresh {account.id}"]
    assert (await account.identity()).access_token == "aoaNew2"


async def test_a_refresh_ahead_that_fails_unforeseen_is_not_tried_at_every_request(
    scene: Scene, complaints: list[Any]
) -> None:
    account = scene.account(300)
    scene.server.answers = [Unforeseen()] * 5  # type: ignore[list-item]
    with failures() as failed:
        for _ in range(5):
            assert (await account.identity()).access_token == "aoaOld"
            await account.renew_ahead()
    assert len(failed) == len(scene.server.calls) == 1


async def test_a_token_that_cannot_be_stored_for_an_unforeseen_reason_serves_and_is_stored_later(
    scene: Scene, complaints: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    account = scene.account()
    broken = [True]
    save = type(account.source).save

    def saved(self: Any, *arguments: Any) -> None:
        if broken:
            broken.pop()
            raise Unforeseen
        save(self, *arguments)

    monkeypatch.setattr(type(account.source), "save", saved)
    with failures() as failed:
        assert (await account.identity()).access_token == "aoaNew1"
        await account.close()
    assert failed == [f"save {account.id}"]
    assert scene.file()["refreshToken"] == "aorNew1"


async def test_a_list_of_profiles_that_fails_unforeseen_is_a_list_that_is_missing(complaints: list[Any]) -> None:
    async def ask(_identity: Identity) -> Any:
        raise Unforeseen

    mine = Identity("token", None, "idc", "us-east-1", "m")
    with failures() as failed:
        assert await Profiles(ask).completed(mine, "a") == mine
    assert failed == ["profile a"]


async def test_a_login_whose_storing_fails_unforeseen_ends_with_an_error(complaints: list[Any]) -> None:
    with failures() as failed:
        async with sessions(rig := Rig(verdict=answer(200, TOKENS))) as made:
            rig.fault = Unforeseen()
            session = await over(await made.begin(OidcWay()))
            assert (session.state, session.ended_at) == ("error", 0.0)
            assert session.message and "log" in session.message
    assert failed == ["keep login"]


async def test_a_login_whose_service_fails_unforeseen_ends_with_an_error(complaints: list[Any]) -> None:
    async def post(call: TokenCall) -> TokenAnswer:
        if call.url.endswith("/token"):
            raise Unforeseen
        return await Rig().post(call)

    with failures() as failed:
        async with sessions(rig := Rig()) as made:
            made._post = post
            session = await over(await made.begin(OidcWay()))
            assert (session.state, rig.kept) == ("error", [])
    assert len(failed) == 1


async def test_a_cancelled_login_whose_storing_fails_leaves_no_complaint(complaints: list[Any]) -> None:
    with capture_logs() as lines:
        async with sessions(rig := Rig(verdict=answer(200, TOKENS), fault=OSError(28, "disk full"))) as made:
            rig.may_keep.clear()
            session = await made.begin(OidcWay())
            await rig.keeping.wait()
            cancelling = asyncio.create_task(made.cancel(session.id))
            await asyncio.sleep(0)
            rig.may_keep.set()
            await cancelling
    assert [line["reason"] for line in lines if line["event"] == "login_not_stored"] == [
        "The login could not be stored: disk full."
    ]


async def test_a_ping_that_fails_unforeseen_is_logged_and_the_next_one_is_sent(complaints: list[Any]) -> None:
    beats, twice = 0, asyncio.Event()

    async def beat() -> None:
        nonlocal beats
        beats += 1
        if beats > 2:
            twice.set()
        raise Unforeseen

    with failures() as failed:
        heart = Heartbeat(beat, first=0.001, interval=0.001)
        async with asyncio.timeout(CEILING):
            await twice.wait()
        await heart.stop()
    assert len(failed) >= 2 and set(failed) == {"heartbeat"}


async def test_a_capture_that_fails_unforeseen_is_logged(tmp_path: Path, complaints: list[Any]) -> None:
    captures = Captures("all", tmp_path / "nul\0")
    with failures() as failed:
        captures.end(captures.begin("req_1"), None)
        await captures.close()
    assert failed == ["capture"]


async def test_a_login_on_a_disk_that_hangs_does_not_hold_up_the_end(
    scene: Scene, complaints: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.accounts.renewal.CLOSE_WAIT", 0.05)
    monkeypatch.setattr("gateway.accounts.renewal.LOCK_BACK", 0.05)
    account = scene.account()
    scene.path.unlink()
    os.mkfifo(scene.path)  # whoever opens it hangs
    waiting = asyncio.create_task(account.identity())
    await asyncio.sleep(0)
    async with asyncio.timeout(CEILING):
        await account.close()
        with pytest.raises(GatewayError, match="ended this work before it was done"):
            await waiting
    os.close(os.open(scene.path, os.O_RDWR))  # the thread goes on
