"""Whether an account can be used now: a circuit breaker for each account, as a value and what each result makes of it.

    throttled without a reason, failing, stuck, refused
                                         ranked lower; after the third failure in a row the circuit opens for a cooldown
    throttled itself, or by its profile  open for as long as Kiro asks
    limited because of its traffic       open for half an hour
    requests of the day used up          open until the next day (UTC)
    requests of the month used up        open until the reset date, else the first of the next month
    suspended, login dead                open until the user has done something about it

When the time of an open circuit is over it is half open: one request probes the account, the others follow when that
one was answered. Results of requests that began before the account's last change are stale: they say nothing of its
state now, so a burst of requests that fail together counts once, and an old answer does not hide a newer refusal.

No clock of its own. Waits go by the monotonic clock, so that a step of the wall's clock neither ends nor prolongs
them; dates (of quotas) go by the wall's.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final

from gateway.errors import Trouble

DAY: Final = 24 * 3600.0
LONGEST_MONTH: Final = 62 * DAY
"""A reset date farther off than that is not believed."""

RESTRICTED_COOLDOWN: Final = 30 * 60.0
"""Least seconds without a request to an account that Kiro has limited because of its traffic: requests would prolong
it."""

PROBE_INTERVAL: Final = 1.0
"""Seconds between early probes of a circuit that we opened ourselves, while no other account can be used (R36)."""

THROTTLE_COOLDOWN: Final = 5.0
"""Seconds an account cools down that is throttled again and again: Kiro's throttling is over within some seconds."""

LONGEST_THROTTLE_COOLDOWN: Final = 300.0
"""The same after many failed probes, doubled each time: a longer wait than minutes has to be named by Kiro."""


class AccountState(Enum):
    """Why an account is not used; the value is what the state file and the API call it."""

    ACTIVE = "no"
    THROTTLED = "throttled"
    FAILING = "failing"
    REFUSED = "refused"
    RESTRICTED = "restricted"
    DAILY_LIMIT = "day"
    QUOTA_EXHAUSTED = "month"
    LOGIN_DEAD = "parked"
    SUSPENDED = "suspended"


NEEDS_USER: Final = frozenset({AccountState.LOGIN_DEAD, AccountState.SUSPENDED})
"""Open until the user has done something."""

QUOTAS: Final = frozenset({AccountState.DAILY_LIMIT, AccountState.QUOTA_EXHAUSTED})
"""Open until a date."""

_TRANSIENT: Final = {
    Trouble.BUSY: AccountState.THROTTLED,
    Trouble.FAILING: AccountState.FAILING,
    Trouble.STUCK: AccountState.FAILING,
    Trouble.REFUSED: AccountState.REFUSED,
}
"""Failures that are counted: only several in a row open the circuit."""

_DEFINITE: Final = {
    Trouble.RESTRICTED: AccountState.RESTRICTED,
    Trouble.DAY: AccountState.DAILY_LIMIT,
    Trouble.MONTH: AccountState.QUOTA_EXHAUSTED,
    Trouble.LOGIN: AccountState.LOGIN_DEAD,
    Trouble.SUSPENDED: AccountState.SUSPENDED,
}
"""Failures that open it at once, the gravest last: a graver state is not replaced by one that is less so."""

_GRAVITY: Final = tuple(_DEFINITE.values())

_THROTTLED: Final = frozenset({Trouble.THROTTLED, Trouble.PROFILE_THROTTLED})
"""Failures that open it at once for the time that Kiro asks for."""

SAID_BY_KIRO: Final = _THROTTLED | frozenset(_DEFINITE)
"""What Kiro says of the account itself: it holds whatever becomes of the request that it was said to."""

_LASTING: Final = NEEDS_USER | QUOTAS | {AccountState.RESTRICTED}
"""States that a shorter wait does not replace while they last."""


class Circuit(Enum):
    """What may be done with an account now. HALF_OPEN: one request may probe it. DEGRADED: usable, ranked lower."""

    CLOSED = "closed"
    DEGRADED = "degraded"
    HALF_OPEN = "half_open"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Now:
    """The same moment on both clocks: epoch seconds, and seconds that only grow."""

    wall: float
    monotonic: float


@dataclass(frozen=True, slots=True)
class Health:
    """What is known of an account.

    retry_at: until then (monotonic) it is open, or ranked lower while it is active. resets_at: when its quota returns
    (epoch seconds). changed_at: of the last result that counted (monotonic). failures: in a row.
    named: Kiro named the end of the wait. message: what the user has to do, where only the user can help.
    login: mark of the login that failed. disabled: by the user.
    """

    state: AccountState = AccountState.ACTIVE
    retry_at: float = 0.0
    resets_at: float = 0.0
    changed_at: float = 0.0
    failures: int = 0
    named: bool = False
    message: str = ""
    login: str = ""
    disabled: bool = False


