"""What the admin key opens, put together: logging in over HTTP, the accounts, their usage."""

import secrets
from functools import partial
from pathlib import Path
from time import time
from typing import Final

from aiohttp import web

from gateway.accounts.clock import Clock
from gateway.accounts.locks import retried
from gateway.accounts.login.device import NewLogin
from gateway.accounts.login.sessions import Sessions
from gateway.accounts.sources import own
from gateway.accounts.terms import Configured, Terms
from gateway.fleet import Fleet
from gateway.threads import Threads
from gateway.upstream.connection import TokenPost
from gateway.web.accounts import Accounts
from gateway.web.login import PATH, Login

AREAS: Final = ("/accounts", "/usage", "/auth")
"""Paths that only an admin key opens, with all below them."""

_SIMULATED: Final = (
    "The simulator answers here, not Kiro, so a login made now could not be used. Log in with: kiro-gateway login; "
    "then start the gateway again."
)


def route(app: web.Application, fleet: Fleet, folder: Path, threads: Threads, *, simulated: bool) -> Sessions:
    """Put the admin routes on the application; gives the logins under way, to be closed with it.

    folder: the gateway's own. threads: to store new logins in.
    """

    async def keep(new: NewLogin, name: str | None) -> str:
        work = partial(own.keep, folder, new, name, time(), wait=0)
        login = await retried(work, threads=threads, clock=Clock(), limit=own.LOCK_WAIT)
        await fleet.add(Configured(login, Terms(login.title)))
        return login.title

    sessions = Sessions(TokenPost(fleet.common), keep, lambda: secrets.token_urlsafe(18))
    login = Login(sessions, fleet.base_url, closed=_SIMULATED if simulated else None)
    accounts = Accounts(fleet.pool, fleet.usages, fleet.log_out)
    app.router.add_post(PATH, login.begin)
    app.router.add_get(f"{PATH}/status/{{id}}", login.status)
    app.router.add_delete(f"{PATH}/{{id}}", login.cancel)
    app.router.add_get("/accounts", accounts.list_all)
    app.router.add_get("/usage", accounts.usage)
    app.router.add_post("/accounts/{key}/enable", accounts.enable)
    app.router.add_post("/accounts/{key}/disable", accounts.disable)
    app.router.add_post("/accounts/{key}/refresh", accounts.refresh)
    app.router.add_delete("/accounts/{key}", accounts.remove)
    return sessions
