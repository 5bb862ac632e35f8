"""The accounts as one: gives each request an account, and remembers what became of it. One account is a pool of one.

All of it runs on the event loop, and nothing here waits but in the queue: no account can hold up another (R40). A
request waits for a place at any account that can serve it. It keeps its place until its answer ends, its client leaves
or it goes on to another account; also while it waits before another send, since in its stead another request would go
to an account that has just asked for fewer.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from math import inf
from typing import Final

import structlog

from gateway.accounts.busy_models import BusyModels
from gateway.accounts.choice import closed, nobody, order, soonest
from gateway.accounts.clock import Clock
from gateway.accounts.health import (
    FRESH,
    NEEDS_USER,
    AccountFailure,
    Allowance,
    BreakerPolicy,
    Circuit,
    Health,
    Now,
    after_credits,
    after_failure,
    after_new_login,
    after_success,
    circuit,
    may_probe_early,
)
from gateway.accounts.member import Lease, Member
from gateway.accounts.notices import log_failure_of
from gateway.accounts.pacing import UNLIMITED, Pacer
from gateway.accounts.queue import WAIT, FairQueue, PoolRequest, Waits
from gateway.errors import GatewayError, Trouble, UpstreamError
from gateway.kiro.profiles import SHARED
from gateway.supervision import background_task, outcome

_log: Final = structlog.get_logger("gateway.accounts")

MakeQueue = Callable[
    [Callable[[], bool], Callable[[], float], Callable[[Lease | None], object]], FairQueue[Lease | None]
]
"""Makes a queue over places that are vacant, that open at a time, and that can be given back."""

REMEMBERED: Final = 10_000
"""Conversations whose account is remembered; the one longest unused is forgotten first."""

HOME_WAIT: Final = 10.0
"""Seconds for which a conversation waits for a place at the account it is with, while others are free. There its prompt
is cached: a turn elsewhere costs up to three times the credits (GPT). Four agents' turns rarely take longer until one
of them ends; and who waits for ever leaves accounts idle."""

STALE: Final = -1
"""No version of the pool."""

LACKING: Final = 3600.0
"""Seconds for which it is believed that an account's plan lacks a model."""


class Visit:
    """One request's way through the pool: which accounts it has been to. count: those that could serve it at first."""

    __slots__ = (
        "_leaves_home",
        "_model",
        "_order",
        "_pool",
        "_request",
        "_tried",
        "_version",
        "count",
        "session",
    )

    def __init__(self, pool: "Pool", conversation: str, model: str, order: list[Member], request: PoolRequest) -> None:
        self.count = len(order)
        self._order = order
        self._version = pool.version
        self._pool = pool
        self.session = conversation
        self._model = model
        self._request = request
        self._leaves_home = pool.queue.now() + HOME_WAIT
        self._tried: list[Member] = []

    async def next(self) -> Lease | None:
        """The next account, once it has a place for the request; None when no other can serve it.

        Raises GatewayError when even the first is gone by now, with 429 when the queue is full or the wait too long.
        """
        return await self._pool.queue.enter(self._request, self)

    @property
    def kind(self) -> Hashable:
        """What decides on which accounts it may go now."""
        return self._model, self._home(), *map(id, self._tried)

    def attempt(self, *, take: bool) -> Lease | Waits | None:
        """An account with a free place, if one may be taken; WAIT while there is one that could serve."""
        left = self._left()
        if not left:
            if not self._tried:
                raise self._pool.nobody(self._model)
            return None
        member = self._free(left) if take else None
        if member is None:
            self._version = STALE  # cooldowns end while it waits
            return WAIT
        return self._lent(member)

    def _left(self) -> list[Member]:
        """The accounts that are left, best first: as found at the beginning, if nothing has happened since."""
        if self._version != self._pool.version:
            self._order = self._pool.order(self.session, self._model, self._tried)
            self._version = self._pool.version
        return self._order

    def _free(self, left: list[Member]) -> Member | None:
        """The best of them that has a place."""
        pool = self._pool
        if pool.pacer.full:
            return None
        first = left[0]
        if not first.pacer.full:
            return first
        if first.name == self._home():
            return None
        now = pool.now()
        lacks = first.misses(self._model, now)
        return next((m for m in left if not m.pacer.full and m.misses(self._model, now) <= lacks), None)

    def _home(self) -> str | None:
        """The name of the account that the conversation is with, as long as it waits for it."""
        home = self._pool.home(self.session)
        return home if home is not None and self._pool.queue.now() < self._leaves_home else None

    def _lent(self, member: Member) -> Lease:
        member.pacer.enter_now()
        self._pool.pacer.enter_now()
        self._tried.append(member)
        return Lease(member, self._pool.pacer, probe=self._pool.taken(member), freed=self._pool.queue.serve)

    def answered(self, lease: Lease) -> None:
        """The account has begun to answer."""
        self._pool.succeeded(lease, self.session)

    def failed(self, lease: Lease, error: UpstreamError) -> None:
        """The account could not answer, or Kiro said of it in an answer's course that it cannot go on."""
        self._pool.failed(lease, self._model, error, error.trouble)

    def closed(self, lease: Lease) -> UpstreamError | None:
        """Why nothing may be sent for the account any more, whatever the request waited for; None when it may."""
        return self._pool.closed(lease.member)

    def unusable(self, lease: Lease, error: GatewayError) -> None:
        """The account has no token to send with."""
        named = error.trouble if isinstance(error, UpstreamError) else Trouble.NONE
        trouble = Trouble.REFUSED if named is Trouble.NONE else named
        self._pool.failed(lease, self._model, error, trouble)


