"""Plans and credits out of Kiro's answers, whatever form they come in."""

import pytest

from gateway.jsontext import decode
from gateway.kiro.usage_limits import Credits, UsageLimits, read

ANSWER = decode(
    b"""{"daysUntilReset": 0, "limits": [], "nextDateReset": 1.780272E9,
    "overageConfiguration": {"overageStatus": "ENABLED"},
    "subscriptionInfo": {"subscriptionTitle": "KIRO PRO", "type": "Q_DEVELOPER_STANDALONE_PRO"},
    "usageBreakdown": null,
    "usageBreakdownList": [{"resourceType": "CREDIT", "currency": "USD", "unit": "INVOCATIONS",
      "currentUsage": 1280, "currentUsageWithPrecision": 1280.59,
      "usageLimit": 1000, "usageLimitWithPrecision": 1.0E3,
      "currentOverages": 280, "currentOveragesWithPrecision": 280.59,
      "overageCap": 10000, "overageCharges": 11.22, "overageRate": 0.04, "nextDateReset": 1.780272E9,
      "freeTrialInfo": {"freeTrialStatus": "EXPIRED", "freeTrialExpiry": 1.77E9,
        "currentUsage": 500, "usageLimit": 500},
      "bonuses": [{"bonusCode": "WELCOME", "displayName": "Welcome bonus", "status": "ACTIVE",
        "expiresAt": 1.79E9, "currentUsage": 3.5, "usageLimit": 100.0}]}],
    "userInfo": {"email": "user@example.org", "userId": "d-0.0"}}"""
)


def credits_of(limits: UsageLimits) -> Credits:
    assert limits.credits
    return limits.credits


def test_a_captured_answer_is_understood_to_the_last_member() -> None:
    limits = read(ANSWER)
    assert (limits.plan, limits.type) == ("KIRO PRO", "Q_DEVELOPER_STANDALONE_PRO")
    assert limits.email == "user@example.org"
    assert limits.resets_at == 1_780_272_000
    assert limits.overages is True


def test_the_exact_figures_count_and_may_exceed_the_limit() -> None:
    credits = credits_of(read(ANSWER))
    assert (credits.used, credits.limit, credits.overage) == (1280.59, 1000, 280.59)
    assert (credits.overage_cap, credits.overage_charges) == (10_000, 11.22)


def test_active_bonuses_and_trials_count_and_expired_ones_do_not() -> None:
    credits = credits_of(read(ANSWER))
    assert [grant.name for grant in credits.grants] == ["Welcome bonus"]
    assert credits.all_used == pytest.approx(1284.09)
    assert credits.all_limit == 1100
    assert credits.trial
    assert (credits.trial.active, credits.trial.limit) == (False, 500)


@pytest.mark.parametrize(
    ("now", "days"), [(1_780_272_000 - 86_400 * 9.5, 10), (1_780_272_000 - 1, 1), (1_790_000_000, 0)]
)
def test_days_left_are_counted_by_our_clock(now: float, days: int) -> None:
    assert read(ANSWER).days_left(now) == days


def test_a_single_breakdown_and_the_older_list_are_understood() -> None:
    single = read(
        {"usageBreakdown": {"resourceType": "VIBE", "currentUsage": 3, "usageLimit": 50, "nextDateReset": 9.0}}
    )
    assert (credits_of(single).used, single.resets_at) == (3, 9)
    older = read({"limits": [{"type": "AGENTIC_REQUEST", "currentUsage": 7, "totalUsageLimit": 50}]})
    assert (credits_of(older).used, credits_of(older).limit) == (7, 50)


def test_credits_are_told_before_the_names_of_older_plans() -> None:
    entries = [{"resourceType": name, "usageLimit": 1} for name in ("SPEC", "CREDIT", "VIBE")]
    assert credits_of(read({"usageBreakdownList": entries})).resource == "CREDIT"


