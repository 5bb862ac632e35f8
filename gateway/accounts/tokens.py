"""The tokens of one login as this process knows them: those in use, and those its source was last seen with."""

from collections.abc import Callable
from typing import Final

from gateway.accounts.ahead import JWT_MARGIN, LEAST, earliest
from gateway.accounts.clock import Clock
from gateway.accounts.credentials import Credentials
from gateway.accounts.refresh import REFRESHERS

ALIVE: Final = 30.0
"""A token with fewer seconds left is not sent any more: the request is waited for a new one instead."""


class Tokens:
    """generation: grows with every change. lead: seconds before the expiry from which on the token is renewed.

    exact: the lead is that of kiro-cli, which shares the login. refreshed_at: when this process refreshed it last, by
    the wall's clock.
    """

    def __init__(
        self,
        credentials: Credentials,
        clock: Clock,
        threshold: float,
        fixed_lead: Callable[[Credentials], float | None] = lambda _: None,
    ) -> None:
        """threshold: the lead of the settings. fixed_lead: of a login, where the settings do not count."""
        self.credentials = credentials
        self.generation = 0
        self.refreshed_at: float | None = None
        self._clock = clock
        self._threshold = threshold
        self._fixed_lead = fixed_lead
        self.lead, self.exact = self._full_lead()
        self._seen = credentials.tokens
        self._judged: Credentials | None = None
        self._ends: float | None = None

    @property
    def seen(self) -> tuple[str, str]:
        """What the source held when it was last looked at, or was given."""
        return self._seen

    @property
    def expires_at(self) -> float | None:
        """When the access token ends, in epoch seconds: as granted, or as it says itself where it is a JWT."""
        mine = self.credentials
        if mine is not self._judged:
            margin = 0.0 if self.exact else JWT_MARGIN
            self._judged, self._ends = mine, earliest(mine.expires_at, mine.access_token, margin)
        return self._ends

    def due(self) -> bool:
        """Whether it is time to renew."""
        if self.credentials.kind not in REFRESHERS:
            return False  # an API key is good until Kiro refuses it
        expires = self.expires_at
        return expires is None or self._clock.wall() >= expires - self.lead

    def alive(self) -> bool:
        """Whether a request can be sent without waiting for a new token."""
        return self.expires_at is not None and self._has_time(min(ALIVE, self.lead))

    def usable(self, refused: str | None) -> bool:
        """Whether the access token may still be good, and is not the refused one."""
        return self.credentials.access_token != refused and self._has_time(0)

    def found(self, credentials: Credentials) -> bool:
        """Take in what the source holds; True when that has changed since we last looked: then it is newer."""
        if credentials.tokens == self._seen:
            return False
        self._seen = credentials.tokens
        self._adopt(credentials)
        return True

    def granted(self, credentials: Credentials, lifetime: float) -> None:
        """Use tokens a server gave just now, for ``lifetime`` seconds."""
        now = self._clock.wall()
        self._adopt(credentials)
        self.refreshed_at = now
        if self.expires_at is not None and self.expires_at <= now:
            # A JWT that ended before it was granted: this machine's clock is wrong, and lifetimes are all there is.
            self._ends = credentials.expires_at
        # A token that lives for 30 s only must not be "due" from its first second on.
        lifetime = min(lifetime, max(0.0, (self.expires_at or now) - now))
        if not self.exact or lifetime < self.lead + LEAST:
            self.lead = min(self.lead, lifetime / 4)

    def kept(self, credentials: Credentials) -> None:
        """The source holds these now."""
        self._seen = credentials.tokens

    def _has_time(self, margin: float) -> bool:
        expires = self.expires_at
        return bool(self.credentials.access_token) and (expires is None or self._clock.wall() < expires - margin)

    def _full_lead(self) -> tuple[float, bool]:
        fixed = self._fixed_lead(self.credentials)
        return (self._threshold, False) if fixed is None else (fixed, True)

    def _adopt(self, credentials: Credentials) -> None:
        self.credentials = credentials
        self.lead, self.exact = self._full_lead()
        self.generation += 1
