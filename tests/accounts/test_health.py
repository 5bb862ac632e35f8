"""What each fault makes of an account, with a clock handed in."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.accounts.health import (
    DAY,
    FRESH,
    REST,
    Allowance,
    Breaker,
    Fault,
    Health,
    Out,
    Standing,
    failed,
    may_hasten,
    measured,
    month_end,
    renewed,
    standing,
    succeeded,
)
from gateway.errors import Trouble

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC).timestamp()
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC).timestamp()
TOMORROW = datetime(2026, 11, 22, tzinfo=UTC).timestamp()
BREAKER = Breaker()


def after(*troubles: Trouble, health: Health = FRESH, now: float = NOW) -> Health:
    for trouble in troubles:
        health = failed(health, Fault(trouble, "words", login="mark"), now, BREAKER)
    return health


@pytest.mark.parametrize(
    ("trouble", "out", "until", "now"),
    [
        (Trouble.NONE, Out.NO, 0.0, Standing.READY),
        (Trouble.MODEL, Out.NO, 0.0, Standing.READY),
        (Trouble.BUSY, Out.NO, NOW + 60, Standing.SHAKY),
        (Trouble.FAILING, Out.NO, NOW + 60, Standing.SHAKY),
        (Trouble.STUCK, Out.NO, NOW + 60, Standing.SHAKY),
        (Trouble.REFUSED, Out.NO, NOW + 60, Standing.SHAKY),
        (Trouble.DAY, Out.DAY, TOMORROW, Standing.OUT),
        (Trouble.MONTH, Out.MONTH, DECEMBER, Standing.OUT),
        (Trouble.RESTRICTED, Out.RESTRICTED, NOW + REST, Standing.OUT),
        (Trouble.SUSPENDED, Out.SUSPENDED, 0.0, Standing.OUT),
        (Trouble.LOGIN, Out.PARKED, 0.0, Standing.OUT),
    ],
)
def test_each_fault_has_its_consequence(trouble: Trouble, out: Out, until: float, now: Standing) -> None:
    health = after(trouble)
    assert (health.out, health.until, standing(health, NOW)) == (out, until, now)


@pytest.mark.parametrize("trouble", [Trouble.BUSY, Trouble.FAILING, Trouble.STUCK, Trouble.REFUSED])
def test_the_third_failure_in_a_row_opens_the_breaker(trouble: Trouble) -> None:
    assert standing(after(trouble, trouble), NOW) is Standing.SHAKY
    assert standing(after(trouble, trouble, trouble), NOW) is Standing.OUT


@pytest.mark.parametrize(
    ("failures", "rest"), [(1, 60), (3, 60), (4, 120), (5, 240), (13, 61440), (14, DAY), (99, DAY), (10**6, DAY)]
)
def test_the_rest_doubles_and_is_never_longer_than_a_day(failures: int, rest: float) -> None:
    assert BREAKER.rest(failures) == rest


def test_the_multiplier_caps_the_rest() -> None:
    assert Breaker(base=10, multiplier=4).rest(50) == 40


def test_after_the_rest_one_request_may_probe_and_its_failure_rests_longer() -> None:
    health = after(*[Trouble.FAILING] * 3)
    assert standing(health, NOW + 59.9) is Standing.OUT
    assert standing(health, NOW + 60) is Standing.PROBE
    again = after(Trouble.FAILING, health=health, now=NOW + 60)
    assert (again.failures, again.until) == (4, NOW + 60 + 120)


def test_failures_far_apart_are_no_row() -> None:
    health = after(Trouble.BUSY, Trouble.BUSY)
    assert after(Trouble.BUSY, health=health, now=NOW + 60).failures == 1


def test_an_answer_makes_it_as_new_and_leaves_the_users_will() -> None:
    assert succeeded(after(*[Trouble.BUSY] * 5)) is FRESH
    assert succeeded(Health(Out.FAILING, NOW, disabled=True)) == Health(disabled=True)


@pytest.mark.parametrize(("asked", "until"), [(5.0, NOW + 60), (300.0, NOW + 300), (1e9, NOW + DAY)])
def test_a_long_retry_after_is_kept_to_at_once_for_a_day_at_most(asked: float, until: float) -> None:
    health = failed(FRESH, Fault(Trouble.BUSY, retry_after=asked), NOW, BREAKER)
    assert (health.out is Out.NO, health.until) == (asked <= 10, until)


def test_without_a_recovery_time_nothing_ever_rests() -> None:
    health = FRESH
    for _ in range(9):
        health = failed(health, Fault(Trouble.BUSY, retry_after=99), NOW, Breaker(base=0))
    assert standing(health, NOW) is Standing.READY


@pytest.mark.parametrize(
    ("told", "end"),
    [(None, DECEMBER), (NOW + 9 * DAY, NOW + 9 * DAY), (NOW - 1, DECEMBER), (NOW + 400 * DAY, DECEMBER)],
)
def test_the_month_ends_when_kiro_says_if_that_is_sensible(told: float | None, end: float) -> None:
    assert month_end(NOW, Allowance(1, 1, told)) == end


@given(st.floats(0, 4e9))
def test_without_a_date_the_month_ends_on_a_first_within_31_days(now: float) -> None:
    end = month_end(now, None)
    assert datetime.fromtimestamp(end, UTC).day == 1
    assert now < end <= now + 31 * DAY


@pytest.mark.parametrize(
    ("used", "overage", "allowed", "out"),
    [
        (999, False, False, Out.NO),
        (1000, False, False, Out.MONTH),
        (1280, True, False, Out.MONTH),
        (1280, True, True, Out.NO),
        (1280, False, True, Out.MONTH),
    ],
)
def test_credits_used_up_put_it_out_unless_overage_is_on_and_allowed(
    used: float, overage: bool, allowed: bool, out: Out
) -> None:
    allowance = Allowance(used, 1000, overage=overage)
    assert measured(FRESH, allowance, NOW, asked=NOW, allow_overage=allowed).out is out


def test_credits_that_are_there_again_bring_it_back() -> None:
    assert measured(after(Trouble.MONTH), Allowance(1, 1000), NOW, asked=NOW, allow_overage=False) is FRESH


def test_credits_that_were_asked_for_before_the_refusal_do_not_bring_an_account_back() -> None:
    used_up = after(Trouble.MONTH)
    assert measured(used_up, Allowance(1, 1000), NOW + 2, asked=NOW - 1, allow_overage=False) is used_up


@pytest.mark.parametrize("trouble", [Trouble.SUSPENDED, Trouble.LOGIN])
def test_a_parked_account_stays_so_until_its_login_has_changed(trouble: Trouble) -> None:
    health = after(trouble)
    assert standing(health, NOW + 1000 * DAY) is Standing.OUT
    assert measured(health, Allowance(1, 1000), NOW, asked=NOW, allow_overage=False) == health
    assert standing(renewed(health, NOW), NOW) is Standing.PROBE


def test_only_a_failing_service_may_be_probed_early_and_once_a_second() -> None:
    health = after(*[Trouble.FAILING] * 3)
    assert not may_hasten(health, NOW + 0.9) and may_hasten(health, NOW + 1)
    assert not any(may_hasten(after(*[trouble] * 3), NOW + 30) for trouble in Trouble if trouble.value[0] in _CALM)


_CALM = {"busy", "refused", "day", "month", "restricted", "suspended", "login"}
