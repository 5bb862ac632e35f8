"""A login of kiro-cli's: refreshed by kiro-cli's rules, beside a kiro-cli that is played with its lock and its store.

The token server and the clock are in memory; files, locks and the database are real.
"""

import asyncio
import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway import jsontext
from gateway.accounts.account import Account
from gateway.accounts.clock import Clock
from gateway.accounts.member import Member
from gateway.accounts.pool import Pool
from gateway.accounts.refresh.grant import TokenAnswer, TokenCall
from gateway.accounts.renewal import LOOK_AGAIN
from gateway.accounts.sources.kiro_cli import BUDGET, FORCED_KEY, LEAD, Database
from gateway.accounts.sources.source import Wanted
from gateway.accounts.state import StateFile
from gateway.accounts.upkeep import Upkeep
from gateway.errors import GatewayError, Kind
from gateway.threads import Threads
from tests.accounts.sources.test_kiro_cli import made, put, put_raw, raw, rows
from tests.accounts.test_account import NOW, Time, TokenServer
from tests.accounts.test_renewal import jwt

SOCIAL, ODIC = "kirocli:social:token", "kirocli:odic:token"
REFUSED = TokenAnswer(400, b'{"error": "invalid_grant"}')


def row(name: str, seconds_left: float = 3600, **more: Any) -> dict[str, Any]:
    """A login as kiro-cli keeps it."""
    ends = datetime.fromtimestamp(NOW + seconds_left, UTC).isoformat().replace("+00:00", "Z")
    return {"access_token": f"aoa{name}", "refresh_token": f"aor{name}", "expires_at": ends, **more}


