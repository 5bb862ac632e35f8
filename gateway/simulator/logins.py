"""The token side: which access tokens are valid, what a refresh token gives, whose profile an ARN is."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from gateway.simulator.options import PROFILE_ARN, Options

_ARN: Final = re.compile(r"^arn:aws:codewhisperer:[a-z0-9-]+:\d+:profile/[A-Za-z0-9._-]+$")


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token server gives: ``refresh_token`` is the new one or the one that was shown; seconds to live."""

    access_token: str
    refresh_token: str
    expires_in: int
    profile_arn: str


class Logins:
    """Tokens and profiles one simulator knows. ``clock`` gives seconds; only differences count."""

    def __init__(self, options: Options, clock: Callable[[], float]) -> None:
        self._options = options
        self._clock = clock
        self._rotate = options.rotate
        self._expires_in = options.expires_in
        self._access: dict[str, float] = dict.fromkeys(options.access_tokens, float("inf"))
        self._refresh: set[str] = set(options.refresh_tokens)
        self._revoked: set[str] = set()
        self._profiles: set[str] = set(options.profiles)

    def learn(
        self,
        *,
        access_tokens: Iterable[str] = (),
        refresh_tokens: Iterable[str] = (),
        profiles: Iterable[str] = (),
        rotate: bool | None = None,
        expires_in: int | None = None,
    ) -> None:
        """Accept more while running; ``rotate`` and ``expires_in`` hold for the grants to come."""
        self._access |= dict.fromkeys(access_tokens, float("inf"))
        self._refresh |= set(refresh_tokens)
        self._profiles |= set(profiles)
        self._rotate = self._rotate if rotate is None else rotate
        self._expires_in = self._expires_in if expires_in is None else expires_in

    def revoke(self, tokens: Iterable[str]) -> None:
        """Refuse these access or refresh tokens from now on."""
        for token in tokens:
            self._access.pop(token, None)
            self._refresh.discard(token)
            self._revoked.add(token)

    def revoke_access(self) -> None:
        """Refuse every access token known so far, as when a login was used elsewhere."""
        self.revoke(list(self._access))

    def admits(self, authorization: str) -> bool:
        """Whether the header ``authorization`` carries a bearer token that is known and has not expired."""
        scheme, _, token = authorization.partition(" ")
        return scheme.lower() == "bearer" and self._access.get(token.strip(), 0.0) > self._clock()

    def grant(self, refresh_token: str, *, rotates: bool) -> Grant | None:
        """A new access token, or None when the refresh token is not accepted. ``rotates``: what this server does."""
        known = refresh_token in self._refresh or self._options.newcomer
        if not refresh_token or refresh_token in self._revoked or not known:
            return None
        access = f"aoaAAAAA{uuid4().hex}"
        self._access[access] = self._clock() + self._expires_in
        return Grant(access, self._rotated(refresh_token, rotates=rotates), self._expires_in, self._profile())

    def _rotated(self, token: str, *, rotates: bool) -> str:
        if not (rotates if self._rotate is None else self._rotate):
            return token
        fresh = f"aorAAAAA{uuid4().hex}"
        self._refresh.add(fresh)
        if self._options.revoke_rotated:
            self.revoke([token])
        return fresh

    def _profile(self) -> str:
        return PROFILE_ARN if PROFILE_ARN in self._profiles else min(self._profiles, default=PROFILE_ARN)

    def profiles(self) -> list[str]:
        """The ARNs ListAvailableProfiles shows."""
        return sorted(self._profiles)

    def owns(self, profile_arn: str) -> bool:
        """Whether this login may use the profile; newcomers may use any."""
        return self._options.newcomer or profile_arn in self._profiles


def well_formed(profile_arn: str) -> bool:
    """Whether the text has the shape of a profile's ARN."""
    return bool(_ARN.match(profile_arn))
