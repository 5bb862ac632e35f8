"""Refresh tokens and where they came from: every login is a family whose newest token is the only one in force."""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final
from uuid import uuid4

FOREVER: Final = float("inf")


def fingerprint(token: str) -> str:
    """A token's name in the ledger: 16 hex digits of its SHA-256. A test compares it with what a store holds."""
    return sha256(token.encode()).hexdigest()[:16]


@dataclass(slots=True)
class Family:
    """One login. current: the refresh token in force. generation: counts the refresh tokens, from 1.

    refreshes: grants given. reuses: how often a rotated token was shown again. access: token → when it expires.
    by_device: the login was made by Kiro's own device flow.
    """

    number: int
    account: str
    current: str
    generation: int = 1
    refreshes: int = 0
    reuses: int = 0
    by_device: bool = False
    access: dict[str, float] = field(default_factory=dict)


class Ledger:
    """Every family, and whose any token is. ``clock`` gives seconds; only differences count."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._families: list[Family] = []
        self._of_refresh: dict[str, Family] = {}
        self._of_access: dict[str, str] = {}
        self._expiries: dict[str, float] = {}
        self._ended: set[str] = set()

    def begin(self, account: str, refresh_token: str = "") -> Family:
        """A new family; without a token it gets an invented one."""
        family = Family(len(self._families) + 1, account, refresh_token or _refresh_token())
        self._families.append(family)
        self._of_refresh[family.current] = family
        return family

    def find(self, refresh_token: str) -> Family | None:
        """The family a refresh token, current or rotated away, belongs to."""
        return self._of_refresh.get(refresh_token)

    def ended(self, token: str) -> bool:
        """Whether a token was revoked."""
        return token in self._ended

    def issue(self, family: Family, seconds: float) -> str:
        """A new access token of the family."""
        token = f"aoaAAAAA{uuid4().hex}"
        self.admit(family.account, token, self._clock() + seconds)
        family.access[token] = self._expiries[token]
        return token

    def rotate(self, family: Family) -> None:
        """Give the family its next refresh token."""
        family.current = _refresh_token()
        family.generation += 1
        self._of_refresh[family.current] = family

    def admit(self, account: str, access_token: str, expires: float = FOREVER) -> None:
        """Take an access token for an account's."""
        self._of_access[access_token] = account
        self._expiries[access_token] = expires

    def account_of(self, access_token: str) -> str | None:
        """Whose a living access token is."""
        living = self._expiries.get(access_token, 0.0) > self._clock()
        return self._of_access[access_token] if living else None

    def revoke(self, token: str) -> None:
        """Refuse an access or a refresh token from now on."""
        self._expiries.pop(token, None)
        self._ended.add(token)

    def end_devices(self, other_than: str) -> None:
        """Refuse the tokens of all logins by device of other accounts."""
        for family in self._families:
            if family.by_device and family.account != other_than:
                for token in (family.current, *family.access):
                    self.revoke(token)

    def revoke_access(self) -> None:
        """Refuse every access token issued or admitted so far."""
        for token in list(self._expiries):
            self.revoke(token)

    def shown(self) -> list[dict[str, Any]]:
        """The families as JSON; tokens by their fingerprints."""
        return [self._shown(family) for family in self._families]

    def _shown(self, family: Family) -> dict[str, Any]:
        return {
            "family": family.number,
            "account": family.account,
            "refresh_token": fingerprint(family.current),
            "revoked": self.ended(family.current),
            "generation": family.generation,
            "rotations": family.generation - 1,
            "refreshes": family.refreshes,
            "reuses": family.reuses,
            "access_tokens": [fingerprint(token) for token in family.access if self.account_of(token)],
        }


def _refresh_token() -> str:
    """As long as real ones, which some programs check."""
    return f"aorAAAAA{uuid4().hex}{uuid4().hex}{uuid4().hex}"
