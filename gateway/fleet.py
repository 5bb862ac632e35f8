"""The accounts of one gateway put together: logins, the pool over them, the ways out, and what is done by itself."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import structlog

from gateway.accounts.account import Account
from gateway.accounts.clock import Clock
from gateway.accounts.credentials import Credentials
from gateway.accounts.health import NEEDS_USER, AccountState, Allowance, BreakerPolicy, Circuit, Health, circuit
from gateway.accounts.locks import FolderLocks, retried
from gateway.accounts.member import Member, login_mark
from gateway.accounts.pacing import pacer
from gateway.accounts.pool import Pool
from gateway.accounts.queue import FairQueue, QueueLimits
from gateway.accounts.sources.own import LOCK_WAIT, OwnLogin, discard
from gateway.accounts.state import StateFile
from gateway.accounts.terms import Configured, Terms
from gateway.accounts.upkeep import Upkeep
from gateway.errors import GatewayError, Kind
from gateway.kiro.usage_limits import UsageLimits
from gateway.settings import Settings
from gateway.threads import Threads
from gateway.upstream.connection import Connection, TokenPost
from gateway.upstream.control import fetch_models
from gateway.upstream.profiles import KeyRegions, ProfileList
from gateway.upstream.usage import UsageCache, fetch_usage

_log: Final = structlog.get_logger("gateway.accounts")

LOGIN_THREADS: Final = 4
"""Threads to read the logins at the start, and to add and remove some. A file system that hangs takes one of them."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """connections: by account name; accounts with the same proxy share one. upkeep: to be started and closed.

    usages: what Kiro says of each account's credits; the pool learns it too.

    common: the way out of everything that has no proxy of its own. threads: for the logins' files, where they are no
    account's. folders: those that are locked for a refresh.
    """

    pool: Pool
    connections: dict[str, Connection]
    common: Connection
    upkeep: Upkeep
    usages: UsageCache
    settings: Settings
    threads: Threads
    folders: FolderLocks
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while the set of accounts changes: two logins of one source that are added at once are one account."""

    @property
    def base_url(self) -> str | None:
        """What takes the place of Kiro's hosts."""
        return self.settings.upstream.base_url

    async def add(self, configured: Configured) -> None:
        """Use a login without a proxy of its own from now on; one that is in use already is read again.

        Raises GatewayError when it cannot be read.
        """
        async with self.changing:
            known = next((one for one in self.pool.members if one.account.source.key == configured.source.key), None)
            if known is not None:
                await self.pool.reload(known)
                return
            found = await self.threads.run(configured.source.load)
            taken = {member.name for member in self.pool.members}
            member = _member(self.settings, configured, found, self.common, taken, folders=self.folders)
            self.connections[member.name] = self.common
            self.pool.add(member)
            self.upkeep.watch(member)

    async def log_out(self, member: Member) -> None:
        """Forget a login of the gateway's own store; requests that are on it may come to their end.

        Raises GatewayError for a login that belongs to another program or to the settings.
        """
        source = member.account.source
        if not isinstance(source, OwnLogin):
            words = f"This login is not the gateway's own: it lies in {source.name}. Take it out there, or disable it."
            raise GatewayError(Kind.INVALID_REQUEST, words, status=409, should_retry=False)
        async with self.changing:
            self.pool.remove(member)
            await self.upkeep.forget(member)
            await self.usages.forget(member.name)
            await member.account.close()
            await retried(partial(discard, source, wait=0), threads=self.threads, clock=Clock(), limit=LOCK_WAIT)

    async def models(self) -> dict[str, Any]:
        """Kiro's list of models, from the first healthy account that gets it. Raises GatewayError."""
        last = GatewayError(Kind.OVERLOADED, "no account can be asked for the models now")
        for member in self.pool.members:
            if circuit(member.health, self.pool.now()) is Circuit.OPEN:
                continue
            try:
                identity = await member.account.identity()
                return await fetch_models(self.connections[member.name], identity, base_url=self.base_url)
            except GatewayError as error:
                self.pool.note_suspension(member, error)
                last = error
        raise last

    async def close(self) -> None:
        """Keep the state, let refreshes end, close the connections."""
        await self.upkeep.close()
        await self.usages.close()
        await self.pool.close()
        for connection in {self.common, *self.connections.values()}:
            await connection.close()
        self.threads.close()


