"""The accounts over HTTP, behind the admin key: ``GET /accounts``, ``POST /accounts/{key}/enable|disable|refresh``,
``DELETE /accounts/{key}``, ``GET /usage``. A key is an account's name or its number, counted from 0.

Tokens never leave; e-mail addresses are shown shortened.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from gateway import jsontext
from gateway.accounts.choice import Candidate, obstacle
from gateway.accounts.health import QUOTAS, AccountState, Circuit, Health, Now, circuit
from gateway.accounts.member import Member
from gateway.accounts.pool import Pool
from gateway.accounts.terms import Terms
from gateway.errors import GatewayError, Kind
from gateway.kiro.usage_limits import Credits, Grant, UsageLimits
from gateway.upstream.usage import UsageCache

LogOut = Callable[[Member], Awaitable[None]]
"""Ends the use of an account and forgets its login. Raises GatewayError for a login that is not the gateway's own."""


class Accounts:
    """The handlers."""

    def __init__(self, pool: Pool, usage: UsageCache, log_out: LogOut) -> None:
        self._pool = pool
        self._usage = usage
        self._log_out = log_out

    async def list_all(self, _request: web.Request) -> web.Response:
        """All accounts with their state, and how many requests wait for a place at one of them."""
        rows = account_rows(self._pool.members, self._pool.now())
        return _json({"accounts": rows, "waiting": self._pool.queue.waiting})

    async def enable(self, request: web.Request) -> web.Response:
        """Use an account again, whatever kept it out."""
        member = self._named(request)
        self._pool.enable(member)
        return self._one(member)

    async def disable(self, request: web.Request) -> web.Response:
        """Use an account no more, until it is enabled."""
        member = self._named(request)
        self._pool.disable(member)
        return self._one(member)

    async def refresh(self, request: web.Request) -> web.Response:
        """Get a new access token now."""
        member = self._named(request)
        await member.account.refresh_after_refusal(member.account.credentials.access_token)
        return self._one(member)

    async def remove(self, request: web.Request) -> web.Response:
        """Log out: forget a login that the gateway has made itself."""
        await self._log_out(self._named(request))
        return web.Response(status=204)

    async def usage(self, _request: web.Request) -> web.Response:
        """Plan and credits of every account; one that cannot be asked says why in its place."""
        return _json({"accounts": await usage_rows(self._pool.members, self._usage, lambda: self._pool.now().wall)})

    def _named(self, request: web.Request) -> Member:
        if member := self._pool.find(request.match_info["key"]):
            return member
        known = ", ".join(member.name for member in self._pool.members)
        raise GatewayError(Kind.NOT_FOUND, f"There is no such account. There are: {known}.", should_retry=False)

    def _one(self, member: Member) -> web.Response:
        return _json(_account_row(self._pool.members.index(member), member, self._pool.now()))


def account_rows(members: Sequence[Member], now: Now) -> list[dict[str, Any]]:
    """The accounts as JSON, in their order."""
    return [_account_row(number, member, now) for number, member in enumerate(members)]


def _account_row(number: int, member: Member, now: Now) -> dict[str, Any]:
    credentials, health = member.account.credentials, member.health
    waits = circuit(health, now) in (Circuit.OPEN, Circuit.HALF_OPEN)
    return {
        "index": number,
        "name": member.name,
        "kind": credentials.kind,
        "source": member.account.source.name,
        "enabled": not health.disabled,
        "state": _state(member, now),
        "reason": obstacle(Candidate(Terms(member.name), health), "", now).words if waits else None,
        "until": _moment(_ends_at(health, now)) if waits else None,
        "failures": health.failures,
        "running": member.running,
        "token_expires_at": _moment(credentials.expires_at),
        "region": credentials.api_region,
        "profile_arn": credentials.profile_arn,
    }


def _state(member: Member, now: Now) -> str:
    health = member.health
    if health.disabled:
        return "disabled"
    if circuit(health, now) in (Circuit.CLOSED, Circuit.DEGRADED):
        return "ready"
    used_up = {AccountState.QUOTA_EXHAUSTED: "month used up", AccountState.DAILY_LIMIT: "day used up"}
    return used_up.get(health.state, health.state.value)


def _ends_at(health: Health, now: Now) -> float | None:
    """When it may be used again, in epoch seconds, if that is known."""
    if health.state in QUOTAS:
        return health.resets_at
    return now.wall + health.retry_at - now.monotonic if health.retry_at else None


async def usage_rows(members: Sequence[Member], usage: UsageCache, clock: Callable[[], float]) -> list[dict[str, Any]]:
    """Plan and credits of each account, or why it does not tell. clock: epoch seconds."""

    async def row(name: str) -> dict[str, Any]:
        reading, now = await usage.of(name), clock()
        shown = usage_row(name, reading.limits, now) if reading.limits else {"name": name}
        failed = {"error": reading.error.message} if reading.error else {}
        return {**shown, **failed, "fetched_at": _moment(now - reading.age), "age": round(reading.age)}

    return list(await asyncio.gather(*(row(member.name) for member in members)))


def usage_row(name: str, limits: UsageLimits, now: float) -> dict[str, Any]:
    """One account's plan and credits as JSON; dates in RFC 3339, money in the currency beside it."""
    return {
        "name": name,
        "plan": limits.plan,
        "type": limits.type,
        "email": masked_email(limits.email),
        "resets_at": _moment(limits.resets_at),
        "days_left": limits.days_left(now),
        "overages": limits.overages,
        "credits": _credits(limits.credits) if limits.credits else None,
    }


def _credits(credits: Credits) -> dict[str, Any]:
    return {
        "resource": credits.resource,
        "used": credits.used,
        "limit": credits.limit,
        "remaining": round(max(0.0, credits.all_limit - credits.all_used), 6),
        "overage": credits.overage,
        "overage_cap": credits.overage_cap,
        "overage_charges": credits.overage_charges,
        "currency": credits.currency,
        "free_trial": _grant(credits.trial) if credits.trial else None,
        "bonuses": [_grant(bonus) for bonus in credits.bonuses],
    }


def _grant(grant: Grant) -> Mapping[str, Any]:
    told = {"name": grant.name, "active": grant.active, "used": grant.used, "limit": grant.limit}
    return {**told, "expires_at": _moment(grant.expires_at)}


def masked_email(email: str | None) -> str | None:
    """Enough of an address to know one's own by: ``u***@example.org``."""
    if not email:
        return None
    name, at, host = email.rpartition("@")
    return f"{name[:1]}***{at}{host}" if at else "***"


def _moment(epoch_seconds: float | None) -> str | None:
    if epoch_seconds is None or not 0 < epoch_seconds < 1e11:  # noqa: PLR2004 - the year 5138; later is no date
        return None
    return datetime.fromtimestamp(epoch_seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _json(value: dict[str, Any]) -> web.Response:
    headers = {"cache-control": "no-store"}
    return web.Response(body=jsontext.encode(value), content_type="application/json", headers=headers)
