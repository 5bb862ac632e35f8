"""Whatever happens to a login in whatever order: as long as its place can be written, it is never lost.

Hypothesis makes up the order. The token server is in memory and strict: what it has exchanged it refuses at once, and
remembers. Files are real, and so is the lack of room for them: the process may write none.
"""

import asyncio
import resource
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from structlog.testing import capture_logs

from gateway import jsontext
from gateway.accounts.account import Account
from gateway.accounts.clock import Clock
from gateway.accounts.credentials import Credentials
from gateway.accounts.refresh.grant import TokenAnswer, TokenCall
from gateway.accounts.sources.kiro_cli import Database
from gateway.accounts.sources.kiro_ide import JsonFile
from gateway.accounts.sources.refresh_token import RefreshTokenSource
from gateway.accounts.sources.source import Source, Wanted
from gateway.errors import GatewayError, Kind, UpstreamError
from tests.accounts.sources.test_kiro_cli import made, put, rows
from tests.accounts.test_account import Time

FAULTS: dict[str, TokenAnswer | UpstreamError] = {
    "server error": TokenAnswer(500, b""),
    "throttled": TokenAnswer(429, b"{}"),
    "blocked": TokenAnswer(403, b"<html>"),
    "nonsense": TokenAnswer(200, b"{}"),
    "no connection": UpstreamError(Kind.TIMEOUT, "no answer"),
}


ROW = "kirocli:social:token"


class Crashed(BaseException):
    """The process is gone."""


class TokenServer:
    """Gives a new pair of tokens for the one that is in force."""

    def __init__(self) -> None:
        self.number = 0
        self.faults: list[TokenAnswer | UpstreamError] = []
        self.reused = 0

    @property
    def valid(self) -> str:
        """The refresh token in force."""
        return f"aor{self.number}"

    def exchanged(self, token: str) -> dict[str, Any] | None:
        """What anybody gets for a token."""
        if token != self.valid:
            self.reused += 1
            return None
        self.number += 1
        return {"accessToken": f"aoa{self.number}", "refreshToken": self.valid, "expiresIn": 3600}

    async def __call__(self, call: TokenCall) -> TokenAnswer:
        if self.faults:
            fault = self.faults.pop(0)
            if isinstance(fault, UpstreamError):
                raise fault
            return fault
        granted = self.exchanged(jsontext.decode(call.body)["refreshToken"])
        if granted is None:
            return TokenAnswer(400, b'{"error": "invalid_grant"}')
        return TokenAnswer(200, jsontext.encode(granted))


class Dying:
    """A source whose process dies after so many of its operations: files stay as they are at that moment."""

    def __init__(self, source: Source, left: int) -> None:
        self._source = source
        self._left = left

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def _lived(self, work: Callable[..., Any], *arguments: Any) -> Any:
        if self._left <= 0:
            raise Crashed
        self._left -= 1
        return work(*arguments)

    def load(self) -> Credentials:
        found: Credentials = self._lived(self._source.load)
        return found

    def save(self, credentials: Credentials, seen: tuple[str, str]) -> None:
        self._lived(self._source.save, credentials, seen)


class Refreshing(RuleBasedStateMachine):
    """One login, its place, the token server, and the gateways that come and go."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "place" / "login.json"
        self.state = self.folder / "own"
        self.time, self.server = Time(), TokenServer()
        self.clock = Clock(self.time, self.time, self.time.sleep)
        self.full = False

    @initialize(kind=st.sampled_from(["file", "token", "database"]))
    def begin(self, kind: str) -> None:
        self.kind = kind
        self.path.parent.mkdir()
        self._write("aoa0", "aor0", self.time.now + 100)
        self.account = self._started()

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def _source(self) -> Source:
        if self.kind == "token":
            return RefreshTokenSource(Credentials("social", "aor0"), self.state)
        if self.kind == "database":
            return Database(self.path, Wanted(None, None, None, "us-east-1", None, self.folder, self.state))
        return JsonFile(self.path, Wanted(self.path, None, None, "us-east-1", None, self.folder, self.state))

    def _started(self) -> Account:
        source = self._source()
        return Account(source, source.load(), self.server, clock=self.clock, lock_wait=0)

    def _write(self, access: str, refresh: str, expires_at: float) -> None:
        if self.kind == "database":
            row = {"access_token": access, "refresh_token": refresh, "expires_at": expires_at}
            if self.path.exists():
                put(self.path, ROW, row)
            else:
                made(self.path, {ROW: row})
            return
        self.path.write_bytes(
            jsontext.encode({"accessToken": access, "refreshToken": refresh, "expiresAt": expires_at, "theirs": True})
        )

    @contextmanager
    def _room(self) -> Iterator[None]:
        """For files, unless it has run out; then not one byte can be written."""
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        with capture_logs():
            if self.full:
                resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
            try:
                yield
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    def _run(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> GatewayError | None:
        """What it met with; the process lives on."""

        async def whole() -> None:
            try:
                await work()
            finally:
                await self.account.close()

        try:
            with self._room():
                asyncio.run(whole())
        except GatewayError as error:
            return error
        return None

    @rule(seconds=st.sampled_from([1, 40, 700, 3000, 9000]))
    def time_passes(self, seconds: int) -> None:
        self.time.now += seconds

    @rule(requests=st.integers(1, 5))
    def requests_come(self, requests: int) -> None:
        async def work() -> None:
            await asyncio.gather(*(self.account.identity() for _ in range(requests)))

        self._run(work)

    @rule()
    def kiro_refuses_the_access_token(self) -> None:
        self._run(lambda: self.account.refresh_after_refusal(self.account.credentials.access_token))

    @rule(faults=st.lists(st.sampled_from(sorted(FAULTS)), min_size=1, max_size=3))
    def the_token_server_stumbles(self, faults: list[str]) -> None:
        self.server.faults = [FAULTS[name] for name in faults]

    @precondition(lambda self: self.kind != "token")
    @rule()
    def another_program_refreshes(self) -> None:
        if self.kind == "database":
            token = rows(self.path)[ROW]["refresh_token"]
        else:
            token = jsontext.decode(self.path.read_bytes())["refreshToken"]
        granted = self.server.exchanged(token)
        if granted is not None:
            self._write(granted["accessToken"], granted["refreshToken"], self.time.now + 3600)

    @rule()
    def the_gateway_starts_anew(self) -> None:
        self.account = self._started()
        self._run(self.account.settle)

    @rule(operations=st.integers(0, 3), refused=st.booleans())
    def a_gateway_crashes(self, operations: int, refused: bool) -> None:
        source = self._source()

        async def doomed() -> None:
            dying = Account(Dying(source, operations), source.load(), self.server, clock=self.clock, lock_wait=0)
            token = dying.credentials.access_token
            work = dying.refresh_after_refusal(token) if refused else dying.identity()
            await asyncio.gather(work, return_exceptions=True)

        with self._room():
            asyncio.run(doomed())
        self.account = self._started()

    @rule(full=st.booleans())
    def the_disk_fills_or_has_room_again(self, full: bool) -> None:
        self.full = full

    @precondition(lambda self: not self.full)
    @rule()
    def a_new_start_in_good_weather_answers(self) -> None:
        self.server.faults = []
        self.account = self._started()
        assert self._run(self.account.settle) is None
        assert self._run(self.account.identity) is None

    @invariant()
    def the_login_is_there(self) -> None:
        """A gateway that starts now would find the token in force."""
        assert self._source().load().refresh_token == self.server.valid


Refreshing.TestCase.settings = settings(
    max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
test_no_order_of_events_loses_the_login = Refreshing.TestCase
