"""The accounts as one: gives each request an account, and remembers what became of it. One account is a pool of one.

All of it runs on the event loop, and nothing here waits but for the calm pacing: no account can hold up another (R40).
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from gateway.accounts.choice import nobody, order
from gateway.accounts.clock import Clock
from gateway.accounts.health import (
    FRESH,
    PARKED,
    Allowance,
    Breaker,
    Fault,
    Health,
    Standing,
    failed,
    measured,
    renewed,
    standing,
    succeeded,
)
from gateway.accounts.member import Lease, Member, login_mark
from gateway.accounts.pacing import UNLIMITED, Pacer
from gateway.errors import GatewayError, Trouble, UpstreamError

_log: Final = structlog.get_logger("gateway.accounts")

REMEMBERED: Final = 10_000
"""Conversations whose account is remembered; the one longest unused is forgotten first."""

LACKING: Final = 3600.0
"""Seconds for which it is believed that an account's plan lacks a model."""


class Visit:
    """One request's way through the pool: which accounts it has been to. count: those that could serve it at first."""

    __slots__ = ("_conversation", "_model", "_order", "_pool", "_tried", "_version", "count")

    def __init__(self, pool: "Pool", conversation: str, model: str, order: list[Member]) -> None:
        self.count = len(order)
        self._order = order
        self._version = pool.version
        self._pool = pool
        self._conversation = conversation
        self._model = model
        self._tried: list[Member] = []

    async def next(self) -> Lease | None:
        """The next account, once the pacing lets the request in; None when no other can serve it.

        Raises GatewayError when even the first is gone by now.
        """
        while found := self._left():
            member = found[0]
            if member.pacer.full or self._pool.pacer.full:
                await self._queued(member)
                # While it waited the account may have become unusable; the one way to find out is to choose again.
                if member not in self._left():
                    member.pacer.leave()
                    self._pool.pacer.leave()
                    continue
            else:
                member.pacer.enter_now()
                self._pool.pacer.enter_now()
            return self._lent(member)
        if not self._tried:
            raise self._pool.nobody(self._model)
        return None

    def _left(self) -> list[Member]:
        """The accounts that are left, best first: as found at the beginning, if nothing has happened since."""
        if self._version != self._pool.version:
            self._order = self._pool.order(self._conversation, self._model, self._tried)
            self._version = self._pool.version
        return self._order

    async def _queued(self, member: Member) -> None:
        """Wait for a place of the account, then for one of all; cancelled, both are free again."""
        await member.pacer.enter()
        try:
            await self._pool.pacer.enter()
        except BaseException:
            member.pacer.leave()
            raise

    def _lent(self, member: Member) -> Lease:
        self._tried.append(member)
        return Lease(member, self._pool.pacer, probe=self._pool.taken(member))

    def answered(self) -> None:
        """The account taken last has begun to answer."""
        self._pool.succeeded(self._tried[-1], self._conversation)

    def failed(self, error: UpstreamError) -> None:
        """The account taken last could not answer."""
        self._pool.failed(self._tried[-1], self._model, error, error.trouble)

    def unusable(self, error: GatewayError) -> None:
        """The account taken last has no token to send with."""
        told = error.trouble if isinstance(error, UpstreamError) else Trouble.NONE
        trouble = Trouble.REFUSED if told is Trouble.NONE else told
        self._pool.failed(self._tried[-1], self._model, error, trouble)


