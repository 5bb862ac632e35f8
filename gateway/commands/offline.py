"""What the commands do when no gateway runs: with the accounts of the settings, and the state kept of them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from gateway.accounts.member import Member
from gateway.accounts.state import StateFile
from gateway.app import name_rules
from gateway.commands import surroundings
from gateway.commands.logins import accounts_from
from gateway.errors import GatewayError, Kind
from gateway.fleet import Fleet, assemble
from gateway.kiro.models import Catalogue
from gateway.settings import Settings
from gateway.web import models as web_models
from gateway.web.accounts import account_rows, usage_rows


async def accounts(settings: Settings, act: str | None, name: str | None) -> list[dict[str, Any]]:
    """The accounts, after something was done with one of them. Raises GatewayError, OSError."""
    async with _fleet(settings) as fleet:
        if fleet is None:
            return []
        if act:
            await _done(fleet, act, _named(fleet, name or ""))
        return account_rows(fleet.pool.members, fleet.pool.now())


async def usage(settings: Settings) -> list[dict[str, Any]]:
    """Plan and credits of every account. Raises GatewayError, OSError."""
    async with _fleet(settings) as fleet:
        if fleet is None:
            return []
        return await usage_rows(fleet.pool.members, fleet.usages, lambda: fleet.pool.now().wall)


async def models(settings: Settings) -> Sequence[Mapping[str, Any]]:
    """Kiro's models. Raises GatewayError, OSError."""
    names = name_rules(settings)
    async with _fleet(settings) as fleet:
        if fleet is None:
            return web_models.rows(Catalogue.fallback(names), names)
        told = await fleet.models()
    return web_models.rows(Catalogue.from_upstream(told, window=settings.models.default_max_input_tokens), names)


@asynccontextmanager
async def _fleet(settings: Settings) -> AsyncIterator[Fleet | None]:
    """The accounts as a gateway would have them; None when there is none. What is learnt is kept."""
    folder = surroundings.own_folder()
    configured = accounts_from(settings, folder)
    if not configured:
        yield None
        return
    fleet = await assemble(settings, configured, folder)
    try:
        yield fleet
    finally:
        if fleet.pool.changed:
            StateFile(folder).save(fleet.pool.healths(), fleet.pool.now())
        await fleet.close()


async def _done(fleet: Fleet, act: str, member: Member) -> None:
    match act:
        case "enable":
            fleet.pool.enable(member)
        case "disable":
            fleet.pool.disable(member)
        case "refresh":
            await member.account.refresh_after_refusal(member.account.credentials.access_token)
        case _:
            await fleet.log_out(member)


def _named(fleet: Fleet, name: str) -> Member:
    if member := fleet.pool.find(name):
        return member
    known = ", ".join(member.name for member in fleet.pool.members)
    raise GatewayError(Kind.NOT_FOUND, f"There is no such account. There are: {known}.")