class Pool:
    """All accounts of one gateway."""

    def __init__(
        self,
        members: Sequence[Member],
        *,
        policy: BreakerPolicy | None = None,
        pacer: Pacer = UNLIMITED,
        clock: Clock | None = None,
        healths: Mapping[str, Health] | None = None,
        queue: MakeQueue = FairQueue,
    ) -> None:
        """healths: by the members' keys, as they were kept. queue: makes it, with limits of its own."""
        self.members = tuple(members)
        self.pacer = pacer
        self.changed = False
        self.version = 0
        self._policy = policy or BreakerPolicy()
        self._clock = clock or Clock()
        self._sticky: OrderedDict[str, str] = OrderedDict()
        self._busy_models = BusyModels()
        self._looking: asyncio.Task[bool] | None = None
        self.queue: FairQueue[Lease | None] = queue(self._vacant, self._opens_at, _give_back)
        for member in self.members:
            member.health = (healths or {}).get(member.key, FRESH)

    async def visit(self, conversation: str, model: str, request: PoolRequest | None = None) -> Visit:
        """Begin a request. Raises GatewayError when no account can serve it now, with the reason of each.

        request: the client's, of which this may be one of several calls.
        """
        found = self.order(conversation, model, ())
        if not found and await self._look_again():
            found = self.order(conversation, model, ())
        if not found:
            raise self.nobody(model)
        return Visit(self, conversation, model, found, request or PoolRequest())

    def home(self, conversation: str) -> str | None:
        """The name of the account that a conversation is with."""
        return self._sticky.get(conversation)

    def _vacant(self) -> bool:
        """Whether an account that may serve has a free place."""
        if self.pacer.full:
            return False
        now = self._clock.now()
        return any(not member.pacer.full and _may_serve(member.health, now) for member in self.members)

    def _opens_at(self) -> float:
        """When a pause or an interval ends next."""
        now = self.queue.now()
        times = (pacer.opens_at for pacer in (self.pacer, *(member.pacer for member in self.members)))
        return min((time for time in times if time > now), default=inf)

    def nobody(self, model: str) -> GatewayError:
        """The error when no account can serve."""
        now = self._clock.now()
        if (busy := self._busy_models.refusal(model, now.monotonic)) is not None:
            return busy
        return nobody([member.candidate(model, now) for member in self.members], model, now)

    def closed(self, member: Member) -> UpstreamError | None:
        """Why nothing may be sent for an account now: Kiro has said so, or the user. None when it may."""
        if member.health is FRESH:  # nearly always, and it is asked before each send
            return None
        now = self._clock.now()
        return closed(member.candidate("", now), now)

    def soonest(self, error: UpstreamError, model: str) -> GatewayError:
        """The error of a request that the accounts could not serve; ``error`` is what the last one met."""
        return error if self.order("", model, ()) else soonest(error, self.nobody(model))

    def order(self, conversation: str, model: str, tried: Sequence[Member]) -> list[Member]:
        """The accounts that could serve a request now, the best first."""
        now = self._clock.now()
        if self._busy_models.refusal(model, now.monotonic) is not None:
            return []
        by_name = {member.name: member for member in self.members if member not in tried}
        candidates = [member.candidate(model, now) for member in by_name.values()]
        return [by_name[found.name] for found in order(candidates, model, now, self._sticky.get(conversation))]

    def taken(self, member: Member) -> bool:
        """Count a use, for the round robin; whether the account is taken as a probe."""
        self.version += 1
        member.turn = self.version
        health = member.health
        return health is not FRESH and circuit(health, self._clock.now()) in (Circuit.HALF_OPEN, Circuit.OPEN)

    def succeeded(self, lease: Lease, conversation: str) -> None:
        """The account has begun to answer: the conversation stays with it, and it is healthy if that is news."""
        member = lease.member
        self._sticky[conversation] = member.name
        self._sticky.move_to_end(conversation)
        if len(self._sticky) > REMEMBERED:
            self._sticky.popitem(last=False)
        if member.health is not FRESH and lease.began == member.mark:
            self._set(member, after_success(member.health, self._clock.now()))

    def failed(self, lease: Lease, model: str, error: GatewayError, trouble: Trouble) -> None:
        """The account could not answer; what follows for it depends on the failure, and on what is newer than it."""
        member, now = lease.member, self._clock.now()
        changes, resets = lease.began
        if trouble is Trouble.CAPACITY:
            self._busy_models.note(model, error, now.monotonic)
            self._change()
            return
        if resets != member.resets:
            return  # it is of a login, or of a state, that the user has ended since
        if trouble is Trouble.MODEL:
            member.lacks(model, now.monotonic + LACKING)
            self._change()
            return
        failure = AccountFailure(trouble, error.message, error.retry_after, member.login)
        self._fail(member, failure, stale=changes != member.changes)
        if trouble is Trouble.PROFILE_THROTTLED:
            for other in self._of_profile(member):
                self._fail(other, failure, stale=True)

    def note_suspension(self, member: Member, error: GatewayError) -> None:
        """Another call than one for an answer failed; it counts when Kiro has said that the account is suspended."""
        if isinstance(error, UpstreamError) and error.trouble is Trouble.SUSPENDED:
            self._fail(member, AccountFailure(error.trouble, error.message, login=member.login), stale=True)

    def _of_profile(self, member: Member) -> list[Member]:
        """The other accounts of its profile. The profile that all logins of a kind share says nothing of the others."""
        arn = member.account.profile_arn
        if arn is None or arn in SHARED.values():
            return []
        return [other for other in self.members if other is not member and other.account.profile_arn == arn]

    def _fail(self, member: Member, failure: AccountFailure, *, stale: bool) -> None:
        now = self._clock.now()
        health = after_failure(member.health, failure, now, self._policy, stale=stale, allowance=member.allowance)
        if health.state is not member.health.state:
            log_failure_of(member.name, health, failure, now)
        self._set(member, health)

    def learn(self, member: Member, allowance: Allowance, asked: tuple[int, int]) -> None:
        """Take in what Kiro said of the account's credits; asked: the account's mark when the question was begun."""
        member.allowance = allowance
        stale, overage = asked != member.mark, member.terms.allow_overage
        now = self._clock.now()
        self._set(member, after_credits(member.health, allowance, now, stale=stale, allow_overage=overage))

    def enable(self, member: Member) -> None:
        """Use the account again, whatever made it unusable."""
        member.resets += 1
        self._set(member, FRESH)

    def disable(self, member: Member) -> None:
        """Use the account no more, until it is enabled."""
        member.resets += 1
        self._set(member, Health(disabled=True))

    def add(self, member: Member) -> None:
        """Use another account from now on."""
        self.members = (*self.members, member)
        self._change()

    def remove(self, member: Member) -> None:
        """Use an account no more; requests that are on it may come to their end."""
        self.members = tuple(other for other in self.members if other is not member)
        self._change()

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

    def now(self) -> Now:
        """This moment on the clocks that healths go by."""
        return self._clock.now()

    async def _look_again(self) -> bool:
        """Look whether an account that only the user can repair has a new login: once for all requests that wait.

        Reads files, asks nobody.
        """
        if self._looking is None or self._looking.done():
            self._looking = background_task("reload dead logins", self._reload_dead())
        return await outcome(self._looking)

    async def _reload_dead(self) -> bool:
        dead = [member for member in self.members if member.health.state in NEEDS_USER]
        return any(await asyncio.gather(*(self.reload(member) for member in dead)))

    async def reload(self, member: Member) -> bool:
        """Look whether the account's source holds another login than the one in use, and use it from now on.

        Whatever the account's state: a login is renewed to be used. True when there is a new one.
        """
        changed = await member.account.reload()
        dead = member.health.state in NEEDS_USER and member.login != member.health.login
        if not changed and not dead:
            return False
        _log.info("login_replaced", account=member.name)
        member.resets += 1
        self._set(member, after_new_login(member.health, self._clock.now()))
        return True

    def _set(self, member: Member, health: Health) -> None:
        if health != member.health:
            member.health = FRESH if health == FRESH else health
            member.changes += 1
            self.changed = True
            self._change()

    def _change(self) -> None:
        """Another choice of accounts than before."""
        self.version += 1
        self.queue.change()


def _may_serve(health: Health, now: Now) -> bool:
    return circuit(health, now) is not Circuit.OPEN or may_probe_early(health, now)


def _give_back(lease: Lease | None) -> None:
    if lease is not None:
        lease.release()