class Pool:
    """All accounts of one gateway."""

    def __init__(
        self,
        members: Sequence[Member],
        *,
        breaker: Breaker | None = None,
        pacer: Pacer = UNLIMITED,
        clock: Clock | None = None,
        healths: Mapping[str, Health] | None = None,
    ) -> None:
        """healths: by the members' keys, as they were kept."""
        self.members = tuple(members)
        self.pacer = pacer
        self.changed = False
        self.version = 0
        self._breaker = breaker or Breaker()
        self._clock = clock or Clock()
        self._sticky: OrderedDict[str, str] = OrderedDict()
        for member in self.members:
            member.health = (healths or {}).get(member.key, FRESH)

    async def visit(self, conversation: str, model: str) -> Visit:
        """Begin a request. Raises GatewayError when no account can serve it now, with the reason of each."""
        found = self.order(conversation, model, ())
        if not found and await self._look_again():
            found = self.order(conversation, model, ())
        if not found:
            raise self.nobody(model)
        return Visit(self, conversation, model, found)

    def nobody(self, model: str) -> GatewayError:
        """The error when no account can serve."""
        now = self._clock.wall()
        return nobody([member.candidate(model, now) for member in self.members], model, now)

    def order(self, conversation: str, model: str, tried: Sequence[Member]) -> list[Member]:
        """The accounts that could serve a request now, the best first."""
        now = self._clock.wall()
        by_name = {member.name: member for member in self.members if member not in tried}
        candidates = [member.candidate(model, now) for member in by_name.values()]
        return [by_name[found.name] for found in order(candidates, model, now, self._sticky.get(conversation))]

    def taken(self, member: Member) -> bool:
        """Count a use, for the round robin; whether the account is taken as a probe."""
        self.version += 1
        member.turn = self.version
        health = member.health
        return health is not FRESH and standing(health, self._clock.wall()) in (Standing.PROBE, Standing.OUT)

    def succeeded(self, member: Member, conversation: str) -> None:
        """The account has begun to answer: it is healthy, and the conversation stays with it."""
        self._sticky[conversation] = member.name
        self._sticky.move_to_end(conversation)
        if len(self._sticky) > REMEMBERED:
            self._sticky.popitem(last=False)
        if member.health is not FRESH:
            self._set(member, succeeded(member.health))

    def failed(self, member: Member, model: str, error: GatewayError, trouble: Trouble) -> None:
        """The account could not answer; what follows for it depends on the fault alone."""
        now = self._clock.wall()
        if trouble is Trouble.MODEL:
            member.lacks(model, now + LACKING)
            self.version += 1
            return
        fault = Fault(trouble, error.message, error.retry_after, member.login)
        health = failed(member.health, fault, now, self._breaker, member.allowance)
        if health.out is not member.health.out:
            _log.warning("account out", account=member.name, why=health.out.value, seconds=_seconds(health, now))
        self._set(member, health)

    def learn(self, member: Member, allowance: Allowance, asked: float) -> None:
        """Take in what Kiro said of the account's credits; asked: when, on the wall's clock, the question was begun."""
        member.allowance = allowance
        now, overage = self._clock.wall(), member.terms.allow_overage
        self._set(member, measured(member.health, allowance, now, asked=asked, allow_overage=overage))

    def enable(self, member: Member) -> None:
        """Use the account again, whatever kept it out."""
        self._set(member, FRESH)

    def disable(self, member: Member) -> None:
        """Use the account no more, until it is enabled."""
        self._set(member, Health(disabled=True))

    def add(self, member: Member) -> None:
        """Use another account from now on."""
        self.members = (*self.members, member)
        self.version += 1

    def remove(self, member: Member) -> None:
        """Use an account no more; requests that are on it may come to their end."""
        self.members = tuple(other for other in self.members if other is not member)
        self.version += 1

    def find(self, key: str) -> Member | None:
        """An account by its name, or by its number counted from 0."""
        by_name = next((member for member in self.members if member.name == key), None)
        if by_name is None and key.isdecimal() and int(key) < len(self.members):
            return self.members[int(key)]
        return by_name

    def healths(self) -> dict[str, Health]:
        """By the members' keys, to be kept."""
        return {member.key: member.health for member in self.members}

    async def close(self) -> None:
        """Let refreshes in flight come to their end."""
        await asyncio.gather(*(member.account.close() for member in self.members))

    async def _look_again(self) -> bool:
        """Look whether a parked account has a new login; then it may be tried. Reads files, asks nobody."""
        parked = [member for member in self.members if member.health.out in PARKED]
        return any(await asyncio.gather(*(self.look_at(member) for member in parked)))

    async def look_at(self, member: Member) -> bool:
        """Whether a parked account's source holds another login than it was parked with."""
        try:
            found = await member.account.read_source()
        except GatewayError:
            return False
        if member.health.out not in PARKED or login_mark(found.tokens) == member.health.login:
            return False
        _log.info("account has a new login", account=member.name)
        self._set(member, renewed(member.health, self._clock.wall()))
        return True

    def _set(self, member: Member, health: Health) -> None:
        if health != member.health:
            member.health = FRESH if health == FRESH else health
            self.changed = True
            self.version += 1


def _seconds(health: Health, now: float) -> int | None:
    return max(0, round(health.until - now)) if health.until else None
