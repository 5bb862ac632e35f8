"""The choice of account as tables: candidates in, names out."""

from dataclasses import replace

import pytest

from gateway.accounts.choice import Candidate, closed, nobody, obstacle, order, soonest
from gateway.accounts.health import FRESH, AccountState, Health, Now
from gateway.accounts.terms import Terms
from gateway.errors import GatewayError, Kind, Trouble, UpstreamError

NOW = Now(1_780_000_000.0, 1000.0)
DEGRADED = Health(retry_at=1030.0, failures=1)
NAMED = Health(AccountState.THROTTLED, 1042.0, failures=1, named=True)
COOLING = Health(AccountState.THROTTLED, 1042.0, changed_at=999.5, failures=3)
COOLED = Health(AccountState.THROTTLED, 1000.0, failures=3)
DOWN = Health(AccountState.FAILING, 1042.0, changed_at=995.0, failures=3)
QUOTA = Health(AccountState.QUOTA_EXHAUSTED, resets_at=1_780_272_000.0)
DEAD = Health(AccountState.LOGIN_DEAD, message="Kiro's token server refused this login. Log in again.")
SUSPENDED = Health(AccountState.SUSPENDED, message="account suspended.")


def one(
    name: str, health: Health = FRESH, priority: int = 0, models: tuple[str, ...] = (), **facts: object
) -> Candidate:
    return Candidate(Terms(name, priority=priority, models=models), health, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("candidates", "sticky", "expected"),
    [
        ([one("a")], None, "a"),
        ([one("a", turn=2), one("b", turn=1)], None, "b a"),
        ([one("a", turn=2), one("b", turn=1)], "a", "a b"),
        ([one("a", priority=1), one("b", turn=9)], None, "b a"),
        ([one("a", priority=1), one("b")], "a", "a b"),
        ([one("a", DEGRADED), one("b", turn=9)], None, "b a"),
        ([one("a", DEGRADED), one("b", priority=1)], None, "a b"),
        ([one("a", DEGRADED), one("b")], "a", "a b"),
        ([one("a", credits=0.1), one("b", credits=0.9, turn=9)], None, "b a"),
        ([one("a", credits=0.8, turn=9), one("b", credits=0.9)], None, "b a"),
        ([one("a", credits=0.8), one("b", credits=0.9, turn=9)], None, "a b"),
        ([one("a", credits=0.5), one("b", turn=9)], None, "b a"),
        ([one("a", full=True), one("b", priority=5)], None, "b a"),
        ([one("a", full=True), one("b")], "a", "a b"),
        ([one("a", lacks=True), one("b", priority=5)], "a", "b a"),
        ([one("a", COOLING), one("b")], "a", "b"),
        ([one("a", COOLED), one("b", turn=1)], None, "a b"),
        ([one("a", COOLED, probing=True), one("b", turn=1)], None, "b"),
        ([one("a", QUOTA), one("b", DEAD), one("c", SUSPENDED), one("d", COOLING)], None, ""),
        ([one("a", replace(FRESH, disabled=True)), one("b")], "a", "b"),
        ([one("a", models=("claude-haiku-*",)), one("b")], "a", "b"),
        ([one("a", models=("claude-sonnet-*",), turn=9), one("b", priority=1)], None, "a b"),
        ([one("a", DOWN), one("b")], None, "b"),
        ([one("a", DOWN), one("b", COOLING)], None, "a"),
        ([one("a", NAMED), one("b", COOLING)], None, ""),
        ([one("a", DOWN, probing=True), one("b", COOLING)], None, ""),
    ],
)
def test_the_order_of_accounts(candidates: list[Candidate], sticky: str | None, expected: str) -> None:
    found = order(candidates, "claude-sonnet-4.5", NOW, sticky)
    assert " ".join(candidate.name for candidate in found) == expected


@pytest.mark.parametrize(
    ("candidate", "words", "wait"),
    [
        (one("a", DEAD), "its login is dead: Kiro's token server refused this login. Log in again", None),
        (
            one("a", SUSPENDED),
            "account suspended. When it is unlocked: kiro-gateway accounts enable a",
            None,
        ),
        (one("a", QUOTA), "this month's credits are used up until 2026-06-01 00:00 UTC", 272_000.0),
        (one("a", COOLING), "throttled, 3 failures in a row; it cools down for 42 s", 5.0),
        (one("a", replace(COOLING, retry_at=1003.0)), "throttled, 3 failures in a row; it cools down for 3 s", 3.0),
        (one("a", NAMED), "throttled; Kiro asks to wait 42 s", 42.0),
        (one("a", COOLED, probing=True), "one request is probing it", 1.0),
        (one("a", Health(disabled=True)), "disabled; enable it with: kiro-gateway accounts enable a", None),
        (one("a", models=("x",)), "its models do not include claude", None),
        (
            one("a", Health(AccountState.RESTRICTED, 1009.0)),
            "Kiro has limited it because of its traffic; it cools down for 9 s",
            9.0,
        ),
        (
            one("a", Health(AccountState.DAILY_LIMIT, resets_at=NOW.wall + 9)),
            "today's requests are used up until 2026-05-28 20:26 UTC",
            9.0,
        ),
    ],
)
def test_every_obstacle_is_named(candidate: Candidate, words: str, wait: float | None) -> None:
    found = obstacle(candidate, "claude", NOW)
    assert (found.words, found.wait) == (words, wait)


