"""One account in the pool, and the loan of it to a request."""

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from gateway.accounts.account import Account
from gateway.accounts.choice import Candidate
from gateway.accounts.health import FRESH, Allowance, Now
from gateway.accounts.pacing import UNLIMITED, Pacer
from gateway.accounts.terms import Terms

_MODELS: Final = 100
"""Models remembered as lacking; more than Kiro has, so clients that make names up fill no memory."""


class Member:
    """An account in the pool: its login, the user's terms, and what is known of it now.

    changes: of its health, counted, so that a request can tell whether there was one since it began. resets: how often
    the user has enabled it or logged in again.
    """

    def __init__(self, account: Account, terms: Terms | None = None, pacer: Pacer = UNLIMITED) -> None:
        self.account = account
        self.terms = terms or Terms(account.id)
        self.pacer = pacer
        self.health = FRESH
        self.changes = 0
        self.resets = 0
        self.allowance: Allowance | None = None
        self.probing = False
        self.running = 0
        self.turn = 0
        self._lacking: dict[str, float] = {}

    @property
    def name(self) -> str:
        """The label for logs and commands."""
        return self.terms.name

    @property
    def key(self) -> str:
        """What its state is kept under: the same as long as the login comes from the same place."""
        return sha256(f"kiro-gateway account\0{self.account.source.key}".encode()).hexdigest()[:16]

    @property
    def mark(self) -> tuple[int, int]:
        """Its changes and resets by now, to be compared with those at a request's beginning."""
        return self.changes, self.resets

    @property
    def login(self) -> str:
        """A mark of the login as it is now, which tells nothing of it."""
        return login_mark(self.account.credentials.tokens)

    def candidate(self, model: str, now: Now) -> Candidate:
        """The account as the choice sees it."""
        allowance = self.allowance
        return Candidate(
            self.terms,
            self.health,
            None if allowance is None else allowance.share,
            self.pacer.full,
            self.probing,
            self.misses(model, now),
            self.turn,
        )

    def misses(self, model: str, now: Now) -> bool:
        """Whether the plan was seen to lack a model lately."""
        return bool(self._lacking) and self._lacking.get(model, 0.0) > now.monotonic

    def lacks(self, model: str, until: float) -> None:
        """Remember that the plan lacks a model; until: monotonic seconds."""
        self._lacking[model] = until
        if len(self._lacking) > _MODELS:
            self._lacking.pop(next(iter(self._lacking)))


class Lease:
    """An account lent to one request, until its answer's end. ``release`` may be called twice.

    began: the account's changes and resets when the request began. freed: called when the place is free again.
    """

    __slots__ = ("_common", "_freed", "_held", "_probe", "began", "member")

    def __init__(
        self, member: Member, common: Pacer, *, probe: bool, freed: Callable[[], object] = lambda: None
    ) -> None:
        self._common = common
        self._freed = freed
        self.member = member
        self.began = member.mark
        self._probe = probe
        self._held = True
        member.running += 1
        if probe:
            member.probing = True

    @property
    def account(self) -> Account:
        """The login to send with."""
        return self.member.account

    @property
    def terms(self) -> Terms:
        """The terms to send on."""
        return self.member.terms

    @property
    def resets_on(self) -> str | None:
        """The day on which the account's credits return (``2026-06-01``, UTC), if Kiro told it."""
        allowance = self.member.allowance
        if allowance is None or allowance.resets_at is None:
            return None
        return datetime.fromtimestamp(allowance.resets_at, UTC).date().isoformat()

    @property
    def probing(self) -> bool:
        """Whether this request is the one that probes the account."""
        return self._probe

    def pause(self, seconds: float) -> None:
        """After a 429: nobody else begins on this account for so long."""
        self.member.pacer.pause(seconds)

    def settle(self) -> None:
        """The probe is over, whatever came of it."""
        if self._probe:
            self._probe = self.member.probing = False

    def release(self) -> None:
        """Give the account back."""
        if self._held:
            self._held = False
            self.settle()
            self.member.running -= 1
            self.member.pacer.leave()
            self._common.leave()
            self._freed()


def login_mark(tokens: tuple[str, str]) -> str:
    """Changes when the tokens do; too short to be checked against a guess, and tokens cannot be guessed."""
    return sha256("\0".join(("kiro-gateway login", *tokens)).encode()).hexdigest()[:12]