async def assemble(settings: Settings, accounts: Sequence[Configured], folder: Path) -> Fleet:
    """The fleet. folder: the gateway's own, for the state.

    Raises GatewayError when none of the logins can be read, OSError for a ca_file that cannot be.
    """
    rules = settings.pool
    threads = Threads("logins", LOGIN_THREADS)
    ways: dict[str | None, Connection] = {None: open_connection(settings)}
    folders = FolderLocks()
    members: list[Member] = []
    connections: dict[str, Connection] = {}
    dead: dict[str, Health] = {}
    clock = Clock()
    for configured, found in zip(accounts, await _loaded(accounts, threads), strict=True):
        way = ways.get(configured.proxy_url) or open_connection(settings, configured.proxy_url)
        ways[configured.proxy_url] = way
        member = _member(settings, configured, found, way, {member.name for member in members}, folders=folders)
        members.append(member)
        connections[member.name] = way
        if isinstance(found, GatewayError):
            dead[member.key] = Health(AccountState.LOGIN_DEAD, message=found.message, login=login_mark(("", "")))
    state = StateFile(folder)
    pool = Pool(
        members,
        policy=BreakerPolicy(rules.recovery_timeout, rules.max_backoff_multiplier),
        pacer=pacer(rules.max_concurrent, rules.min_interval),
        queue=partial(FairQueue, limits=QueueLimits(seconds=rules.queue_timeout)),
        clock=clock,
        healths=await threads.run(state.load, clock.now()) | dead,
    )

    async def ask(name: str) -> UsageLimits:
        return await _usage(pool, connections, name, settings.upstream.base_url)

    usages = UsageCache(ask, login=partial(_login_changes, pool))

    async def measure(member: Member) -> None:
        reading = await usages.of(member.name)
        if reading.error is not None:
            raise reading.error

    upkeep = Upkeep(pool, state, measure=measure, save_interval=rules.state_save_interval)
    return Fleet(pool, connections, ways[None], upkeep, usages, settings, threads, folders)


async def _usage(pool: Pool, connections: Mapping[str, Connection], name: str, base_url: str | None) -> UsageLimits:
    """What Kiro says of an account's credits now; the pool learns it too. Raises GatewayError."""
    member = pool.find(name)
    if member is None:
        raise GatewayError(Kind.NOT_FOUND, "There is no such account.")
    if member.health.state in NEEDS_USER:
        raise GatewayError(Kind.AUTHENTICATION, member.health.message, should_retry=False)
    asked = member.mark
    identity = await member.account.identity()
    try:
        limits = await fetch_usage(connections[member.name], identity, base_url=base_url)
    except GatewayError as error:
        pool.note_suspension(member, error)
        raise
    if (allowance := _allowance(limits)) is not None:
        pool.learn(member, allowance, asked)
    return limits


def _login_changes(pool: Pool, name: str) -> int | None:
    """How often the account got another login, or was enabled by the user."""
    member = pool.find(name)
    return member.resets if member else None


def _allowance(limits: UsageLimits) -> Allowance | None:
    credit = limits.credits
    if credit is None:
        return None
    return Allowance(credit.all_used, credit.all_limit, limits.resets_at, overage=bool(limits.overages))


async def _loaded(accounts: Sequence[Configured], threads: Threads) -> list[Credentials | GatewayError]:
    """Every login, or why it cannot be read; raises when that is so of all."""
    found = await asyncio.gather(
        *(threads.run(configured.source.load) for configured in accounts), return_exceptions=True
    )
    logins: list[Credentials | GatewayError] = []
    for login in found:
        if isinstance(login, BaseException) and not isinstance(login, GatewayError):
            raise login
        logins.append(login)
    faults = [login for login in logins if isinstance(login, GatewayError)]
    if len(faults) == len(logins):
        raise faults[0]
    for configured, login in zip(accounts, logins, strict=True):
        if isinstance(login, GatewayError):
            _log.warning("login not readable", source=configured.source.name, error=login.message)
    return logins


def open_connection(settings: Settings, own_proxy: str | None = None) -> Connection:
    """The way out that these settings describe, by an account's own proxy if it has one.

    Must be called inside a running event loop. Raises OSError for a ca_file that cannot be read.
    """
    upstream = settings.upstream
    common = upstream.proxy_url.reveal() if upstream.proxy_url else None
    ca_file = Path(upstream.ca_file).expanduser() if upstream.ca_file else None
    return Connection(proxy_url=own_proxy or common, ca_file=ca_file, connect_timeout=upstream.connect_timeout)


def _member(
    settings: Settings,
    configured: Configured,
    found: Credentials | GatewayError,
    way: Connection,
    taken: set[str],
    *,
    folders: FolderLocks,
) -> Member:
    """An account of the pool. One whose login cannot be read yet has an empty one until it can."""
    account = Account(
        configured.source,
        Credentials("social", "") if isinstance(found, GatewayError) else found,
        TokenPost(way),
        base_url=settings.upstream.base_url,
        threshold=settings.credentials.refresh_threshold,
        profiles=ProfileList(way, settings.upstream.base_url),
        find_region=KeyRegions(way, settings.upstream.base_url),
        folders=folders,
    )
    terms = configured.terms or Terms(account.id)
    if terms.name in taken:
        terms = replace(terms, name=next(name for n in range(2, 9999) if (name := f"{terms.name}-{n}") not in taken))
    rules = settings.pool
    concurrent = rules.max_concurrent_per_account if terms.max_concurrent is None else terms.max_concurrent
    gate = pacer(concurrent, terms.min_interval, rules.pause_after_429)
    return Member(account, terms, gate)
