"""Whether an account can be used now: a value, and what each fault makes of it. No clock of its own.

    throttled, failing, stuck, refused   ranked lower; from the third in a row out, each time for twice as long
    requests of the day used up          out until the next day (UTC)
    requests of the month used up        out until the reset date, else the first of the next month
    limits because of its traffic        out for hours
    suspended, login dead                parked until the user has done something about it

An account whose time has come is let in again by one single request; the others follow when that one was answered.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final

from gateway.errors import Trouble

DAY: Final = 24 * 3600.0
LONGEST_MONTH: Final = 62 * DAY
"""A reset date farther off than that is not believed."""

REST: Final = 4 * 3600.0
"""Seconds an account rests that Kiro has put limits on; more requests would prolong them."""

HASTE: Final = 1.0
"""Seconds between probes of a service that fails, while there is no other account to use (R36)."""

_MARKS: Final = {
    Trouble.BUSY: "throttled",
    Trouble.FAILING: "failing",
    Trouble.STUCK: "failing",
    Trouble.REFUSED: "refused",
}


class Out(Enum):
    """Why an account is not used; the value is what the state file calls it."""

    NO = "no"
    THROTTLED = "throttled"
    FAILING = "failing"
    REFUSED = "refused"
    RESTRICTED = "restricted"
    DAY = "day"
    MONTH = "month"
    PARKED = "parked"
    SUSPENDED = "suspended"


PARKED: Final = frozenset({Out.PARKED, Out.SUSPENDED})
"""Out until the user has done something."""


class Standing(Enum):
    """What may be done with an account now. PROBE: one request may try it. SHAKY: usable, but it failed just now."""

    READY = "ready"
    PROBE = "probe"
    SHAKY = "shaky"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Health:
    """What is known of an account. Times are epoch seconds, since they are kept over restarts.

    until: it is out, or ranked lower, until then. since: when it last failed. failures: in a row.
    words: what the user has to do, for a parked one. login: mark of the login it was parked with.
    disabled: by the user.
    """

    out: Out = Out.NO
    until: float = 0.0
    since: float = 0.0
    failures: int = 0
    words: str = ""
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
class Breaker:
    """How long a failing account rests: ``base`` seconds, doubled with each failure up to ``multiplier`` times.

    base 0: it never rests. opens_at: failures in a row. A Retry-After longer than ``retry_after`` opens it at once.
    """

    base: float = 60.0
    multiplier: float = 1440.0
    opens_at: int = 3
    retry_after: float = 10.0

    def rest(self, failures: int) -> float:
        """Seconds; the first ``opens_at`` failures count as one."""
        doublings = min(max(0, failures - self.opens_at), 40)
        return min(self.base * min(2.0**doublings, self.multiplier), DAY)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault as the account sees it. login: mark of the login that met it."""

    trouble: Trouble
    words: str = ""
    retry_after: float | None = None
    login: str = ""


def standing(health: Health, now: float) -> Standing:
    """What may be done with the account at a moment."""
    if health is FRESH:
        return Standing.READY
    if health.disabled or health.out in PARKED:
        return Standing.OUT
    if now < health.until:
        return Standing.SHAKY if health.out is Out.NO else Standing.OUT
    return Standing.READY if health.out is Out.NO else Standing.PROBE


def may_hasten(health: Health, now: float) -> bool:
    """Whether an account that is out may be probed early where there is no other: only a failing service may be."""
    return health.out is Out.FAILING and not health.disabled and now >= health.since + HASTE


def failed(health: Health, fault: Fault, now: float, breaker: Breaker, allowance: Allowance | None = None) -> Health:
    """The health after a request that this account could not answer."""
    match fault.trouble:
        case Trouble.NONE | Trouble.MODEL:
            return health
        case Trouble.SUSPENDED | Trouble.LOGIN:
            out = Out.PARKED if fault.trouble is Trouble.LOGIN else Out.SUSPENDED
            return replace(health, out=out, until=0.0, since=now, words=fault.words, login=fault.login)
        case Trouble.MONTH:
            return replace(health, out=Out.MONTH, until=month_end(now, allowance), since=now, words="")
        case Trouble.DAY:
            return replace(health, out=Out.DAY, until=(now // DAY + 1) * DAY, since=now, words="")
        case Trouble.RESTRICTED:
            return replace(health, out=Out.RESTRICTED, until=now + REST, since=now, words="")
        case _:
            return _stumbled(health, fault, now, breaker)


def _stumbled(health: Health, fault: Fault, now: float, breaker: Breaker) -> Health:
    calm = health.out is Out.NO and now >= health.until  # the last failure is long ago: no row any more
    failures = 1 if calm else health.failures + 1
    asked = fault.retry_after or 0.0
    rest = breaker.rest(failures)
    opens = breaker.base > 0 and (failures >= breaker.opens_at or asked > breaker.retry_after)
    until = now + min(max(rest, asked), DAY) if breaker.base > 0 else now
    out = Out(_MARKS[fault.trouble]) if opens else Out.NO
    return replace(health, out=out, until=until, since=now, failures=failures, words="")


def succeeded(health: Health) -> Health:
    """The health after an answer: as new, but for the user's own will."""
    return Health(disabled=True) if health.disabled else FRESH


def measured(health: Health, allowance: Allowance, now: float, *, asked: float, allow_overage: bool) -> Health:
    """The health once Kiro told the credits: out when none are left, back when there are some again.

    asked: when the question was begun; a refusal that came while it was under way is newer than its answer.
    """
    spent = allowance.granted > 0 and allowance.used >= allowance.granted and not (allow_overage and allowance.overage)
    if spent and health.out not in PARKED:
        return replace(health, out=Out.MONTH, until=month_end(now, allowance), since=now)
    if not spent and health.out is Out.MONTH and health.since <= asked:
        return succeeded(health)
    return health


def renewed(health: Health, now: float) -> Health:
    """A parked account whose login has changed: one request may try it."""
    return replace(health, out=Out.REFUSED, until=now, words="", login="") if health.out in PARKED else health


def month_end(now: float, allowance: Allowance | None) -> float:
    """When the month's requests return: what Kiro said, if that is sensible; else the first of the next month, UTC."""
    told = allowance.resets_at if allowance else None
    if told is not None and now < told <= now + LONGEST_MONTH:
        return told
    today = datetime.fromtimestamp(now, UTC)
    first = today.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1).timestamp()
