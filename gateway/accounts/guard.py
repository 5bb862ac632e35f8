"""The locks of a login by its source's rules: with what is refreshed, without what, and what is not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog

from gateway.accounts.filelocks import HeldLock, LockTaken
from gateway.accounts.locks import POLL, SPREAD, LoginLock
from gateway.accounts.sources.source import RefreshRules
from gateway.errors import GatewayError, Kind

_log: Final = structlog.get_logger("gateway.accounts")

SHARED_POLL: Final = 0.1
"""Seconds between two tries of kiro-cli's lock, as it has them itself."""


class NotRefreshed(GatewayError):
    """No token server was asked, so there is nothing to be spared by not trying again."""

    def __init__(self, reason: str, rules: RefreshRules) -> None:
        super().__init__(
            Kind.AUTHENTICATION,
            f"The access token has ended or was refused, and the gateway did not refresh it: {reason}. {rules.renew}",
        )


class LoginGuard:
    """Guards the refreshes of one login. account, place: for the log. wait: in place of what the rules say."""

    def __init__(self, lock: LoginLock, *, account: str, place: str, wait: float | None = None) -> None:
        self._lock = lock
        self._account = account
        self._place = place
        self._wait = wait
        self._warned = False

    @asynccontextmanager
    async def alone(self, rules: RefreshRules) -> AsyncIterator[str]:
        """Alone among the processes that use this login, as far as locks work where it lies.

        Gives the reason why nothing may be refreshed or saved now; "" where it may, also without a lock where kiro-cli
        has no part in the login.
        """
        lock, hindrance = await self._acquired(rules)
        try:
            yield hindrance
        finally:
            if lock is not None:
                await self._lock.release(lock)

    async def _acquired(self, rules: RefreshRules) -> tuple[HeldLock | None, str]:
        limit = rules.wait if self._wait is None else self._wait
        poll, spread = (SHARED_POLL, 0.0) if rules.store else (POLL, SPREAD)
        try:
            lock = await self._lock.acquire(rules.locks, limit=limit, poll=poll, spread=spread)
        except OSError as error:
            if not rules.store:
                _log.warning("login not locked; going on without", account=self._account, source=self._place)
                return None, ""
            _log.warning("refresh_lock_unavailable", account=self._account, error=str(error))
            if isinstance(error, LockTaken):
                return None, f"another program has had kiro-cli's refresh lock for {limit:.0f} s"
            return None, f"kiro-cli's refresh lock cannot be opened ({error.strerror})"
        if lock.targets and lock.targets[0] not in rules.locks[0] and not self._warned:
            self._warned = True
            _log.warning("login_folder_not_lockable", account=self._account, instead=str(lock.targets[0].path))
        return lock, ""
