"""Which profile an account's requests name, where its login does not say, or says a wrong one.

The login's own ARN goes first; then what Kiro lists; then the profile that all logins of a kind share, as a guess.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Final

import structlog

from gateway.accounts.credentials import api_region
from gateway.errors import GatewayError, UpstreamError
from gateway.kiro.endpoints import Identity, LoginKind
from gateway.kiro.profiles import SHARED
from gateway.supervision import background_task, log_failure, outcome

_log: Final = structlog.get_logger("gateway.accounts")

AGAIN: Final = 600.0
"""Seconds until Kiro is asked again after it listed no profile; the one who made it perhaps just now will not wait."""

_NEVER: Final = float("inf")

_LISTED: Final = frozenset({"idc", "external_idp"})
"""Kinds of login that Kiro lists profiles for; the others get 403 by design and are not asked (upstream facts, 2.4)."""

_CORRECTED: Final = _LISTED | {"builder_id"}
"""Every Builder ID has the shared profile, whatever its login says. A social login's came with its token: in its place
a guess would only turn one refusal into two."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The ARNs Kiro lists for a login, best first. builder_id: it refused to list any, because the login is one.

    token_type: of the header that it took the question with, after it had refused it without.
    """

    arns: tuple[str, ...] = ()
    builder_id: bool = False
    token_type: str | None = None


ListProfiles = Callable[[Identity], Awaitable[Listing]]
"""Asks Kiro. Raises UpstreamError when no answer came."""


async def lists_nothing(_identity: Identity) -> Listing:
    """Where nobody can be asked."""
    return Listing()


@dataclass(frozen=True, slots=True)
class Choice:
    """What requests name instead of the login's ``own`` ARN. kind: as Kiro sees the login. guess: nobody said so."""

    own: str | None
    arn: str | None
    kind: LoginKind
    guess: bool = False


class Profiles:
    """The profile of one account."""

    def __init__(
        self,
        ask: ListProfiles = lists_nothing,
        *,
        configured_region: str | None = None,
        learn_token_type: Callable[[Identity], None] = lambda _: None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """configured_region: of Kiro's hosts, where it is not to be the profile's.

        learn_token_type: gets the identity of a question that was taken with another token type.
        """
        self._ask = ask
        self._learn_token_type = learn_token_type
        self._configured_region = configured_region
        self._clock = clock
        self._choice: Choice | None = None
        self._last: tuple[Identity, Choice, Identity] | None = None  # made for these two; every request asks for it
        self._ask_at = 0.0
        self._search: asyncio.Task[None] | None = None
        self._correction: asyncio.Task[bool] | None = None

    async def completed(self, identity: Identity, account: str) -> Identity:
        """The identity with its profile. Waits for Kiro's list the first time; a guess is checked in the background.

        account: its label, for the log.
        """
        choice = self._choice
        if choice is None or choice.own != identity.profile_arn:
            if identity.profile_arn or identity.kind == "api_key" or self._ask is lists_nothing:
                return identity
            await outcome(self._started(identity, account))
        elif self._clock() >= self._ask_at:
            self._started(identity, account)
        return self.known(identity)

    async def correct(self, identity: Identity, account: str) -> bool:
        """Look for another profile than the one just refused; whether there is one to send with now.

        identity: what the refused request was sent with.
        """
        now = self._choice
        if now is not None and now.arn != identity.profile_arn:
            return now.arn is not None  # somebody was quicker
        if identity.kind not in _CORRECTED or self._ask is lists_nothing:
            return False
        if self._correction is None or self._correction.done():
            self._correction = background_task(f"correct profile {account}", self._corrected(identity, account))
        return await outcome(self._correction)

    async def _corrected(self, identity: Identity, account: str) -> bool:
        """The same for all requests that were refused together."""
        now = self._choice
        try:
            listing = await self._listing(identity)
        except UpstreamError:
            return False
        own = now.own if now is not None else identity.profile_arn
        found = _chosen(listing, identity.kind, own)
        if found.arn in (None, identity.profile_arn) or identity.profile_arn in listing.arns:
            return False
        self._choice, self._ask_at = found, _NEVER
        _log.warning("wrong profile corrected", account=account, was=identity.profile_arn, now=found.arn)
        return True

    async def _listing(self, identity: Identity) -> Listing:
        """What Kiro lists, where it lists anything. Raises UpstreamError."""
        if identity.kind not in _LISTED:
            return Listing()
        listing = await self._ask(identity)
        if listing.token_type:
            self._learn_token_type(replace(identity, token_type=listing.token_type))
        return listing

    async def close(self) -> None:
        """Stop asking."""
        tasks = [task for task in (self._search, self._correction) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _started(self, identity: Identity, account: str) -> asyncio.Task[None]:
        """The one search under way; no client that leaves can cancel it."""
        if self._search is None or self._search.done():
            self._search = background_task(f"profile {account}", self._find(identity, account))
        return self._search

    async def _find(self, identity: Identity, account: str) -> None:
        """Without a list there is a guess, or no profile."""
        try:
            listing = await self._listing(identity)
        except GatewayError as error:
            _log.warning("profiles not listed", account=account, reason=error.message)
            listing = Listing()
        except Exception:  # noqa: BLE001 - a list that breaks us is a list that we do not have
            log_failure(f"profile {account}")
            listing = Listing()
        found = _chosen(listing, identity.kind, identity.profile_arn)
        self._ask_at = self._clock() + AGAIN if found.guess and found.kind in _LISTED else _NEVER
        if found != self._choice:
            _tell(found, account, len(listing.arns))
        self._choice = found

    def known(self, identity: Identity) -> Identity:
        """The identity with its profile as far as it is known; asks nobody."""
        choice = self._choice
        if choice is None or choice.arn is None or choice.own != identity.profile_arn:
            return identity
        last = self._last
        if last is None or last[0] is not identity or last[1] is not choice:
            region = api_region(choice.arn, self._configured_region, identity.region)
            made = replace(identity, profile_arn=choice.arn, kind=choice.kind, region=region)
            last = self._last = (identity, choice, made)
        return last[2]


def _chosen(listing: Listing, kind: LoginKind, own: str | None) -> Choice:
    """The first profile listed, else the one its kind shares."""
    seen: LoginKind = "builder_id" if listing.builder_id else kind
    if listing.arns:
        return Choice(own, listing.arns[0], seen)
    return Choice(own, SHARED.get(seen), seen, guess=True)


def _tell(choice: Choice, account: str, listed: int) -> None:
    if choice.arn is None:
        _log.warning("no profile found", account=account, hint="set PROFILE_ARN; Kiro's newest endpoint needs one")
    elif choice.guess:
        _log.warning("profile guessed: the shared one of its kind", account=account, kind=choice.kind, arn=choice.arn)
    else:
        _log.info("profile found", account=account, arn=choice.arn, listed=listed)
