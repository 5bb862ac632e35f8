"""What an account has used: the answer of GetUsageLimits."""

import time
from dataclasses import dataclass
from typing import Any, Final, Literal

_DAY: Final = 86_400.0
_OVERAGE_RATE: Final = 0.04
_OVERAGE_CAP: Final = 10_000.0


@dataclass(frozen=True, slots=True)
class Usage:
    """An account's plan and credits. Dates are epoch seconds; 0 lets the simulator choose one some days ahead.

    trial_used, bonus_used: out of ``trial_limit`` and ``bonus_limit``; a limit of 0 means that there is none.
    reset: ``nextDateReset`` of the credits' entry. answer_reset: that of the whole answer, which may be another date.
    days: ``daysUntilReset``, seen as 0 on days when the dates were right. milliseconds: dates in them, not in seconds.
    """

    plan: str = "KIRO PRO"
    type: str = "Q_DEVELOPER_STANDALONE_PRO"
    used: float = 12.5
    limit: float = 1000.0
    trial: Literal["ACTIVE", "EXPIRED"] = "EXPIRED"
    trial_used: float = 500.0
    trial_limit: float = 500.0
    bonus_used: float = 3.5
    bonus_limit: float = 100.0
    overage: Literal["ENABLED", "DISABLED"] = "DISABLED"
    reset: float = 0.0
    answer_reset: float = 0.0
    days: int = 0
    milliseconds: bool = False
    email: str = "user@example.org"


def limits(usage: Usage, *, with_email: bool) -> dict[str, Any]:
    """The answer's body."""
    reset = usage.reset or time.time() + 10 * _DAY
    user = {"email": usage.email} if with_email else {}
    return {
        "daysUntilReset": usage.days,
        "limits": [],
        "nextDateReset": _date(usage, usage.answer_reset or reset),
        "overageConfiguration": {"overageStatus": usage.overage},
        "subscriptionInfo": {
            "overageCapability": "OVERAGE_CAPABLE",
            "subscriptionManagementTarget": "MANAGE",
            "subscriptionTitle": usage.plan,
            "type": usage.type,
            "upgradeCapability": "UPGRADE_CAPABLE",
        },
        "usageBreakdown": None,
        "usageBreakdownList": [_credits(usage, reset)],
        "userInfo": user | {"userId": "d-0000000000.00000000-0000-0000-0000-000000000000"},
    }


def _credits(usage: Usage, reset: float) -> dict[str, Any]:
    over = max(0.0, usage.used - usage.limit)
    return {
        "resourceType": "CREDIT",
        "displayName": "Credit",
        "displayNamePlural": "Credits",
        "currency": "USD",
        "unit": "INVOCATIONS",
        **_precise("currentUsage", usage.used),
        **_precise("usageLimit", usage.limit),
        **_precise("currentOverages", over),
        **_precise("overageCap", _OVERAGE_CAP),
        "overageCharges": round(over * _OVERAGE_RATE, 2),
        "overageRate": _OVERAGE_RATE,
        "nextDateReset": _date(usage, reset),
        "freeTrialInfo": _trial(usage, reset),
        "bonuses": [_bonus(usage, reset)] if usage.bonus_limit else [],
    }


def _trial(usage: Usage, reset: float) -> dict[str, Any] | None:
    if not usage.trial_limit:
        return None
    return {
        "freeTrialStatus": usage.trial,
        "freeTrialExpiry": _date(usage, reset if usage.trial == "ACTIVE" else reset - 60 * _DAY),
        **_precise("currentUsage", usage.trial_used),
        **_precise("usageLimit", usage.trial_limit),
    }


def _bonus(usage: Usage, reset: float) -> dict[str, Any]:
    return {
        "bonusCode": "WELCOME",
        "displayName": "Welcome bonus",
        "status": "ACTIVE",
        "expiresAt": _date(usage, reset + 60 * _DAY),
        "currentUsage": usage.bonus_used,
        "usageLimit": usage.bonus_limit,
    }


def _date(usage: Usage, seconds: float) -> float:
    return seconds * 1000 if usage.milliseconds else seconds


def _precise(name: str, value: float) -> dict[str, float]:
    """A figure twice, as the service gives it: cut to a whole number and exact."""
    return {name: int(value), f"{name}WithPrecision": value}
