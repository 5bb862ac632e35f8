"""One login in use: gives requests a fresh token, and refreshes it so that it is never lost."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from time import monotonic, time
from typing import Final

import structlog

from gateway.accounts import store
from gateway.accounts.ahead import earliest
from gateway.accounts.credentials import Credentials, bad_login
from gateway.accounts.profile import ListProfiles, Profiles, lists_nothing
from gateway.accounts.refresh import REFRESHERS
from gateway.accounts.refresh.grant import Post, granted
from gateway.accounts.sources.source import Source
from gateway.errors import GatewayError, Kind, UpstreamError
from gateway.kiro.endpoints import Identity

_log: Final = structlog.get_logger("gateway.accounts")

THRESHOLD: Final = 600.0
"""Seconds before expiry from which on a token is renewed."""

ALIVE: Final = 30.0
"""A token with fewer seconds left is not sent any more: the request is waited for a new one instead."""

PAUSE: Final = 30.0
"""Seconds until the next attempt after a refresh failed, while the token still lives."""

PAUSE_DEAD: Final = 5.0
"""The same when every request needs the new token."""

PARKED: Final = 60.0
"""The same when the login was refused for good; a changed source ends every pause at once (S20)."""

LOCK_WAIT: Final = 15.0
"""Seconds to wait for another process that refreshes this login; then we go on without its lock."""

CLOSE_WAIT: Final = 10.0
"""Seconds a refresh in flight gets when the gateway stops: the server may have rotated the token already."""

SAVE_AGAIN: Final = 5.0
"""Seconds between attempts to keep a token that could not be written."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Both clocks: the wall's for expiries, which others wrote; the monotonic one for pauses."""

    wall: Callable[[], float] = time
    monotonic: Callable[[], float] = monotonic


