"""What each result makes of an account, with a clock handed in."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.accounts.health import (
    DAY,
    FRESH,
    LONGEST_THROTTLE_COOLDOWN,
    PROBE_INTERVAL,
    RESTRICTED_COOLDOWN,
    AccountFailure,
    AccountState,
    Allowance,
    BreakerPolicy,
    Circuit,
    Health,
    Now,
    after_credits,
    after_failure,
    after_new_login,
    after_success,
    circuit,
    may_probe_early,
    month_end,
    remaining,
)
from gateway.errors import Trouble

WALL = datetime(2026, 11, 21, 9, 0, tzinfo=UTC).timestamp()
NOW = Now(WALL, 1000.0)
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC).timestamp()
TOMORROW = datetime(2026, 11, 22, tzinfo=UTC).timestamp()
POLICY = BreakerPolicy()
COUNTED = [Trouble.BUSY, Trouble.FAILING, Trouble.STUCK, Trouble.REFUSED]
DEFINITE = [Trouble.RESTRICTED, Trouble.DAY, Trouble.MONTH, Trouble.LOGIN, Trouble.SUSPENDED]


def later(seconds: float) -> Now:
    return Now(NOW.wall + seconds, NOW.monotonic + seconds)


def after(*troubles: Trouble, health: Health = FRESH, now: Now = NOW, **facts: object) -> Health:
    for trouble in troubles:
        failure = AccountFailure(trouble, "message", login="mark")
        health = after_failure(health, failure, now, POLICY, **facts)  # type: ignore[arg-type]
    return health


@pytest.mark.parametrize(
    ("trouble", "state", "seconds", "expected"),
    [
        (Trouble.NONE, AccountState.ACTIVE, 0, Circuit.CLOSED),
        (Trouble.MODEL, AccountState.ACTIVE, 0, Circuit.CLOSED),
        (Trouble.BUSY, AccountState.ACTIVE, 5, Circuit.DEGRADED),
        (Trouble.FAILING, AccountState.ACTIVE, 60, Circuit.DEGRADED),
        (Trouble.STUCK, AccountState.ACTIVE, 60, Circuit.DEGRADED),
        (Trouble.REFUSED, AccountState.ACTIVE, 60, Circuit.DEGRADED),
        (Trouble.DAY, AccountState.DAILY_LIMIT, TOMORROW - WALL, Circuit.OPEN),
        (Trouble.MONTH, AccountState.QUOTA_EXHAUSTED, DECEMBER - WALL, Circuit.OPEN),
        (Trouble.RESTRICTED, AccountState.RESTRICTED, 30 * 60, Circuit.OPEN),
        (Trouble.SUSPENDED, AccountState.SUSPENDED, 0, Circuit.OPEN),
        (Trouble.LOGIN, AccountState.LOGIN_DEAD, 0, Circuit.OPEN),
    ],
)
def test_each_failure_has_its_consequence(
    trouble: Trouble, state: AccountState, seconds: float, expected: Circuit
) -> None:
    health = after(trouble)
    assert (health.state, remaining(health, NOW), circuit(health, NOW)) == (state, seconds, expected)


@pytest.mark.parametrize("trouble", COUNTED)
def test_third_failure_in_a_row_opens_the_circuit(trouble: Trouble) -> None:
    assert circuit(after(trouble, trouble), NOW) is Circuit.DEGRADED
    assert circuit(after(trouble, trouble, trouble), NOW) is Circuit.OPEN


@pytest.mark.parametrize("trouble", COUNTED)
def test_stale_failure_is_not_counted(trouble: Trouble) -> None:
    once = after(trouble)
    assert after(*[trouble] * 20, health=once, stale=True) is once
    opened = after(*[trouble] * 3)
    assert after(*[trouble] * 20, health=opened, stale=True) is opened


@pytest.mark.parametrize("trouble", DEFINITE)
def test_what_kiro_says_of_the_account_itself_holds_though_the_request_is_old(trouble: Trouble) -> None:
    opened = after(*[Trouble.BUSY] * 3)
    assert circuit(after(trouble, health=opened, stale=True), NOW) is Circuit.OPEN
    assert after(trouble, health=opened, stale=True).state is after(trouble).state


@pytest.mark.parametrize(("graver", "trouble"), [(b, a) for n, a in enumerate(DEFINITE) for b in DEFINITE[n + 1 :]])
def test_graver_state_is_not_replaced_by_a_lesser_one(graver: Trouble, trouble: Trouble) -> None:
    health = after(graver)
    assert after(trouble, health=health) is health
    assert after(graver, health=after(trouble)).state is health.state


@pytest.mark.parametrize("trouble", [Trouble.SUSPENDED, Trouble.LOGIN, Trouble.MONTH, Trouble.DAY])
@pytest.mark.parametrize("counted", COUNTED)
def test_counted_failure_does_not_hide_a_suspension_or_a_quota(trouble: Trouble, counted: Trouble) -> None:
    health = after(trouble)
    assert after(*[counted] * 5, health=health) is health


@pytest.mark.parametrize(("failures", "seconds"), [(1, 60), (3, 60), (4, 120), (5, 240), (13, 61440), (14, DAY)])
def test_cooldown_doubles_up_to_a_day(failures: int, seconds: float) -> None:
    assert POLICY.cooldown(AccountState.FAILING, failures) == seconds
    assert POLICY.cooldown(AccountState.FAILING, 10**6) == DAY


@pytest.mark.parametrize(("failures", "seconds"), [(1, 5), (3, 5), (4, 10), (5, 20), (8, 160), (9, 300), (10**6, 300)])
def test_cooldown_of_a_throttled_account_grows_from_seconds_to_minutes(failures: int, seconds: float) -> None:
    assert POLICY.cooldown(AccountState.THROTTLED, failures) == seconds <= LONGEST_THROTTLE_COOLDOWN


def test_multiplier_caps_the_cooldown() -> None:
    assert BreakerPolicy(base=10, multiplier=4).cooldown(AccountState.FAILING, 50) == 40


def test_failed_probe_prolongs_the_cooldown() -> None:
    health = after(*[Trouble.FAILING] * 3)
    assert circuit(health, later(59.9)) is Circuit.OPEN
    assert circuit(health, later(60)) is Circuit.HALF_OPEN
    again = after(Trouble.FAILING, health=health, now=later(60))
    assert (again.failures, remaining(again, later(60))) == (4, 120)


def test_failures_far_apart_are_not_in_a_row() -> None:
    health = after(Trouble.BUSY, Trouble.BUSY)
    assert after(Trouble.BUSY, health=health, now=later(5)).failures == 1


@pytest.mark.parametrize("trouble", [*COUNTED, Trouble.RESTRICTED])
def test_successful_probe_heals_and_leaves_the_users_will(trouble: Trouble) -> None:
    health = after(*[trouble] * 3)
    assert after_success(health, later(RESTRICTED_COOLDOWN)) is FRESH
    assert after_success(replace(health, disabled=True), NOW) == Health(disabled=True)


@pytest.mark.parametrize("trouble", [Trouble.DAY, Trouble.MONTH, Trouble.LOGIN, Trouble.SUSPENDED])
def test_success_ends_neither_suspension_nor_dead_login_nor_quota(trouble: Trouble) -> None:
    health = after(trouble)
    assert after_success(health, NOW) is health


@pytest.mark.parametrize("trouble", [Trouble.DAY, Trouble.MONTH])
def test_success_after_the_reset_date_ends_a_quota(trouble: Trouble) -> None:
    health = after(trouble)
    assert circuit(health, later(DAY * 31)) is Circuit.HALF_OPEN
    assert after_success(health, later(DAY * 31)) is FRESH


@pytest.mark.parametrize(("asked", "seconds"), [(5.0, 5), (10.0, 10), (300.0, 300), (1e9, DAY)])
def test_long_wait_that_kiro_names_opens_the_circuit_at_once_for_a_day_at_most(asked: float, seconds: float) -> None:
    health = after_failure(FRESH, AccountFailure(Trouble.BUSY, retry_after=asked), NOW, POLICY)
    assert (health.named, remaining(health, NOW)) == (asked > 10, seconds)
    assert circuit(health, NOW) is (Circuit.OPEN if asked > 10 else Circuit.DEGRADED)


def test_wait_that_kiro_names_is_taken_from_a_stale_failure_and_never_shortened() -> None:
    once = after(Trouble.BUSY)
    named = after_failure(once, AccountFailure(Trouble.BUSY, retry_after=100), NOW, POLICY, stale=True)
    assert (named.failures, remaining(named, NOW)) == (1, 100)
    shorter = after_failure(named, AccountFailure(Trouble.BUSY, retry_after=20), NOW, POLICY, stale=True)
    assert remaining(shorter, NOW) == 100
    assert after(Trouble.BUSY, health=named, stale=True) is named


def test_without_a_recovery_time_no_circuit_opens_by_counting() -> None:
    health = FRESH
    for _ in range(9):
        health = after_failure(health, AccountFailure(Trouble.BUSY, retry_after=99), NOW, BreakerPolicy(base=0))
    assert circuit(health, NOW) is Circuit.CLOSED


@pytest.mark.parametrize(
    ("named", "end"),
    [(None, DECEMBER), (WALL + 9 * DAY, WALL + 9 * DAY), (WALL - 1, DECEMBER), (WALL + 400 * DAY, DECEMBER)],
)
def test_month_ends_when_kiro_says_if_that_is_sensible(named: float | None, end: float) -> None:
    assert month_end(WALL, Allowance(1, 1, named)) == end


@given(st.floats(0, 4e9))
def test_without_a_date_the_month_ends_on_a_first_within_31_days(now: float) -> None:
    end = month_end(now, None)
    assert datetime.fromtimestamp(end, UTC).day == 1
    assert now < end <= now + 31 * DAY


@pytest.mark.parametrize(
    ("used", "overage", "allowed", "state"),
    [
        (999, False, False, AccountState.ACTIVE),
        (1000, False, False, AccountState.QUOTA_EXHAUSTED),
        (1280, True, False, AccountState.QUOTA_EXHAUSTED),
        (1280, True, True, AccountState.ACTIVE),
        (1280, False, True, AccountState.QUOTA_EXHAUSTED),
    ],
)
def test_exhausted_credits_open_the_circuit_unless_overage_is_on_and_allowed(
    used: float, overage: bool, allowed: bool, state: AccountState
) -> None:
    allowance = Allowance(used, 1000, overage=overage)
    assert after_credits(FRESH, allowance, NOW, stale=False, allow_overage=allowed).state is state


def test_credits_that_are_there_again_close_the_circuit() -> None:
    assert after_credits(after(Trouble.MONTH), Allowance(1, 1000), NOW, stale=False, allow_overage=False) is FRESH


def test_credits_that_were_asked_for_before_the_refusal_do_not() -> None:
    exhausted = after(Trouble.MONTH)
    assert after_credits(exhausted, Allowance(1, 1000), NOW, stale=True, allow_overage=False) is exhausted


@pytest.mark.parametrize("trouble", [Trouble.SUSPENDED, Trouble.LOGIN])
def test_only_a_new_login_lets_a_request_probe_what_needs_the_user(trouble: Trouble) -> None:
    health = after(trouble)
    assert circuit(health, later(1000 * DAY)) is Circuit.OPEN
    assert after_credits(health, Allowance(1, 1000), NOW, stale=False, allow_overage=False) == health
    assert circuit(after_new_login(health, NOW), NOW) is Circuit.HALF_OPEN


@pytest.mark.parametrize(
    ("health", "expected"),
    [
        (FRESH, Circuit.CLOSED),
        (after(*[Trouble.FAILING] * 5), Circuit.CLOSED),
        (after(Trouble.MONTH), Circuit.HALF_OPEN),
        (after(Trouble.DAY), Circuit.HALF_OPEN),
        (after(Trouble.RESTRICTED), Circuit.OPEN),
        (after_failure(FRESH, AccountFailure(Trouble.BUSY, retry_after=99), NOW, POLICY), Circuit.OPEN),
        (Health(disabled=True), Circuit.OPEN),
    ],
)
def test_new_login_forgets_what_was_counted_and_keeps_to_waits(health: Health, expected: Circuit) -> None:
    assert circuit(after_new_login(health, NOW), NOW) is expected


@pytest.mark.parametrize("trouble", COUNTED)
def test_circuit_opened_by_counting_may_be_probed_early_once_a_second(trouble: Trouble) -> None:
    health = after(*[trouble] * 3)
    assert not may_probe_early(health, later(0.9)) and may_probe_early(health, later(PROBE_INTERVAL))
    assert not may_probe_early(replace(health, disabled=True), later(PROBE_INTERVAL))


@pytest.mark.parametrize("trouble", DEFINITE)
def test_what_kiro_says_of_the_account_is_never_probed_early(trouble: Trouble) -> None:
    assert not may_probe_early(after(trouble), later(30))
    named = after_failure(FRESH, AccountFailure(Trouble.BUSY, retry_after=99), NOW, POLICY)
    assert not may_probe_early(named, later(30))


@pytest.mark.parametrize("step", [-400 * DAY, -DAY, DAY, 400 * DAY])
@pytest.mark.parametrize("trouble", [*COUNTED, Trouble.RESTRICTED])
def test_step_of_the_wall_clock_neither_ends_nor_prolongs_a_wait(trouble: Trouble, step: float) -> None:
    health = after(*[trouble] * 3)
    assert circuit(health, Now(WALL + step, NOW.monotonic + 1)) is Circuit.OPEN
    assert circuit(health, Now(WALL + step, NOW.monotonic + RESTRICTED_COOLDOWN)) is Circuit.HALF_OPEN
