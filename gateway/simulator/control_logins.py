"""The control routes of accounts and logins.

POST accounts    make or change accounts: ``Change``, one or a list      GET accounts   state and counts of each
POST logins      tokens and profiles of the default account, and what    POST revoke    ``{"tokens": […]}`` or ``{}``
                 holds for all: rotate, expires_in, newcomer, revoke_rotated            for all access tokens
POST device/CODE/approve|deny|expire|slow_down   (``?account=name``)     GET ledger     every login, by fingerprints
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, Final, get_args

import msgspec
from aiohttp import web

from gateway import jsontext
from gateway.kiro.endpoints import LoginKind
from gateway.simulator.accounts import Account, Quota
from gateway.simulator.authorizations import Decision
from gateway.simulator.refusals import THROTTLES, json_response
from gateway.simulator.state import State
from gateway.simulator.usage import Usage

_LOGIN_MEMBERS: Final = {
    "access_tokens",
    "refresh_tokens",
    "profiles",
    "rotate",
    "expires_in",
    "newcomer",
    "revoke_rotated",
}


@dataclass(frozen=True, slots=True)
class Change:
    """What to make of the account ``name``; members left out stay as they are. ``kind`` counts for a new one only."""

    name: str
    kind: LoginKind = "social"
    profiles: tuple[str, ...] | None = None
    access_tokens: tuple[str, ...] = ()
    refresh_tokens: tuple[str, ...] = ()
    clients: dict[str, str] = field(default_factory=dict)
    suspended: bool | None = None
    quota: Quota | None = None
    throttled: int | None = None
    throttle: str | None = None
    retry_after_ms: int | None = None
    busy_models: tuple[str, ...] | None = None
    wrong_profile: int | None = None
    region: str | None = None
    token_type: str | None = None
    needs_profile: bool | None = None
    usage: Usage | None = None


_STATES: Final = (
    *("profiles", "suspended", "quota", "wrong_profile", "usage", "region", "token_type", "needs_profile"),
    *("throttled", "throttle", "retry_after_ms", "busy_models"),
)


class LoginControl:
    """The handlers, over one simulator's state."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def change_accounts(self, request: web.Request) -> web.Response:
        """Make or change accounts."""
        given = jsontext.decode(await request.read())
        changes = [_change(entry) for entry in (given if isinstance(given, list) else [given])]
        for change in changes:
            self._apply(change)
        return await self.accounts(request)

    async def accounts(self, _request: web.Request) -> web.Response:
        """State and counts of each account."""
        return json_response(200, [account.shown() for account in self._state.logins.accounts.values()])

    async def ledger(self, _request: web.Request) -> web.Response:
        """Every login."""
        return json_response(200, self._state.logins.ledger.shown())

    async def logins(self, request: web.Request) -> web.Response:
        """Tokens to accept from now on."""
        given = jsontext.decode(await request.read())
        if not isinstance(given, dict) or given.keys() - _LOGIN_MEMBERS:
            raise ValueError(f"an object with some of: {', '.join(sorted(_LOGIN_MEMBERS))}")
        self._state.logins.learn(**given)
        return json_response(200, {})

    async def revoke(self, request: web.Request) -> web.Response:
        """Tokens to refuse from now on."""
        raw = await request.read()
        given = jsontext.decode(raw) if raw else {}
        if "tokens" in given:
            self._state.logins.revoke(given["tokens"])
        else:
            self._state.logins.revoke_access()
        return json_response(200, {})

    async def decide(self, request: web.Request) -> web.Response:
        """What the user does with a device code."""
        decision, account = request.match_info["decision"], request.query.get("account", "")
        if decision not in get_args(Decision):
            raise ValueError(f"one of: {', '.join(get_args(Decision))}")
        if account and account not in self._state.logins.accounts:
            raise ValueError("no such account")
        self._state.authorizations.decide(request.match_info["code"], decision, account)  # type: ignore[arg-type]  # checked
        return json_response(200, {})

    def _apply(self, change: Change) -> None:
        logins = self._state.logins
        account = logins.accounts.setdefault(change.name, Account(change.name, change.kind))
        for name, value in _told(change):
            setattr(account, name, value)
        for client_id, secret in change.clients.items():
            logins.register(client_id, secret)
        logins.give(change.name, access_tokens=change.access_tokens, refresh_tokens=change.refresh_tokens)


def _change(entry: Any) -> Change:
    """Raises ValueError that says what is wrong."""
    unknown = entry.keys() - {member.name for member in fields(Change)} if isinstance(entry, dict) else set()
    if unknown:
        raise ValueError(f"unknown members: {', '.join(sorted(unknown))}")
    change = msgspec.convert(entry, Change)
    if change.throttle is not None and change.throttle not in THROTTLES:
        raise ValueError(f"throttle is one of: {', '.join(map(repr, THROTTLES))}")
    return change


def _told(change: Change) -> Iterator[tuple[str, Any]]:
    """The members of an account that the change names."""
    for name in _STATES:
        if (value := getattr(change, name)) is not None:
            yield name, value
