"""What Kiro says of an account's plan and credits: the answer of GetUsageLimits, as values.

Numbers come as integers, as floats in E notation (``1.780272E9``), and twice (``currentUsage`` and
``currentUsageWithPrecision``); the exact one counts. More may be used than the limit where overages are on. Dates are
epoch seconds, in some answers milliseconds.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

ASK_INTERVAL: Final = 180.0
"""Seconds between two calls for one account, for all callers together. Nobody has measured a safe rate; operators of
other gateways advise 180 to 300 s at the least."""

_DAY: Final = 86_400.0
_PREFERRED: Final = ("CREDIT", "AGENTIC_REQUEST", "VIBE", "SPEC")
"""Which entry of the breakdown is the one that counts: credits, else the names of older plans."""

_LONGEST_TEXT: Final = 200

_LONGEST_PERIOD: Final = 366
"""Days; no plan is billed by more than a year, so a larger figure is something else."""

_LAST_IN_SECONDS: Final = 1e11
"""A date above this is in milliseconds: as seconds it is the year 5138, as milliseconds 1973."""

_LAST_DATE: Final = 253_402_300_799.0
"""The end of the year 9999, the last that can be written as a date."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Credits beside the plan's: the free trial or a bonus. expires_at: epoch seconds."""

    name: str
    active: bool
    used: float
    limit: float
    expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class Credits:
    """One resource of the plan, mostly the only one: credits. overage_charges: in ``currency``.

    resets_at: epoch seconds, where the entry names the date on which its usage starts at 0 again.
    """

    resource: str
    used: float
    limit: float
    overage: float = 0.0
    overage_cap: float | None = None
    overage_charges: float | None = None
    currency: str | None = None
    trial: Grant | None = None
    bonuses: tuple[Grant, ...] = ()
    resets_at: float | None = None

    @property
    def grants(self) -> tuple[Grant, ...]:
        """The trial and the bonuses that are in force."""
        return tuple(grant for grant in (self.trial, *self.bonuses) if grant and grant.active)

    @property
    def all_used(self) -> float:
        """Used up of the plan, the trial and the bonuses."""
        return self.used + sum(grant.used for grant in self.grants)

    @property
    def all_limit(self) -> float:
        """Granted by the plan, the trial and the bonuses."""
        return self.limit + sum(grant.limit for grant in self.grants)


@dataclass(frozen=True, slots=True)
class UsageLimits:
    """A whole answer. overages: whether the user has switched them on; None when unknown.

    resets_at: when the credits return, in epoch seconds: by the entry of the credits, else by the answer as a whole.
    days: ``daysUntilReset``, which is often 0 while the dates are right; None for 0.
    """

    plan: str | None = None
    type: str | None = None
    email: str | None = None
    resets_at: float | None = None
    overages: bool | None = None
    resources: tuple[Credits, ...] = ()
    days: int | None = None

    @property
    def credits(self) -> Credits | None:
        """The resource that requests are paid with."""
        return _counting(self.resources)

    def days_left(self, now: float) -> int | None:
        """Whole days until the credits return: counted by our clock from the date, else what Kiro says."""
        return self.days if self.resets_at is None else max(0, math.ceil((self.resets_at - now) / _DAY))


def read(answer: Mapping[str, Any]) -> UsageLimits:
    """The values of an answer; what is missing or strange is left out, never guessed."""
    plan, user = _object(answer.get("subscriptionInfo")), _object(answer.get("userInfo"))
    entries = [_object(entry) for entry in (*_list(answer.get("usageBreakdownList")), answer.get("usageBreakdown"))]
    resources = tuple(_credits(entry) for entry in entries if entry) or tuple(_older(answer.get("limits")))
    counting = _counting(resources)
    resets = (
        counting and counting.resets_at,
        _date(answer.get("nextDateReset")),
        *(one.resets_at for one in resources),
    )
    return UsageLimits(
        plan=_text(plan.get("subscriptionTitle")),
        type=_text(plan.get("type")),
        email=_text(user.get("email")),
        resets_at=next((moment for moment in resets if moment), None),
        overages=_switched(_object(answer.get("overageConfiguration")).get("overageStatus")),
        resources=resources,
        days=_days(answer.get("daysUntilReset")),
    )


def _counting(resources: tuple[Credits, ...]) -> Credits | None:
    by_name = {resource.resource: resource for resource in resources}
    found = next((by_name[name] for name in _PREFERRED if name in by_name), None)
    return found or next(iter(resources), None)


def _credits(entry: Mapping[str, Any]) -> Credits:
    trial = _object(entry.get("freeTrialInfo"))
    bonuses = [_object(bonus) for bonus in _list(entry.get("bonuses"))]
    return Credits(
        resource=_text(entry.get("resourceType")) or "CREDIT",
        used=_exact(entry, "currentUsage") or 0.0,
        limit=_exact(entry, "usageLimit") or 0.0,
        overage=_exact(entry, "currentOverages") or 0.0,
        overage_cap=_exact(entry, "overageCap"),
        overage_charges=_number(entry.get("overageCharges")),
        currency=_text(entry.get("currency")),
        trial=_grant(trial, "Free trial", trial.get("freeTrialStatus"), trial.get("freeTrialExpiry"))
        if trial
        else None,
        bonuses=tuple(_bonus(bonus) for bonus in bonuses if bonus),
        resets_at=_date(entry.get("nextDateReset")),
    )


def _bonus(entry: Mapping[str, Any]) -> Grant:
    name = _text(entry.get("displayName")) or _text(entry.get("bonusCode")) or "Bonus"
    return _grant(entry, name, entry.get("status"), entry.get("expiresAt"))


def _grant(entry: Mapping[str, Any], name: str, status: Any, expires: Any) -> Grant:
    used, limit = _exact(entry, "currentUsage") or 0.0, _exact(entry, "usageLimit") or 0.0
    return Grant(name, status == "ACTIVE", used, limit, _date(expires))


def _older(limits: Any) -> Iterable[Credits]:
    """The form of older plans: ``limits[] {type, currentUsage, totalUsageLimit}``."""
    for entry in map(_object, _list(limits)):
        if entry:
            used, limit = _number(entry.get("currentUsage")) or 0.0, _number(entry.get("totalUsageLimit")) or 0.0
            yield Credits(_text(entry.get("type")) or "AGENTIC_REQUEST", used, limit)


def _exact(entry: Mapping[str, Any], name: str) -> float | None:
    precise = _number(entry.get(f"{name}WithPrecision"))
    return precise if precise is not None else _number(entry.get(name))


def _number(value: Any) -> float | None:
    """A finite number that is not negative, also where it comes as text."""
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _date(value: Any) -> float | None:
    """Epoch seconds of a date in seconds or milliseconds; 0 is no date."""
    number = _number(value) or 0.0
    seconds = number / 1000 if number > _LAST_IN_SECONDS else number
    return seconds if 0 < seconds <= _LAST_DATE else None


def _days(value: Any) -> int | None:
    days = round(_number(value) or 0)
    return days if 0 < days <= _LONGEST_PERIOD else None


def _text(value: Any) -> str | None:
    return value[:_LONGEST_TEXT] if isinstance(value, str) and value.strip() and value.isprintable() else None


def _switched(value: Any) -> bool | None:
    return {"ENABLED": True, "DISABLED": False}.get(value) if isinstance(value, str) else None


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
