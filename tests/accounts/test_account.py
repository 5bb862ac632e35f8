"""The account against a token server in memory; files are real."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gateway import jsontext
from gateway.accounts.account import Account
from gateway.accounts.clock import Clock
from gateway.accounts.filelocks import FOLDER, LockTarget, taken
from gateway.accounts.refresh.grant import TokenAnswer, TokenCall
from gateway.accounts.sources.kiro_ide import JsonFile
from gateway.accounts.sources.source import Wanted
from gateway.errors import GatewayError, Kind, UpstreamError

NOW = 1_780_000_000.0


@dataclass
class TokenServer:
    """Rotates with every refresh and refuses what it has rotated away. ``answers`` go before that, in order."""

    valid: str = "aorOld"
    calls: list[str] = field(default_factory=list)
    answers: list[TokenAnswer | UpstreamError] = field(default_factory=list)
    lifetime: int = 3600
    open: asyncio.Event = field(default_factory=asyncio.Event)
    called: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, call: TokenCall) -> TokenAnswer:
        token = jsontext.decode(call.body)["refreshToken"]
        self.calls.append(token)
        self.called.set()
        await self.open.wait()
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, UpstreamError):
                raise answer
            return answer
        if token != self.valid:
            return TokenAnswer(400, b'{"error": "invalid_grant"}')
        number = len(self.calls)
        self.valid = f"aorNew{number}"
        granted = {"accessToken": f"aoaNew{number}", "refreshToken": self.valid, "expiresIn": self.lifetime}
        return TokenAnswer(200, jsontext.encode(granted))


@dataclass
class Time:
    """Both clocks at once, moved by hand."""

    now: float = NOW
    due: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def at(self, moment: float, act: Callable[[], None]) -> None:
        """Do something when somebody sleeps past a moment."""
        self.due.append((moment, act))

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        while self.due and self.due[0][0] <= self.now:
            self.due.pop(0)[1]()
        await asyncio.sleep(0)


@dataclass
class Scene:
    path: Path
    time: Time = field(default_factory=Time)
    server: TokenServer = field(default_factory=TokenServer)

    def write(self, **members: Any) -> None:
        self.path.write_bytes(jsontext.encode(members))

    def file(self) -> dict[str, Any]:
        found: dict[str, Any] = jsontext.decode(self.path.read_bytes())
        return found

    def account(self, seconds_left: float | None = -1) -> Account:
        if seconds_left is not None:
            self.write(accessToken="aoaOld", refreshToken="aorOld", expiresAt=NOW + seconds_left)
        state = self.path.parent / "state"
        place = JsonFile(self.path, Wanted(self.path, None, None, "us-east-1", None, state, state))
        clock = Clock(self.time, self.time, self.time.sleep)
        return Account(place, place.load(), self.server, clock=clock, lock_wait=0)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    (tmp_path / "place").mkdir()
    made = Scene(tmp_path / "place" / "login.json")
    made.server.open.set()
    return made


async def test_a_fresh_token_is_given_without_asking_anybody(scene: Scene) -> None:
    identity = await scene.account(3000).identity()
    assert (identity.access_token, scene.server.calls) == ("aoaOld", [])


async def test_an_expired_token_is_refreshed_and_the_new_one_is_in_the_file(scene: Scene) -> None:
    identity = await scene.account().identity()
    assert identity.access_token == "aoaNew1"
    assert (scene.file()["accessToken"], scene.file()["refreshToken"]) == ("aoaNew1", "aorNew1")
    assert scene.file()["expiresAt"] == NOW + 3600


async def test_a_thousand_waiting_requests_make_one_refresh(scene: Scene) -> None:
    account = scene.account()
    identities = await asyncio.gather(*(account.identity() for _ in range(1000)))
    assert {identity.access_token for identity in identities} == {"aoaNew1"}
    assert scene.server.calls == ["aorOld"]


async def test_close_to_expiry_no_request_waits_for_the_refresh(scene: Scene) -> None:
    scene.server.open.clear()
    account = scene.account(300)
    assert (await account.identity()).access_token == "aoaOld"
    await scene.server.called.wait()
    scene.server.open.set()
    await account.close()
    assert (await account.identity()).access_token == "aoaNew1"


async def test_late_refusals_of_an_old_token_cause_no_other_refresh(scene: Scene) -> None:
    account = scene.account(3000)
    await asyncio.gather(*(account.refresh_after_refusal("aoaOld") for _ in range(50)))
    identity = await account.refresh_after_refusal("aoaOld")
    assert (identity.access_token, scene.server.calls) == ("aoaNew1", ["aorOld"])


async def test_a_client_that_leaves_does_not_cancel_the_refresh_it_began(scene: Scene) -> None:
    scene.server.open.clear()
    account = scene.account()
    client = asyncio.create_task(account.identity())
    await scene.server.called.wait()
    client.cancel()
    await asyncio.wait([client])
    scene.server.open.set()
    await account.close()
    assert client.cancelled()
    assert scene.file()["refreshToken"] == scene.server.valid == "aorNew1"


@pytest.mark.parametrize("fault", [TokenAnswer(500, b""), TokenAnswer(400, b'{"error": "invalid_grant"}')])
async def test_a_failed_refresh_does_no_harm_while_the_token_lives(scene: Scene, fault: TokenAnswer) -> None:
    scene.server.answers = [fault, fault]
    account = scene.account(300)
    await account.identity()
    await account.close()
    assert (await account.identity()).access_token == "aoaOld"


async def test_a_failed_refresh_is_not_repeated_by_every_request(scene: Scene) -> None:
    scene.server.answers = [TokenAnswer(500, b"")] * 9
    account = scene.account()
    for _ in range(5):
        with pytest.raises(UpstreamError, match="HTTP 500"):
            await account.identity()
    assert len(scene.server.calls) == 2
    scene.time.now += 6
    scene.server.answers = []
    assert (await account.identity()).access_token == "aoaNew3"


async def test_an_answer_that_got_lost_is_asked_for_once_more(scene: Scene) -> None:
    scene.server.answers = [UpstreamError(Kind.TIMEOUT, "no answer")]
    assert (await scene.account().identity()).access_token == "aoaNew2"
    assert scene.server.calls == ["aorOld", "aorOld"]


async def test_a_login_refused_for_good_says_how_to_log_in_again_and_asks_no_more(scene: Scene) -> None:
    scene.server.valid = "aorOther"
    account = scene.account()
    for _ in range(3):
        with pytest.raises(GatewayError, match="Log in again in the Kiro IDE") as caught:
            await account.identity()
        assert caught.value.kind is Kind.AUTHENTICATION
    assert scene.server.calls == ["aorOld"]


async def test_a_new_login_in_the_file_brings_a_dead_account_back(scene: Scene) -> None:
    scene.server.valid = "aorOther"
    account = scene.account()
    with pytest.raises(GatewayError):
        await account.identity()
    scene.write(accessToken="aoaFresh", refreshToken="aorFresh", expiresAt=NOW + 3600)
    assert (await account.identity()).access_token == "aoaFresh"
    assert scene.server.calls == ["aorOld"]


async def test_a_token_that_another_program_refreshed_is_taken_over(scene: Scene) -> None:
    account = scene.account(10)
    scene.write(accessToken="aoaTheirs", refreshToken="aorTheirs", expiresAt=NOW + 3600)
    assert (await account.identity()).access_token == "aoaTheirs"
    assert scene.server.calls == []


async def test_a_foreign_rotation_during_our_refresh_is_found_after_the_refusal(scene: Scene) -> None:
    scene.server.open.clear()
    account = scene.account()
    client = asyncio.create_task(account.identity())
    await scene.server.called.wait()
    scene.server.valid = "aorTheirs"
    scene.write(accessToken="aoaDead", refreshToken="aorTheirs", expiresAt=NOW - 1)
    scene.server.open.set()
    assert (await client).access_token == "aoaNew2"
    assert scene.server.calls == ["aorOld", "aorTheirs"]


@pytest.mark.parametrize("content", [b"", b"{}", b'{"refreshToken": ""}'])
async def test_a_blanked_file_does_not_replace_what_is_in_memory(scene: Scene, content: bytes) -> None:
    account = scene.account()
    scene.path.write_bytes(content)
    assert (await account.identity()).access_token == "aoaNew1"


async def test_no_refresh_token_is_spent_when_the_new_one_could_not_be_kept(scene: Scene) -> None:
    account = scene.account()
    folder = scene.path.parent
    scene.path.unlink()
    folder.rmdir()
    folder.write_text("a file where the folder was: nothing can be stored in it, nor in the state folder inside")
    with pytest.raises(GatewayError, match="could not be stored"):
        await account.identity()
    assert scene.server.calls == []


async def test_a_token_with_a_short_life_is_not_due_at_once(scene: Scene) -> None:
    scene.server.lifetime = 40
    account = scene.account()
    await account.identity()
    scene.time.now += 25
    await account.identity()
    await account.close()
    assert len(scene.server.calls) == 1


async def test_without_an_expiry_the_token_is_refreshed_first_and_used_if_that_fails(scene: Scene) -> None:
    scene.write(accessToken="aoaOld", refreshToken="aorOld")
    scene.server.answers = [TokenAnswer(500, b"")] * 2
    assert (await scene.account(None).identity()).access_token == "aoaOld"


async def test_the_machine_id_and_the_label_stay_over_refreshes_and_restarts(scene: Scene) -> None:
    account = scene.account()
    before = account.id, (await account.identity()).machine_id
    again = scene.account(None)
    assert (again.id, (await again.identity()).machine_id) == before
    assert len(before[1]) == 64


async def test_another_process_that_holds_the_lock_does_not_stop_us_for_ever(scene: Scene) -> None:
    account = scene.account()
    lock = taken([LockTarget(scene.path, FOLDER)])
    assert (await account.identity()).access_token == "aoaNew1"
    lock.release()


async def test_two_gateways_with_one_file_refresh_once(scene: Scene) -> None:
    first, second = scene.account(), scene.account()
    await first.identity()
    assert (await second.identity()).access_token == "aoaNew1"
    assert scene.server.calls == ["aorOld"]


async def test_an_api_key_is_used_until_it_is_refused_and_never_refreshed(scene: Scene) -> None:
    scene.write(kiroApiKey="ksk_key")
    account = scene.account(None)
    assert (await account.identity()).access_token == "ksk_key"
    with pytest.raises(GatewayError, match="cannot be refreshed"):
        await account.refresh_after_refusal("ksk_key")
    scene.write(kiroApiKey="ksk_new")
    assert (await account.refresh_after_refusal("ksk_key")).access_token == "ksk_new"
    assert scene.server.calls == []