@dataclass
class Stage:
    """kiro-cli's folder, a gateway's accounts on it, and the token server."""

    home: Path
    time: Time = field(default_factory=Time)
    server: TokenServer = field(default_factory=TokenServer)
    locked: int | None = None

    @property
    def folder(self) -> Path:
        return self.home / ".local" / "share" / "kiro-cli"

    @property
    def path(self) -> Path:
        return self.folder / "data.sqlite3"

    def account(self, left: float | None = -1, post: Any = None, **settings: Any) -> Account:
        """A gateway that starts now; left: seconds that the token in the store lives."""
        if left is not None:
            made(self.path, {SOCIAL: row("Old", left)})
        threshold, threads = settings.pop("threshold", 600), settings.pop("threads", None)
        place = Database(
            self.path, Wanted(None, None, None, "us-east-1", None, self.home, self.home / "own", **settings)
        )
        clock = Clock(self.time, self.time, self.time.sleep)
        return Account(place, place.load(), post or self.server, clock=clock, threshold=threshold, threads=threads)

    def lock(self) -> None:
        """As kiro-cli does while it refreshes."""
        self.locked = self.try_lock()

    def try_lock(self) -> int:
        descriptor = os.open(self.folder / ".refresh.lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return descriptor

    def unlock(self) -> None:
        if self.locked is not None:
            os.close(self.locked)
            self.locked = None

    def kiro_cli_refreshes(self, name: str = "Theirs") -> None:
        put(self.path, SOCIAL, row(name))
        self.server.valid = f"aor{name}"

    def kept(self, key: str = SOCIAL) -> str:
        return str(rows(self.path)[key]["refresh_token"])


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made_stage = Stage(tmp_path)
    made_stage.server.open.set()
    yield made_stage
    made_stage.unlock()


async def refused(account: Account) -> str:
    """Kiro refuses the token in use; the one to send with then."""
    return (await account.refresh_after_refusal(account.credentials.access_token)).access_token


async def test_refresh_waits_for_foreign_holder_and_takes_its_token(stage: Stage) -> None:
    account = stage.account()
    stage.lock()
    stage.time.at(NOW + 60, lambda: (stage.kiro_cli_refreshes(), stage.unlock()))
    assert (await account.identity()).access_token == "aoaTheirs"
    assert stage.server.calls == []


async def test_lock_is_tried_every_100_ms_and_left_as_it_is(stage: Stage) -> None:
    account = stage.account()
    stage.lock()
    os.write(stage.locked or -1, b"theirs")
    before, slept = (stage.folder / ".refresh.lock").stat(), list[float]()
    stage.time.at(NOW + 1, stage.unlock)
    genuine = stage.time.sleep

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await genuine(seconds)

    stage.time.sleep = sleep  # type: ignore[method-assign]
    account = stage.account(None)
    await account.identity()
    after = (stage.folder / ".refresh.lock").stat()
    assert set(slept) == {0.1} and len(slept) in (10, 11)
    assert (after.st_ino, after.st_mtime_ns, after.st_size) == (before.st_ino, before.st_mtime_ns, 6)


async def test_no_lock_in_90_s_means_no_refresh(stage: Stage) -> None:
    account = stage.account()
    stage.lock()
    with pytest.raises(GatewayError, match=r"refresh lock for 90 s\. Run any kiro-cli command") as caught:
        await account.identity()
    assert (caught.value.kind, stage.server.calls, stage.kept()) == (Kind.AUTHENTICATION, [], "aorOld")
    assert stage.time.now == pytest.approx(NOW + BUDGET)
    stage.unlock()
    assert (await account.identity()).access_token == "aoaNew1"


async def test_without_the_lock_the_living_token_stays_in_use(stage: Stage) -> None:
    account = stage.account(LEAD - 1)
    stage.lock()
    with capture_logs() as logs:
        assert (await account.identity()).access_token == "aoaOld"
        await account.renew_ahead()
    assert [entry["event"] for entry in logs] == ["refresh_lock_unavailable"]
    assert (stage.server.calls, account.credentials.access_token) == ([], "aoaOld")


async def test_lock_that_comes_too_late_for_a_whole_refresh_starts_none(stage: Stage) -> None:
    account = stage.account()
    stage.lock()
    stage.time.at(NOW + 80, stage.unlock)
    with pytest.raises(GatewayError, match="for too long"):
        await account.identity()
    assert stage.server.calls == []


async def test_lock_file_that_cannot_be_opened_means_no_refresh(stage: Stage) -> None:
    account = stage.account()
    (stage.folder / ".refresh.lock").mkdir()
    with pytest.raises(GatewayError, match=r"cannot be opened .*kiro-cli whoami"):
        await account.identity()
    assert stage.server.calls == []


async def test_new_tokens_are_in_the_store_before_the_lock_is_released(stage: Stage) -> None:
    """Another program that gets the lock at any moment finds either no refresh begun or its result."""
    stage.server.open.clear()
    account = stage.account()
    waiting = asyncio.create_task(account.identity())
    await stage.server.called.wait()
    with pytest.raises(BlockingIOError):
        stage.try_lock()
    stage.server.open.set()
    seen = []
    while not seen:
        try:
            os.close(stage.try_lock())
        except BlockingIOError:
            await asyncio.sleep(0)
        else:
            seen.append(stage.kept())
    assert (await waiting).access_token == "aoaNew1"
    assert seen == [stage.server.valid] == ["aorNew1"]


async def test_close_during_a_refresh_saves_before_the_lock_is_released(stage: Stage) -> None:
    stage.server.open.clear()
    account = stage.account()
    client = asyncio.create_task(account.identity())
    await stage.server.called.wait()
    client.cancel()
    closing = asyncio.create_task(account.close())
    await asyncio.sleep(0)
    with pytest.raises(BlockingIOError):
        stage.try_lock()
    stage.server.open.set()
    await closing
    os.close(stage.try_lock())
    assert stage.kept() == stage.server.valid == "aorNew1"


async def test_close_that_ran_out_of_time_waits_until_an_answer_that_came_is_saved(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.accounts.renewal.CLOSE_WAIT", 0.0)
    threads, gate, answered = Threads("test", 1), threading.Event(), asyncio.Event()

    async def post(call: TokenCall) -> TokenAnswer:
        threads.submit(gate.wait, 30.0)  # the disk is slow from now on
        answered.set()
        return await stage.server(call)

    account = stage.account(-1, post, threads=threads)
    waiting = asyncio.create_task(account.identity())
    await answered.wait()
    closing = asyncio.create_task(account.close())
    for _ in range(20):
        await asyncio.sleep(0)
    with pytest.raises(BlockingIOError):
        stage.try_lock()
    gate.set()
    await closing
    os.close(stage.try_lock())
    assert ((await waiting).access_token, stage.kept()) == ("aoaNew1", "aorNew1")
    threads.close()


async def test_store_that_is_busy_at_the_save_is_waited_for_with_the_lock(stage: Stage) -> None:
    account = stage.account()
    source = account.source
    assert isinstance(source, Database)
    object.__setattr__(source, "patience", 0.01)
    writer = sqlite3.connect(stage.path, isolation_level=None, check_same_thread=False)

    async def post(call: TokenCall) -> TokenAnswer:
        writer.execute("BEGIN IMMEDIATE")
        return await stage.server(call)

    def freed() -> None:
        with pytest.raises(BlockingIOError):
            stage.try_lock()
        writer.execute("ROLLBACK")

    stage.time.at(NOW + 9, freed)
    account = Account(source, source.load(), post, clock=Clock(stage.time, stage.time, stage.time.sleep))
    assert (await account.identity()).access_token == "aoaNew1"
    assert stage.kept() == "aorNew1"
    writer.close()


async def test_refusal_by_the_token_server_is_answered_with_the_token_another_program_got(stage: Stage) -> None:
    account = stage.account()
    stage.server.valid = "aorTheirs"  # a program without the lock was quicker, and writes a little later
    stage.time.at(NOW + 0.3, stage.kiro_cli_refreshes)
    assert (await account.identity()).access_token == "aoaTheirs"
    assert stage.server.calls == ["aorOld"]


@pytest.mark.parametrize("threshold", [0, 60, 600, 3000])
async def test_refresh_starts_210_s_before_the_end_whatever_the_settings_say(stage: Stage, threshold: int) -> None:
    account = stage.account(LEAD + 1, threshold=threshold)
    assert (account.lead, account.exact) == (210.0, True)
    await account.identity()
    await account.close()
    assert stage.server.calls == []
    stage.time.now += 1
    await account.identity()
    await account.close()
    assert stage.server.calls == ["aorOld"]
    assert account.lead == 210.0


@pytest.mark.parametrize(("lifetime", "lead"), [(3600, 210.0), (600, 210.0), (240, 210.0), (200, 50.0)])
async def test_token_with_a_short_life_is_not_due_at_once(stage: Stage, lifetime: int, lead: float) -> None:
    stage.server.lifetime = lifetime
    account = stage.account()
    await account.identity()
    assert account.lead == lead


async def test_token_that_says_itself_when_it_ends_is_refreshed_at_the_same_moment(stage: Stage) -> None:
    made(stage.path, {SOCIAL: row("Old", LEAD + 1, access_token=jwt(NOW + LEAD + 1))})
    account = stage.account(None)
    await account.identity()
    await account.close()
    assert stage.server.calls == []
    stage.time.now += 1
    await account.identity()
    await account.close()
    assert stage.server.calls == ["aorOld"]


async def test_in_the_background_too_it_is_refreshed_210_s_before_the_end(stage: Stage) -> None:
    member = Member(stage.account(LEAD + 500))
    looked = asyncio.Event()

    async def sleep(seconds: float) -> None:
        if seconds == 500.0:
            looked.set()
        await asyncio.Event().wait()

    keeper = Upkeep(Pool([member]), StateFile(stage.home / "own"), measure=nothing, dice=lambda: 0.9, sleep=sleep)
    keeper.watch(member)
    await asyncio.wait_for(looked.wait(), 30)
    await keeper.close()
    for left, calls in ((LEAD + 1, []), (LEAD, ["aorOld"])):
        stage.time.now = NOW + LEAD + 500 - left
        await keeper.look_after(member)
        assert stage.server.calls == calls


async def nothing(_member: Member) -> None:
    """Kiro says nothing of credits."""


async def test_living_token_that_kiro_refuses_is_refreshed_and_marked(stage: Stage) -> None:
    account = stage.account(3000)
    assert await refused(account) == "aoaNew1"
    assert (stage.kept(), raw(stage.path, FORCED_KEY)) == ("aorNew1", str(int(NOW)))


async def test_of_two_programs_one_refreshes_a_living_token_within_30_s(stage: Stage) -> None:
    first, second = stage.account(3000), stage.account(None)
    assert await refused(first) == "aoaNew1"
    assert await refused(second) == "aoaNew1"  # it was in the store
    with pytest.raises(GatewayError, match="less than 30 s ago") as caught:
        await refused(second)
    assert (caught.value.retry_after, caught.value.should_retry) == (30, True)
    assert stage.server.calls == ["aorOld"]
    stage.time.now += 30
    assert await refused(second) == "aoaNew2"


async def test_within_30_s_of_kiro_clis_mark_the_store_is_only_read(stage: Stage) -> None:
    account = stage.account(3000)
    put_raw(stage.path, FORCED_KEY, str(int(NOW) - 5))
    with pytest.raises(GatewayError, match="Send the request again in 25 s"):
        await refused(account)
    stage.kiro_cli_refreshes()
    assert await refused(account) == "aoaTheirs"
    assert (stage.server.calls, raw(stage.path, FORCED_KEY)) == ([], str(int(NOW) - 5))


async def test_mark_in_the_future_is_overwritten(stage: Stage) -> None:
    account = stage.account(3000)
    put_raw(stage.path, FORCED_KEY, str(int(NOW) + 9999))
    assert await refused(account) == "aoaNew1"
    assert raw(stage.path, FORCED_KEY) == str(int(NOW))


async def test_ended_token_is_refreshed_without_a_mark(stage: Stage) -> None:
    account = stage.account(-1)
    put_raw(stage.path, FORCED_KEY, str(int(NOW)))
    assert (await account.identity()).access_token == "aoaNew1"


async def test_refused_token_refreshes_its_own_row_and_no_other(stage: Stage) -> None:
    made(stage.path, {ODIC: row("Odic", start_url="https://view.awsapps.com/start")})
    stage.server.valid = "aorOdic"
    account = stage.account(None)
    put(stage.path, SOCIAL, row("Social", -1))  # the user logs in with another kind, which goes first from now on
    assert await refused(account) == "aoaNew1"
    assert stage.server.calls == ["aorOdic"]
    assert (stage.kept(ODIC), stage.kept(SOCIAL)) == ("aorNew1", "aorSocial")


async def test_refused_login_is_not_given_up_for_another_row(stage: Stage) -> None:
    made(stage.path, {ODIC: row("Odic", start_url="https://view.awsapps.com/start")})
    stage.server.valid = "aorElsewhere"
    account = stage.account(None)
    put(stage.path, SOCIAL, row("Social"))
    with pytest.raises(GatewayError, match="refused this login"):
        await refused(account)
    assert stage.server.calls == ["aorOdic"]
    assert await account.reload()  # as the watch on the files does: the next request has the login of the user's choice
    assert (await account.identity()).access_token == "aoaSocial"


async def test_refused_token_of_a_row_that_is_gone_refreshes_no_other_login(stage: Stage) -> None:
    made(stage.path, {ODIC: row("Odic", start_url="https://view.awsapps.com/start")})
    account = stage.account(None)
    with sqlite3.connect(stage.path) as connection:
        connection.execute("DELETE FROM auth_kv")
    connection.close()
    put(stage.path, SOCIAL, row("Social", -1))
    with pytest.raises(GatewayError, match="does not hold this login any more"):
        await refused(account)
    assert (stage.server.calls, stage.kept()) == ([], "aorSocial")


async def test_login_that_was_logged_out_is_not_refreshed(stage: Stage) -> None:
    account = stage.account(-1)
    with sqlite3.connect(stage.path) as connection:
        connection.execute("DELETE FROM auth_kv")
    connection.close()
    with pytest.raises(GatewayError, match="holds no login"):
        await account.identity()
    assert stage.server.calls == []


@pytest.mark.parametrize("by_settings", [True, False])
async def test_login_in_a_database_that_is_not_written_is_left_to_kiro_cli(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, by_settings: bool
) -> None:
    def read_only(**_: object) -> None:
        raise OSError(30, "Read-only file system")

    account = stage.account(-1, read_only=by_settings)
    if not by_settings:
        monkeypatch.setattr("tempfile.TemporaryFile", read_only)
    with pytest.raises(GatewayError, match=r"did not refresh it: .*(read-only|Read-only).*kiro-cli whoami"):
        await account.identity()
    assert (stage.server.calls, list((stage.home / "own").glob("login-*"))) == ([], [])
    stage.kiro_cli_refreshes()
    assert (await account.identity()).access_token == "aoaTheirs"


async def test_read_only_login_serves_while_it_lives_and_follows_kiro_cli(stage: Stage) -> None:
    account = stage.account(100, read_only=True)
    with capture_logs() as logs:
        for _ in range(3):
            assert (await account.identity()).access_token == "aoaOld"
            await account.renew_ahead()
            await account.settle()
            await account.close()
    assert logs == []
    stage.kiro_cli_refreshes()
    assert await refused(account) == "aoaTheirs"
    with pytest.raises(GatewayError, match="kiro-cli whoami"):
        await refused(account)
    assert stage.server.calls == [] and not (stage.folder / ".refresh.lock").exists()


async def test_requests_do_not_read_a_read_only_store_again_and_again(stage: Stage) -> None:
    account = stage.account(100, read_only=True)
    reads = []

    class Counting:
        def __getattr__(self, name: str) -> Any:
            if name == "load":
                reads.append(name)
            return getattr(source, name)

    source: Any = account.source
    clock = Clock(stage.time, stage.time, stage.time.sleep)
    account = Account(Counting(), account.credentials, stage.server, clock=clock)  # type: ignore[arg-type]
    for _ in range(5):
        await account.identity()
        await account.close()
    assert len(reads) == 1
    stage.time.now += LOOK_AGAIN
    await account.identity()
    await account.close()
    assert len(reads) == 2


async def test_row_of_amazon_q_is_refreshed_without_kiro_clis_lock(stage: Stage) -> None:
    made(stage.path, {"codewhisperer:odic:token": row("Old", -1, start_url="https://view.awsapps.com/start")})
    account = stage.account(None)
    stage.lock()
    assert (await account.identity()).access_token == "aoaNew1"
    assert not account.exact


async def test_account_goes_by_the_rules_of_the_row_it_turns_out_to_have(stage: Stage) -> None:
    made(stage.path, {"codewhisperer:odic:token": row("Q", -1, start_url="https://view.awsapps.com/start")})
    account = stage.account(None)
    put(stage.path, SOCIAL, row("Old", -1))
    stage.lock()
    with pytest.raises(GatewayError, match="refresh lock for 90 s"):
        await account.identity()
    assert stage.server.calls == []
    stage.unlock()
    assert (await account.identity()).access_token == "aoaNew1"
    assert account.exact
    assert jsontext.decode(str(raw(stage.path, SOCIAL)))["refresh_token"] == "aorNew1"