@pytest.mark.parametrize(
    ("healths", "wait", "again"),
    [
        ([DOWN, QUOTA], 5.0, True),
        ([QUOTA, DEAD], 272_000.0, False),
        ([DEAD, SUSPENDED], None, False),
    ],
)
def test_nobody_says_when_to_come_back_and_whether_it_is_worth_it(
    healths: list[Health], wait: float | None, again: bool
) -> None:
    error = nobody([one(name, health) for name, health in zip("ab", healths, strict=True)], "m", NOW)
    assert (error.kind, error.status, error.retry_after, error.should_retry) == (Kind.OVERLOADED, 503, wait, again)
    assert all(f" {name}: " in error.message for name in "ab")
    assert error.message.endswith("kiro-gateway accounts")


@pytest.mark.parametrize(
    ("healths", "wait"),
    [
        ([NAMED, QUOTA], 42.0),
        ([COOLING, QUOTA], 5.0),
        ([NAMED, SUSPENDED], 42.0),
        ([replace(NAMED, retry_at=NAMED.retry_at + 300), NAMED], 42.0),
        ([Health(AccountState.RESTRICTED, NOW.monotonic + 1800), DEAD], 1800.0),
    ],
)
def test_throttled_accounts_are_a_429_with_the_soonest_wait(healths: list[Health], wait: float) -> None:
    error = nobody([one(name, health) for name, health in zip("ab", healths, strict=True)], "m", NOW)
    assert (error.kind, error.status, error.retry_after, error.should_retry) == (Kind.RATE_LIMIT, None, wait, True)
    assert all(f" {name}: " in error.message for name in "ab")


def test_a_model_that_no_account_may_serve_is_not_found_rather_than_busy() -> None:
    assert nobody([one("a", models=("x",))], "m", NOW).kind is Kind.NOT_FOUND


@pytest.mark.parametrize(
    ("health", "kind", "wait", "trouble"),
    [
        (NAMED, Kind.RATE_LIMIT, 42.0, Trouble.THROTTLED),
        (SUSPENDED, Kind.OVERLOADED, None, Trouble.REFUSED),
        (QUOTA, Kind.OVERLOADED, 272_000.0, Trouble.REFUSED),
        (Health(disabled=True), Kind.OVERLOADED, None, Trouble.REFUSED),
    ],
)
def test_closed_account_says_why_and_for_how_long_whatever_its_models(
    health: Health, kind: Kind, wait: float | None, trouble: Trouble
) -> None:
    error = closed(one("a", health, models=("x",)), NOW)
    assert error is not None and (error.kind, error.retry_after, error.trouble) == (kind, wait, trouble)


@pytest.mark.parametrize("health", [FRESH, COOLING, DOWN, replace(NAMED, retry_at=NOW.monotonic)])
def test_account_that_may_be_probed_is_not_closed(health: Health) -> None:
    assert closed(one("a", health), NOW) is None


def last(trouble: Trouble, wait: float | None = None, **more: bool) -> UpstreamError:
    kind = Kind.QUOTA if trouble is Trouble.MONTH else Kind.RATE_LIMIT
    return UpstreamError(kind, "last", trouble=trouble, retry_after=wait, should_retry=False, **more)


@pytest.mark.parametrize(
    ("error", "message", "wait", "again"),
    [
        (last(Trouble.THROTTLED, 300.0), "last", 42.0, True),
        (last(Trouble.PROFILE_THROTTLED, 300.0), "last", 42.0, True),
        (last(Trouble.MONTH), "found", 42.0, True),
        (last(Trouble.DAY), "found", 42.0, True),
        (last(Trouble.BUSY, 3.0), "last", 3.0, False),
        (last(Trouble.NONE), "last", None, False),
        (last(Trouble.THROTTLED, 300.0, worked_on=True), "last", 300.0, False),
    ],
)
def test_error_of_several_accounts_has_the_soonest_wait(
    error: UpstreamError, message: str, wait: float | None, again: bool
) -> None:
    found = GatewayError(Kind.RATE_LIMIT, "found", retry_after=42.0, should_retry=True)
    shown = soonest(error, found)
    assert (shown.message, shown.retry_after, shown.should_retry) == (message, wait, again)
    assert soonest(error, GatewayError(Kind.OVERLOADED, "found")) is error