class Account:
    """A login and what is known of it now.

    id: a label for logs, without anything secret. generation: grows with every change of tokens.
    """

    def __init__(
        self,
        source: Source,
        credentials: Credentials,
        post: Post,
        *,
        base_url: str | None = None,
        threshold: float = THRESHOLD,
        lock_wait: float = LOCK_WAIT,
        clock: Clock | None = None,
        profiles: ListProfiles = lists_nothing,
    ) -> None:
        self.source = source
        self.credentials = credentials
        self.generation = 0
        # Stable over refreshes and restarts: nothing that rotates goes into it.
        self._machine_id = sha256(f"kiro-gateway machine\0{credentials.client_id or source.key}".encode()).hexdigest()
        self.id = f"{credentials.kind}-{self._machine_id[:6]}"
        self._post = post
        self._base_url = base_url
        self._threshold = threshold
        self._lock_wait = lock_wait
        self._clock = clock or Clock()
        self._profiles = Profiles(
            profiles, configured_region=credentials.configured_api_region, clock=self._clock.monotonic
        )
        self._seen = credentials.tokens
        self._lead = threshold
        self._flight: asyncio.Task[GatewayError | None] | None = None
        self._saving: asyncio.Task[None] | None = None
        self._failed: GatewayError | None = None
        self._pause_until = 0.0
        self.refreshed_at: float | None = None
        self._judged: Credentials | None = None
        self._ends: float | None = None

    @property
    def expires_at(self) -> float | None:
        """When the access token ends, in epoch seconds: as granted, or as it says itself where it is a JWT."""
        mine = self.credentials
        if mine is not self._judged:
            self._judged, self._ends = mine, earliest(mine.expires_at, mine.access_token)
        return self._ends

    @property
    def lead(self) -> float:
        """Seconds before that from which on it is renewed."""
        return self._lead

    def now(self) -> float:
        """The wall's time, by which ``expires_at`` and ``refreshed_at`` go."""
        return self._clock.wall()

    async def renew_ahead(self) -> None:
        """Renew the token though nobody needs it yet. A fault is logged and remembered, never raised."""
        if self.credentials.kind in REFRESHERS and self._clock.monotonic() >= self._pause_until:
            await asyncio.shield(self._start(None))

    async def identity(self) -> Identity:
        """A token good for a request. Waits only when there is none; raises GatewayError when none is to be had."""
        if self._due():
            if not self._alive():
                await self._renewed(None)
            elif self._clock.monotonic() >= self._pause_until:
                self._start(None)
        return await self._profiles.completed(self._identity(), self.id)

    async def refresh_after_refusal(self, refused_token: str) -> Identity:
        """A token other than the refused one: refreshes only if nobody has since (late refusals are of old tokens)."""
        if self.credentials.access_token == refused_token:
            await self._renewed(refused_token)
        return await self._profiles.completed(self._identity(), self.id)

    async def correct_profile(self, refused: Identity) -> bool:
        """After a refusal that may mean a wrong profile: whether there is another one to send with now."""
        return await self._profiles.correct(refused, self.id)

    async def close(self) -> None:
        """Wait for a refresh in flight, so that a rotated token reaches the disk."""
        await self._profiles.close()
        tasks = [task for task in (self._flight, self._saving) if task and not task.done()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=CLOSE_WAIT)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _identity(self) -> Identity:
        mine = self.credentials
        return Identity(
            access_token=mine.access_token,
            profile_arn=mine.profile_arn,
            kind=mine.kind,
            region=mine.api_region,
            machine_id=self._machine_id,
        )

    def _due(self) -> bool:
        if self.credentials.kind not in REFRESHERS:
            return False  # an API key is good until Kiro refuses it
        expires = self.expires_at
        return expires is None or self._clock.wall() >= expires - self._lead

    def _alive(self) -> bool:
        return self.expires_at is not None and self._has_time(min(ALIVE, self._lead))

    def _has_time(self, margin: float) -> bool:
        expires = self.expires_at
        return bool(self.credentials.access_token) and (expires is None or self._clock.wall() < expires - margin)

    def _start(self, refused: str | None) -> asyncio.Task[GatewayError | None]:
        """The one refresh in flight. It is the account's own task: no client that leaves can cancel it."""
        if self._flight is None or self._flight.done():
            self._flight = asyncio.create_task(self._renew(refused), name=f"refresh {self.id}")
        return self._flight

    async def _renewed(self, refused: str | None) -> None:
        error = await asyncio.shield(self._start(refused))
        if self._usable(refused):
            return
        raise (error or bad_login("Kiro refused the access token, and it could not be renewed")).with_traceback(None)

    def _usable(self, refused: str | None) -> bool:
        return self.credentials.access_token != refused and self._has_time(0)

    async def _renew(self, refused: str | None) -> GatewayError | None:
        """Never raises: whoever waits is told the fault, and nobody need be waiting."""
        try:
            async with self._alone():
                await self._take_over_or_refresh(refused)
        except GatewayError as error:
            self._failed = error
            lives = self._usable(refused)
            pause = PARKED if error.kind is Kind.AUTHENTICATION else PAUSE if lives else PAUSE_DEAD
            self._pause_until = self._clock.monotonic() + pause
            _log.warning("token not renewed", account=self.id, error=error.message, token_lives=lives)
            return error
        self._failed = None
        return None

    async def _take_over_or_refresh(self, refused: str | None) -> None:
        changed = await self._reread()
        if changed and self._usable(refused) and not self._due():
            _log.info("token taken over from its source", account=self.id, source=self.source.name)
            return
        if self._failed and not changed and self._clock.monotonic() < self._pause_until:
            raise self._failed  # no storm on the token server; a changed source ends the pause
        await self._prove_writable()
        try:
            await self._refresh()
        except UpstreamError as error:
            # Somebody may have rotated the token between our reading and our asking (S19); and an answer that was
            # lost, or a server that stumbled, is asked once more (S21).
            changed = await self._reread()
            if changed and self._usable(refused) and not self._due():
                return
            if error.kind is Kind.AUTHENTICATION and not changed:
                raise
            await self._refresh()

    async def _reread(self) -> bool:
        """Look at the source again; True when it has other tokens than when we last looked: those are newer."""
        try:
            found = await asyncio.to_thread(self.source.load)
        except GatewayError as error:
            _log.warning("login source not readable", account=self.id, error=error.message)
            return False  # what is in memory is better than a blanked file
        if found.tokens == self._seen:
            return False
        self._seen = found.tokens
        self._lead = self._threshold
        self._adopt(found)
        return True

    async def _prove_writable(self) -> None:
        """A refresh token is spent only when its successor can be kept (S15)."""
        try:
            await asyncio.to_thread(self.source.prove_writable)
        except OSError as error:
            raise bad_login(
                f"the login was not refreshed, because the new one could not be stored ({error.strerror}):"
                " make the folder of the credentials file, or the gateway's state folder, writable"
            ) from error

    async def _refresh(self) -> None:
        refresher = REFRESHERS.get(self.credentials.kind)
        if refresher is None:
            raise bad_login(f"Kiro refused this login, which cannot be refreshed. {self.source.login_again}")
        answer = await self._post(refresher(self.credentials, self._base_url))
        renewed, lifetime = granted(self.credentials, answer, self._clock.wall(), self.source.login_again)
        # A token that lives for 30 s only must not be "due" from its first second on.
        self._lead = min(self._threshold, lifetime / 4)
        self._adopt(renewed)
        self.refreshed_at = self._clock.wall()
        _log.info("token refreshed", account=self.id, seconds=int(lifetime))
        if not await self._save() and (self._saving is None or self._saving.done()):
            self._saving = asyncio.create_task(self._save_later(), name=f"save {self.id}")

    def _adopt(self, credentials: Credentials) -> None:
        self.credentials = credentials
        self.generation += 1

    async def _save(self) -> bool:
        mine = self.credentials
        try:
            await asyncio.to_thread(self.source.save, mine, self._seen)
        except (OSError, GatewayError) as error:
            reason = error.message if isinstance(error, GatewayError) else str(error.strerror)
            _log.error("refreshed token not stored; it is kept in memory", account=self.id, error=reason)
            return False
        self._seen = mine.tokens
        return True

    async def _save_later(self) -> None:
        saved = False
        while not saved:
            await asyncio.sleep(SAVE_AGAIN)
            async with self._alone():
                saved = await self._save()

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Alone among the processes that use this login, as far as locks work where it lies."""
        lock = store.lock_for(self.source.lock_path)
        held = await asyncio.to_thread(store.acquired, lock, self._lock_wait)
        if not held:
            _log.warning("login not locked; going on without", account=self.id, source=self.source.name)
        try:
            yield
        finally:
            if held:
                await asyncio.to_thread(lock.release)