FRESH: Final = Health()


@dataclass(frozen=True, slots=True)
class Allowance:
    """What Kiro says of an account's credits: used and granted (trial and bonuses included), and when they return.

    resets_at: epoch seconds; None when it did not say. overage: paid overrun is switched on at Kiro.
    """

    used: float
    granted: float
    resets_at: float | None = None
    overage: bool = False

    @property
    def share(self) -> float:
        """What is left, from 0 to 1."""
        return max(0.0, 1.0 - self.used / self.granted) if self.granted > 0 else 0.0


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When a circuit opens, and for how many seconds.

    base: the first cooldown, doubled with each failed probe up to ``multiplier`` times; 0: circuits never open by
    counting. threshold: failures in a row that open it. named_wait: a wait that Kiro names opens it at once if longer.
    """

    base: float = 60.0
    multiplier: float = 1440.0
    threshold: int = 3
    named_wait: float = 10.0

    def cooldown(self, state: AccountState, failures: int) -> float:
        """Seconds; the first ``threshold`` failures count as one."""
        doublings = 2.0 ** min(max(0, failures - self.threshold), 40)
        if state is AccountState.THROTTLED:
            return min(self.base, THROTTLE_COOLDOWN) * min(doublings, LONGEST_THROTTLE_COOLDOWN / THROTTLE_COOLDOWN)
        return min(self.base * min(doublings, self.multiplier), DAY)


@dataclass(frozen=True, slots=True)
class AccountFailure:
    """A failed request as the account sees it. retry_after: seconds that Kiro named. login: mark of its login now."""

    trouble: Trouble
    message: str = ""
    retry_after: float | None = None
    login: str = ""


def circuit(health: Health, now: Now) -> Circuit:
    """What may be done with the account at a moment."""
    if health is FRESH:
        return Circuit.CLOSED
    if health.disabled or health.state in NEEDS_USER:
        return Circuit.OPEN
    if health.state in QUOTAS:
        return Circuit.OPEN if now.wall < health.resets_at else Circuit.HALF_OPEN
    active = health.state is AccountState.ACTIVE
    if now.monotonic < health.retry_at:
        return Circuit.DEGRADED if active else Circuit.OPEN
    return Circuit.CLOSED if active else Circuit.HALF_OPEN


def may_probe_early(health: Health, now: Now) -> bool:
    """Whether an open circuit may be probed before its time, where no other account can be used.

    Only one that we opened by counting: a wait that Kiro named is kept to, and a limited account is left alone.
    """
    return _counted(health) and now.monotonic >= health.changed_at + PROBE_INTERVAL


def is_closed(health: Health, now: Now) -> bool:
    """Whether nothing may be sent for the account, nor by a request that is on it already: Kiro or the user said so.

    A circuit that we opened by counting ends no request: each has a retry plan of its own.
    """
    return circuit(health, now) is Circuit.OPEN and not _counted(health)


def _counted(health: Health) -> bool:
    """Whether it is in this state because we counted failures."""
    return health.state in _TRANSIENT.values() and not health.named and not health.disabled


def remaining(health: Health, now: Now) -> float:
    """Seconds until the account may be used or probed again; 0 where no wait is known."""
    if health.state in QUOTAS:
        return max(0.0, health.resets_at - now.wall)
    return max(0.0, health.retry_at - now.monotonic)


def after_failure(
    health: Health,
    failure: AccountFailure,
    now: Now,
    policy: BreakerPolicy,
    *,
    stale: bool = False,
    allowance: Allowance | None = None,
) -> Health:
    """The health after a request that this account could not answer.

    stale: the request began before the account's last change, so that it is not one more failure in a row. What Kiro
    says of the account itself (a wait, a quota, a suspension) holds all the same.
    """
    if failure.trouble in _DEFINITE:
        return _opened(health, failure, now, allowance)
    throttled = failure.trouble in _THROTTLED
    state = AccountState.THROTTLED if throttled else _TRANSIENT.get(failure.trouble)
    if state is None or (health.state in _LASTING and circuit(health, now) is Circuit.OPEN):
        return health
    asked = min(failure.retry_after or (THROTTLE_COOLDOWN if throttled else 0.0), DAY)
    named = throttled or (policy.base > 0 and asked > policy.named_wait)
    if stale and not named:
        return health
    failures = health.failures if stale else _in_a_row(health, now)
    if named:
        retry_at = max(now.monotonic + asked, health.retry_at if health.named else 0.0)
        return replace(health, state=state, retry_at=retry_at, changed_at=now.monotonic, failures=failures, named=True)
    opens = policy.base > 0 and failures >= policy.threshold
    return replace(
        health,
        state=state if opens else AccountState.ACTIVE,
        retry_at=now.monotonic + max(policy.cooldown(state, failures), asked) if policy.base > 0 else now.monotonic,
        changed_at=now.monotonic,
        failures=failures,
        named=False,
    )


def _in_a_row(health: Health, now: Now) -> int:
    """The number of this failure; one that comes long after the last begins a new row."""
    calm = health.state is AccountState.ACTIVE and now.monotonic >= health.retry_at
    return 1 if calm else health.failures + 1


def _opened(health: Health, failure: AccountFailure, now: Now, allowance: Allowance | None) -> Health:
    state = _DEFINITE[failure.trouble]
    graver = health.state in _GRAVITY and _GRAVITY.index(state) < _GRAVITY.index(health.state)
    if graver and circuit(health, now) is Circuit.OPEN:
        return health
    changed = replace(health, state=state, retry_at=0.0, resets_at=0.0, changed_at=now.monotonic, named=False)
    match state:
        case AccountState.RESTRICTED:
            asked = min(failure.retry_after or 0.0, DAY)
            longest = max(now.monotonic + max(RESTRICTED_COOLDOWN, asked), _open_until(health))
            return replace(changed, retry_at=longest)
        case AccountState.DAILY_LIMIT:
            return replace(changed, resets_at=(now.wall // DAY + 1) * DAY)
        case AccountState.QUOTA_EXHAUSTED:
            return replace(changed, resets_at=month_end(now.wall, allowance))
        case _:
            return replace(changed, message=failure.message, login=failure.login)


def _open_until(health: Health) -> float:
    """The end of a wait that Kiro has named, in monotonic seconds; 0 where there is none."""
    return health.retry_at if health.named or health.state is AccountState.RESTRICTED else 0.0


def after_success(health: Health, now: Now) -> Health:
    """The health after an answer of a request that was not stale: as new, but for the user's own will.

    What an answer cannot end: a suspension, a dead login, a quota whose reset date has not come.
    """
    if health.state in (*NEEDS_USER, *QUOTAS) and circuit(replace(health, disabled=False), now) is Circuit.OPEN:
        return health
    return _renewed(health)


def _renewed(health: Health) -> Health:
    return Health(disabled=True) if health.disabled else FRESH


def after_credits(health: Health, allowance: Allowance, now: Now, *, stale: bool, allow_overage: bool) -> Health:
    """The health once Kiro has answered how many credits are left: open when none are, closed when there are again.

    stale: the account has changed since the question was asked; a refusal in between is newer than the answer.
    """
    spent = allowance.granted > 0 and allowance.used >= allowance.granted and not (allow_overage and allowance.overage)
    if spent and health.state not in NEEDS_USER:
        resets_at = month_end(now.wall, allowance)
        exhausted = health.state is AccountState.QUOTA_EXHAUSTED
        changed_at = health.changed_at if exhausted else now.monotonic
        state = AccountState.QUOTA_EXHAUSTED
        return replace(health, state=state, resets_at=resets_at, retry_at=0.0, changed_at=changed_at, named=False)
    if not spent and not stale and health.state is AccountState.QUOTA_EXHAUSTED:
        return _renewed(health)
    return health


def after_new_login(health: Health, now: Now) -> Health:
    """The health once its source holds another login: it may be another user's, so one request may probe a quota, too.

    A wait that Kiro named and the cooldown of a limited account stay. Counted failures may have been the old login's.
    """
    if health.state in QUOTAS:
        return replace(health, resets_at=min(health.resets_at, now.wall), changed_at=now.monotonic)
    if health.state in NEEDS_USER:
        return Health(AccountState.REFUSED, now.monotonic, changed_at=now.monotonic, disabled=health.disabled)
    return health if health.named or health.state is AccountState.RESTRICTED else _renewed(health)


def month_end(now: float, allowance: Allowance | None) -> float:
    """When the month's requests return: what Kiro said, if that is sensible; else the first of the next month, UTC."""
    named = allowance.resets_at if allowance else None
    if named is not None and now < named <= now + LONGEST_MONTH:
        return named
    today = datetime.fromtimestamp(now, UTC)
    first = today.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1).timestamp()
