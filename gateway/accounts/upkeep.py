"""What the pool does by itself: tokens are renewed ahead of time, changed logins are loaded, the state is kept.

Three tasks for each account and one for the state. All of them are supervised, and end with the pool.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final

import structlog

from gateway.accounts import store
from gateway.accounts.account import Account
from gateway.accounts.ahead import next_look, worth_refreshing
from gateway.accounts.health import NEEDS_USER, AccountState
from gateway.accounts.member import Member
from gateway.accounts.pool import Pool
from gateway.accounts.state import StateFile
from gateway.errors import GatewayError
from gateway.supervision import Supervised, Work, log_failure, supervise
from gateway.threads import Threads

_log: Final = structlog.get_logger("gateway.accounts")

MEASURE: Final = 900.0
"""Seconds between two questions for an account's credits, where there are several accounts or one is used up."""

WATCH: Final = 2.0
"""Seconds between two looks at the files of a login: one that is renewed serves within two seconds (S20)."""

CLOSE_WAIT: Final = 10.0
"""Seconds for the last writing of the state; a disk that hangs does not hold up the end of the gateway."""

Measure = Callable[[Member], Awaitable[None]]
"""Has the pool learn an account's credits from Kiro, unless it was asked for them just now. Raises GatewayError."""


class Upkeep:
    """Begins with ``start`` and ends with ``close``, which keeps the state a last time."""

    def __init__(
        self,
        pool: Pool,
        state: StateFile,
        *,
        measure: Measure,
        save_interval: float = 10.0,
        dice: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self._pool = pool
        self._state = state
        self._measure = measure
        self._save_interval = save_interval
        self._dice = dice
        self._sleep = sleep
        self._threads = Threads("state", 1)
        self._watching = Threads("login files", 1)
        self._tasks: dict[str, list[Supervised]] = {}

    def start(self) -> None:
        """Begin, in the background."""
        for member in self._pool.members:
            self.watch(member)
        self._begin(self._keep_state, "state", "")

    def watch(self, member: Member) -> None:
        """Look after one more account."""
        self._begin(partial(self._renew_ahead, member), f"renew ahead {member.name}", member.key)
        self._begin(partial(self._keep_measured, member), f"measure {member.name}", member.key)
        if member.account.source.files:
            self._begin(partial(self._watch_source, member), f"watch login {member.name}", member.key)

    async def forget(self, member: Member) -> None:
        """Look after an account no more."""
        await _ended(self._tasks.pop(member.key, []))

    def _begin(self, work: Work, name: str, key: str) -> None:
        self._tasks.setdefault(key, []).append(supervise(name, work, sleep=self._sleep))

    async def close(self) -> None:
        """Stop, and keep what is known."""
        await _ended([task for tasks in self._tasks.values() for task in tasks])
        try:
            async with asyncio.timeout(CLOSE_WAIT):
                await self._save()
        except Exception:  # noqa: BLE001 - what else is to be closed must be closed
            log_failure("state")
        self._threads.close()
        self._watching.close()

    async def _watch_source(self, member: Member) -> None:
        """Use another login as soon as it stands where the account's login lies, whatever the account's state."""
        seen = None
        while True:
            found = await self._watching.run(store.stamps, member.account.source.files)
            if found != seen:
                seen = found
                await self._pool.reload(member)
            await self._sleep(WATCH)

    async def _renew_ahead(self, member: Member) -> None:
        await member.account.settle()
        while True:
            account = member.account
            await self._sleep(_until_next_look(account, self._dice()))
            await self.look_after(member)

    async def look_after(self, member: Member) -> None:
        """Renew a token that is near its end, before a request has to wait for it; look whether a dead login is new."""
        account = member.account
        if member.health.state in NEEDS_USER:
            await self._pool.reload(member)
        elif worth_refreshing(
            account.expires_at, account.refreshed_at, account.now(), account.lead, exact=account.exact
        ):
            await account.renew_ahead()

    async def _keep_measured(self, member: Member) -> None:
        """Credits are asked for only where they decide something: with one healthy account they do not."""
        while True:
            if len(self._pool.members) > 1 or member.health.state is AccountState.QUOTA_EXHAUSTED:
                await self.measure(member)
            await self._sleep(MEASURE * (0.9 + 0.2 * self._dice()))

    async def measure(self, member: Member) -> None:
        """Ask for an account's credits once; it is no fault of the account when it does not tell."""
        if member.health.state in (*NEEDS_USER, AccountState.RESTRICTED) or member.health.disabled:
            return
        try:
            await self._measure(member)
        except GatewayError as error:
            _log.debug("credits not told", account=member.name, reason=error.message)

    async def _keep_state(self) -> None:
        while True:
            await self._sleep(self._save_interval)
            await self._save()

    async def _save(self) -> None:
        if not self._pool.changed:
            return
        self._pool.changed = False
        try:
            await self._threads.run(self._state.save, self._pool.healths(), self._pool.now())
        except OSError as error:
            self._pool.changed = True
            _log.warning("state of the accounts not kept", error=error.strerror)
        except BaseException:  # also when it is cancelled
            self._pool.changed = True
            raise


def _until_next_look(account: Account, jitter: float) -> float:
    return next_look(account.expires_at, account.now(), account.lead, jitter, exact=account.exact)


async def _ended(tasks: Sequence[Supervised]) -> None:
    await asyncio.gather(*(task.close() for task in tasks))
