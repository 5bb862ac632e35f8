"""What Kiro says of an account's plan and credits: the answer of GetUsageLimits, as values.

Numbers come as integers, as floats in E notation (``1.780272E9``), and twice (``currentUsage`` and
``currentUsageWithPrecision``); the exact one counts. More may be used than the limit where overages are on.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

_DAY: Final = 86_400.0
_PREFERRED: Final = ("CREDIT", "AGENTIC_REQUEST", "VIBE", "SPEC")
"""Which entry of the breakdown is the one that counts: credits, else the names of older plans."""

_LONGEST_TEXT: Final = 200


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
    """One resource of the plan, mostly the only one: credits. overage_charges: in ``currency``."""

    resource: str
    used: float
    limit: float
    overage: float = 0.0
    overage_cap: float | None = None
    overage_charges: float | None = None
    currency: str | None = None
    trial: Grant | None = None
    bonuses: tuple[Grant, ...] = ()

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
    """A whole answer. resets_at: epoch seconds. overages: whether the user has switched them on; None when not told."""

    plan: str | None = None
    type: str | None = None
    email: str | None = None
    resets_at: float | None = None
    overages: bool | None = None
    resources: tuple[Credits, ...] = ()

    @property
    def credits(self) -> Credits | None:
        """The resource that requests are paid with."""
        by_name = {resource.resource: resource for resource in self.resources}
        found = next((by_name[name] for name in _PREFERRED if name in by_name), None)
        return found or next(iter(self.resources), None)

    def days_left(self, now: float) -> int | None:
        """Whole days until the credits are given anew, counted by our clock; Kiro's own figure is often 0."""
        return None if self.resets_at is None else max(0, math.ceil((self.resets_at - now) / _DAY))


def read(answer: Mapping[str, Any]) -> UsageLimits:
    """The values of an answer; what is missing or strange is left out, never guessed."""
    plan, user = _object(answer.get("subscriptionInfo")), _object(answer.get("userInfo"))
    entries = [_object(entry) for entry in (*_list(answer.get("usageBreakdownList")), answer.get("usageBreakdown"))]
    resources = tuple(_credits(entry) for entry in entries if entry) or tuple(_older(answer.get("limits")))
    resets = [_number(source.get("nextDateReset")) for source in (answer, *entries)]
    return UsageLimits(
        plan=_text(plan.get("subscriptionTitle")),
        type=_text(plan.get("type")),
        email=_text(user.get("email")),
        resets_at=next((moment for moment in resets if moment), None),
        overages=_switched(_object(answer.get("overageConfiguration")).get("overageStatus")),
        resources=resources,
    )


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
    )


def _bonus(entry: Mapping[str, Any]) -> Grant:
    name = _text(entry.get("displayName")) or _text(entry.get("bonusCode")) or "Bonus"
    return _grant(entry, name, entry.get("status"), entry.get("expiresAt"))


def _grant(entry: Mapping[str, Any], name: str, status: Any, expires: Any) -> Grant:
    used, limit = _exact(entry, "currentUsage") or 0.0, _exact(entry, "usageLimit") or 0.0
    return Grant(name, status == "ACTIVE", used, limit, _number(expires))


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


def _text(value: Any) -> str | None:
    return value[:_LONGEST_TEXT] if isinstance(value, str) and value.strip() and value.isprintable() else None


def _switched(value: Any) -> bool | None:
    return {"ENABLED": True, "DISABLED": False}.get(value) if isinstance(value, str) else None


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
