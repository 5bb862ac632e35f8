"""Logins that were begun over HTTP: each has a task that asks for the user's decision, owned and ended from here."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic, time
from typing import Final, Literal

import structlog

from gateway.accounts.login.device import Code, DeviceLogin, LoginEnded, NewLogin, Sleep, Way
from gateway.accounts.refresh.grant import Post
from gateway.errors import GatewayError, Kind
from gateway.supervision import background_task, internal_error, log_failure, outcome

_log: Final = structlog.get_logger("gateway.login")

MOST_OPEN: Final = 8
"""Logins under way at once: each asks a token server every few seconds."""

KEPT: Final = 600.0
"""Seconds for which the end of a login can be asked for."""

MOST_KEPT: Final = 64

CLOSE_WAIT: Final = 10.0
"""Seconds for the storing of a login that was given when it, or the gateway, is ended."""

State = Literal["pending", "complete", "denied", "expired", "error"]

Keep = Callable[[NewLogin, str | None], Awaitable[str]]
"""Stores a login, under a name if one was wished, and takes it into use; gives its name.

Raises GatewayError, OSError.
"""


@dataclass(slots=True)
class Session:
    """One login. expires_at: on the monotonic clock, of the code; ended_at: when it was over."""

    id: str
    code: Code
    expires_at: float
    state: State = "pending"
    message: str | None = None
    account: str | None = None
    ended_at: float | None = None
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class Sessions:
    """All of them; bounded in number, and forgotten some time after their end."""

    def __init__(
        self,
        post: Post,
        keep: Keep,
        new_id: Callable[[], str],
        *,
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], float] = monotonic,
        wall: Callable[[], float] = time,
    ) -> None:
        self._post = post
        self._keep = keep
        self._new_id = new_id
        self._sleep = sleep
        self._clock = clock
        self._wall = wall
        self._sessions: dict[str, Session] = {}
        self._beginning = 0

    async def begin(self, way: Way, name: str | None = None) -> Session:
        """Begin a login and go on with it in the background. Raises GatewayError when it cannot begin."""
        self._forget_old()
        waiting = sum(session.state == "pending" for session in self._sessions.values())
        if waiting + self._beginning >= MOST_OPEN:
            raise GatewayError(Kind.RATE_LIMIT, f"{MOST_OPEN} logins are under way already; end one of them first.")
        login = DeviceLogin(way, self._post, sleep=self._sleep, clock=self._clock, wall=self._wall)
        self._beginning += 1
        try:
            code = await login.begin()
        except LoginEnded as error:
            raise GatewayError(Kind.UPSTREAM, error.message, should_retry=False) from error
        finally:
            self._beginning -= 1
        session = Session(self._new_id(), code, self._clock() + code.expires_in)
        self._sessions[session.id] = session
        session.task = background_task(f"login {session.id[:8]}", self._run(session, login, name))
        return session

    def find(self, session_id: str) -> Session:
        """A login by its id. Raises GatewayError(NOT_FOUND)."""
        self._forget_old()
        if session := self._sessions.get(session_id):
            return session
        raise GatewayError(Kind.NOT_FOUND, "There is no such login; it may have ended long ago.", should_retry=False)

    def seconds_left(self, session: Session) -> int:
        """How long its code can still be used."""
        return max(0, int(session.expires_at - self._clock())) if session.state == "pending" else 0

    async def cancel(self, session_id: str) -> None:
        """End a login and forget it. Raises GatewayError(NOT_FOUND)."""
        session = self.find(session_id)
        del self._sessions[session.id]
        await _ended(session)

    async def close(self) -> None:
        """End all of them."""
        sessions, self._sessions = list(self._sessions.values()), {}
        await asyncio.gather(*(_ended(session) for session in sessions))

    async def _run(self, session: Session, login: DeviceLogin, name: str | None) -> None:
        try:
            new = await login.finish(session.code, _silent)
            session.account = await self._kept(new, name)
            session.state = "complete"
            _log.info("logged in", account=session.account)
        except LoginEnded as error:
            session.state, session.message = error.ending.value, error.message
        except GatewayError as error:
            session.state, session.message = "error", error.message
        except Exception:  # noqa: BLE001 - a login that stays pending for ever is worse; the log has the traceback
            log_failure(f"login {session.id[:8]}")
            session.state, session.message = "error", internal_error().message
        session.ended_at = self._clock()
        if session.message:
            _log.warning("login ended", state=session.state, reason=session.message)

    async def _kept(self, new: NewLogin, name: str | None) -> str:
        """A login that was given must not get lost because somebody cancels just now."""
        keeping = background_task("keep login", self._stored(new, name))
        try:
            return await outcome(keeping)
        except asyncio.CancelledError:
            await asyncio.wait({keeping}, timeout=CLOSE_WAIT)
            if not keeping.done():
                keeping.cancel()
                _log.warning("login_not_stored", reason=f"the disk did not answer for {CLOSE_WAIT:g} s")
            elif not keeping.cancelled() and (error := keeping.exception()) is not None:
                _log.warning("login_not_stored", reason=str(error))
            raise

    async def _stored(self, new: NewLogin, name: str | None) -> str:
        try:
            return await self._keep(new, name)
        except OSError as error:
            reason = error.strerror or "a refresh of the login of that name is under way"
            raise GatewayError(Kind.INTERNAL, f"The login could not be stored: {reason}.") from error

    def _forget_old(self) -> None:
        now = self._clock()
        ended = {session.id: session.ended_at for session in self._sessions.values() if session.ended_at is not None}
        kept = [name for name, moment in ended.items() if now - moment <= KEPT][-MOST_KEPT:]
        for name in ended.keys() - kept:
            del self._sessions[name]


def _silent(_: float) -> None:
    """Nobody looks on."""


async def _ended(session: Session) -> None:
    if session.task is not None:
        session.task.cancel()
        await asyncio.wait({session.task})