@pytest.mark.parametrize(
    "strange",
    [
        {},
        {"usageBreakdownList": None, "limits": {}, "userInfo": [], "subscriptionInfo": 3},
        {"usageBreakdownList": [None, 3, []], "limits": [1]},
        {"nextDateReset": "soon", "overageConfiguration": {"overageStatus": []}, "userInfo": {"email": "a\nb"}},
    ],
)
def test_what_is_missing_or_strange_is_left_out(strange: dict[str, object]) -> None:
    limits = read(strange)
    assert limits == UsageLimits()
    assert limits.credits is None
    assert limits.days_left(0) is None


JUNE, JULY, AUGUST = 1_780_272_000.0, 1_782_864_000.0, 1_785_542_400.0


def entry(resource: str, resets: object = None) -> dict[str, object]:
    return {"resourceType": resource, "usageLimit": 1, "nextDateReset": resets}


@pytest.mark.parametrize(
    ("answer", "resets_at"),
    [
        ({"nextDateReset": JUNE, "usageBreakdownList": [entry("CREDIT", JULY)]}, JULY),
        ({"nextDateReset": JUNE, "usageBreakdownList": [entry("VIBE", AUGUST), entry("CREDIT", JULY)]}, JULY),
        ({"nextDateReset": JUNE, "usageBreakdown": entry("CREDIT", JULY)}, JULY),
        ({"nextDateReset": JUNE, "usageBreakdownList": [entry("CREDIT")]}, JUNE),
        ({"nextDateReset": JUNE, "usageBreakdownList": [entry("VIBE", AUGUST), entry("CREDIT", 0)]}, JUNE),
        ({"usageBreakdownList": [entry("VIBE", AUGUST), entry("CREDIT")]}, AUGUST),
        ({"nextDateReset": JUNE, "limits": [{"type": "AGENTIC_REQUEST", "totalUsageLimit": 50}]}, JUNE),
    ],
)
def test_reset_date_is_that_of_the_credits_before_any_other(answer: dict[str, object], resets_at: float) -> None:
    assert read({"daysUntilReset": 0, **answer}).resets_at == resets_at


@pytest.mark.parametrize(
    ("date", "resets_at"),
    [
        (1.780272e9, JUNE),
        ("1.780272E9", JUNE),
        (1_780_272_000_000, JUNE),
        (1.780272e12, JUNE),
        ("1.780272E12", JUNE),
        (1e11, 1e11),
        (1e300, None),
        (0, None),
    ],
)
def test_dates_come_in_seconds_or_milliseconds(date: object, resets_at: float | None) -> None:
    credit = {"resourceType": "CREDIT", "nextDateReset": date, "bonuses": [{"status": "ACTIVE", "expiresAt": date}]}
    limits = read({"usageBreakdownList": [credit]})
    assert limits.resets_at == resets_at
    assert credits_of(limits).bonuses[0].expires_at == resets_at


@pytest.mark.parametrize(
    ("answer", "days"),
    [
        ({"daysUntilReset": 0, "nextDateReset": JUNE}, 10),
        ({"daysUntilReset": 25, "nextDateReset": JUNE}, 10),
        ({"daysUntilReset": 25}, 25),
        ({"daysUntilReset": 0}, None),
        ({"daysUntilReset": "soon"}, None),
        ({"daysUntilReset": 1e300}, None),
    ],
)
def test_days_that_kiro_names_count_only_without_a_date(answer: dict[str, object], days: int | None) -> None:
    assert read(answer).days_left(JUNE - 86_400 * 9.5) == days


@pytest.mark.parametrize("value", [None, True, "x", "nan", float("inf"), -1, [], 10**400])
def test_a_figure_that_is_none_is_left_out(value: object) -> None:
    [credits] = read({"usageBreakdownList": [{"currentUsage": value, "overageCap": value}]}).resources
    assert (credits.used, credits.overage_cap) == (0, None)
