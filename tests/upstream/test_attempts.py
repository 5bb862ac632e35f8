"""Faults in, steps out."""

import pytest

from gateway.errors import GatewayError, Kind, Trouble, UpstreamError
from gateway.kiro.endpoints import ENDPOINTS
from gateway.upstream.attempts import (
    ChargeRetry,
    Correct,
    Enter,
    Outcome,
    Policy,
    Refresh,
    Relabel,
    Route,
    Send,
    Trace,
    Wait,
    attempts,
    total,
)

POLICY = Policy(base_delay=1.0)
FLAGS: dict[str, dict[str, object]] = {
    "retry": {"retry": True, "trouble": Trouble.FAILING},
    "expired": {"expired": True, "trouble": Trouble.REFUSED},
    "profile": {"profile": True},
    "403": {"expired": True, "profile": True, "trouble": Trouble.REFUSED},
    "forbidden": {"expired": True, "profile": True, "upstream_status": 403, "trouble": Trouble.REFUSED},
    "unauthorized": {"expired": True, "upstream_status": 401, "trouble": Trouble.REFUSED},
    "stuck": {"stuck": True, "trouble": Trouble.STUCK},
    "429": {"elsewhere": True, "retry": True, "trouble": Trouble.BUSY},
    "account": {"trouble": Trouble.THROTTLED},
    "profile-wide": {"trouble": Trouble.PROFILE_THROTTLED},
    "capacity": {"retry": True, "trouble": Trouble.CAPACITY},
    "drained": {"trouble": Trouble.DAY},
    "402": {"trouble": Trouble.MONTH},
    "suspended": {"trouble": Trouble.SUSPENDED},
    "model": {"trouble": Trouble.MODEL},
    "dead": {"trouble": Trouble.LOGIN},
    "worked-on": {"trouble": Trouble.THROTTLED, "worked_on": True},
    "final": {},
}
"""``429:7`` is a 429 with a Retry-After of 7 s."""


def fault(word: str) -> UpstreamError:
    name, _, after = word.partition(":")
    return UpstreamError(Kind.UPSTREAM, word, retry_after=float(after) if after else None, **FLAGS[name])  # type: ignore[arg-type]


def entered(name: str, routes: int, gone: str) -> Outcome:
    if name and name in gone:
        return GatewayError(Kind.AUTHENTICATION, f"gone {name}")
    return tuple(Route(name, endpoint) for endpoint in ENDPOINTS[:routes]) if name else None


def steps(
    faults: str,
    routes: int = 3,
    policy: Policy = POLICY,
    dice: float = 1.0,
    accounts: int = 1,
    gone: str = "",
    budget: int = 99,
    labels: int = 0,
) -> list[str]:
    """The steps for these faults; after them every send succeeds. Ends with ``ok`` or the fault that was raised.

    Accounts are called A, B, …; entering one of ``gone`` gives a fault. Of one account only its endpoints are shown.
    labels: how often there is another token type to try.
    """
    coming = [fault(word) for word in faults.split()]
    names = iter("ABCDEFG"[:accounts])
    plan = attempts(accounts, policy, lambda: dice)
    made: list[str] = []
    outcome: Outcome
    try:
        step = next(plan)
        while True:
            outcome = None
            match step:
                case Enter():
                    outcome = entered(next(names, ""), routes, gone)
                case Send(Route(account, endpoint)):
                    made.append(endpoint.name if accounts == 1 else f"{account}/{endpoint.name}")
                    if not coming:
                        return [*made, "ok"]
                    outcome = coming.pop(0)
                case Wait(seconds):
                    made.append(f"wait {seconds:g}")
                case ChargeRetry():
                    outcome, budget = budget > 0, budget - 1
                case Relabel():
                    outcome, labels = labels > 0, labels - 1
                    made += ["relabel"] * outcome
                case Refresh() | Correct():
                    made.append(type(step).__name__.lower())
            step = plan.send(outcome)
    except GatewayError as error:
        return [*made, f"raised {error.message}"]


K, C, Q = (row.name for row in ENDPOINTS)


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        ("", [K, "ok"]),
        ("final", [K, "raised final"]),
        ("402", [K, "raised 402"]),
        ("suspended", [K, "raised suspended"]),
        ("retry", [K, "wait 1", K, "ok"]),
        ("retry retry", [K, "wait 1", K, "wait 2", K, "ok"]),
        ("retry retry retry", [K, "wait 1", K, "wait 2", K, C, "ok"]),
        ("retry " * 6, [K, "wait 1", K, "wait 2", K, C, "wait 1", C, "wait 2", C, "raised retry"]),
        ("retry:7", [K, "wait 7", K, "ok"]),
        ("retry:0.1", [K, "wait 1", K, "ok"]),
        ("retry:11", [K, C, "ok"]),
        ("retry:11 retry:11 retry:11", [K, C, Q, "raised retry:11"]),
        ("retry final", [K, "wait 1", K, "raised final"]),
        ("expired", [K, "refresh", K, "ok"]),
        ("expired expired", [K, "refresh", K, "raised expired"]),
        ("profile", [K, "correct", K, "ok"]),
        ("profile profile", [K, "correct", K, "raised profile"]),
        ("403 403", [K, "refresh", K, "correct", K, "ok"]),
        ("429", [K, C, "ok"]),
        ("429 429 429", [K, C, Q, "wait 1", K, "ok"]),
        ("429 429 429:7", [K, C, Q, "wait 7", K, "ok"]),
        ("429 429 429:3600", [K, C, Q, "raised 429:3600"]),
        ("429 429 429:0", [K, C, Q, "wait 1", K, "ok"]),
        ("429 429 429:-1", [K, C, Q, "wait 1", K, "ok"]),
        ("429 " * 6, [K, C, Q, "wait 1", K, C, Q, "raised 429"]),
        ("429 final", [K, C, "raised final"]),
        ("429 drained", [K, C, "raised drained"]),
        ("drained", [K, "raised drained"]),
        ("account", [K, "wait 1", K, "ok"]),
        ("account:7.007", [K, "wait 7.007", K, "ok"]),
        ("account:7 account:7", [K, "wait 7", K, "raised account:7"]),
        ("account:11", [K, "raised account:11"]),
        ("429 account:3", [K, C, "wait 3", C, "ok"]),
        ("profile-wide", [K, "wait 1", K, "ok"]),
        ("profile-wide:300", [K, "raised profile-wide:300"]),
        ("capacity", [K, "wait 1", K, "ok"]),
        ("capacity:7 capacity capacity", [K, "wait 7", K, "wait 2", K, "raised capacity"]),
        ("capacity:11", [K, "raised capacity:11"]),
        ("stuck", [K, "raised stuck"]),
        ("429 expired stuck", [K, C, "refresh", C, "raised stuck"]),
        ("expired retry", [K, "refresh", K, "wait 1", K, "ok"]),
    ],
)
def test_each_fault_is_followed_by_what_the_table_says(faults: str, expected: list[str]) -> None:
    assert steps(faults) == expected


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        ("stuck", [K, K, "ok"]),
        ("stuck stuck", [K, K, "raised stuck"]),
        ("429 expired stuck", [K, C, "refresh", C, C, "ok"]),
        ("stuck expired final", [K, K, "refresh", K, "raised final"]),
        ("stuck expired expired", [K, K, "refresh", K, "raised expired"]),
    ],
)
def test_silent_request_is_sent_again_where_the_setting_allows_it(faults: str, expected: list[str]) -> None:
    assert steps(faults, policy=Policy(first_token_max_retries=1)) == expected


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        ("402", ["A/kiro", "B/kiro", "ok"]),
        ("suspended", ["A/kiro", "B/kiro", "ok"]),
        ("model", ["A/kiro", "B/kiro", "ok"]),
        ("final", ["A/kiro", "raised final"]),
        ("worked-on", ["A/kiro", "raised worked-on"]),
        ("stuck", ["A/kiro", "raised stuck"]),
        ("402 final", ["A/kiro", "B/kiro", "raised final"]),
        ("402 402", ["A/kiro", "B/kiro", "raised 402"]),
        ("429 429 429", ["A/kiro", "A/codewhisperer", "A/amazonq", "B/kiro", "ok"]),
        ("retry retry retry", ["A/kiro", "wait 1", "A/kiro", "wait 2", "A/kiro", "B/kiro", "ok"]),
        ("expired expired", ["A/kiro", "refresh", "A/kiro", "B/kiro", "ok"]),
        ("expired dead expired", ["A/kiro", "refresh", "A/kiro", "B/kiro", "refresh", "B/kiro", "ok"]),
        ("drained", ["A/kiro", "B/kiro", "ok"]),
        ("account", ["A/kiro", "B/kiro", "ok"]),
        ("account:300", ["A/kiro", "B/kiro", "ok"]),
        ("account:300 account:300", ["A/kiro", "B/kiro", "raised account:300"]),
        ("account account:5", ["A/kiro", "B/kiro", "wait 5", "B/kiro", "ok"]),
        ("429 account", ["A/kiro", "A/codewhisperer", "B/kiro", "ok"]),
        ("profile-wide:60", ["A/kiro", "B/kiro", "ok"]),
        ("capacity:60", ["A/kiro", "raised capacity:60"]),
        ("capacity " * 3, ["A/kiro", "wait 1", "A/kiro", "wait 2", "A/kiro", "raised capacity"]),
    ],
)
def test_what_only_this_account_meets_is_left_to_the_next(faults: str, expected: list[str]) -> None:
    assert steps(faults, accounts=2) == expected


@pytest.mark.parametrize(
    ("faults", "budget", "expected"),
    [
        ("retry", 0, [K, C, "ok"]),
        ("retry retry", 1, [K, "wait 1", K, C, "ok"]),
        ("retry " * 9, 0, [K, C, Q, "raised retry"]),
        ("429", 0, [K, C, "ok"]),
        ("429 429 429", 0, [K, C, Q, "raised 429"]),
        ("429 429 429 429", 1, [K, C, Q, "wait 1", K, "raised 429"]),
        ("429 429 429 429", 2, [K, C, Q, "wait 1", K, C, "ok"]),
        ("stuck", 0, [K, "raised stuck"]),
        ("expired", 0, [K, "refresh", K, "ok"]),
        ("profile", 0, [K, "correct", K, "ok"]),
    ],
)
def test_spent_retry_budget_leaves_the_routes_that_were_not_tried(
    faults: str, budget: int, expected: list[str]
) -> None:
    assert steps(faults, budget=budget) == expected


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        ("forbidden", [K, "relabel", K, "ok"]),
        ("forbidden forbidden", [K, "relabel", K, "refresh", K, "ok"]),
        ("forbidden " * 3, [K, "relabel", K, "refresh", K, "correct", K, "ok"]),
        ("forbidden " * 9, [K, "relabel", K, "refresh", K, "correct", K, "raised forbidden"]),
        ("forbidden retry", [K, "relabel", K, "wait 1", K, "ok"]),
        ("forbidden 429 forbidden", [K, "relabel", K, C, "refresh", C, "ok"]),
        ("unauthorized", [K, "refresh", K, "ok"]),
        ("suspended", [K, "raised suspended"]),
    ],
)
def test_another_token_type_is_tried_once_before_a_refresh(faults: str, expected: list[str]) -> None:
    assert steps(faults, labels=9) == expected


def test_the_send_with_another_token_type_is_one_more_for_its_account() -> None:
    made = ["A/kiro", "relabel", "A/kiro", "refresh", "A/kiro", "B/kiro", "ok"]
    assert steps("forbidden forbidden forbidden", accounts=3, labels=1) == made


def test_where_there_is_no_other_token_type_a_403_is_met_as_ever() -> None:
    assert steps("forbidden forbidden") == [K, "refresh", K, "correct", K, "ok"]


def test_spent_retry_budget_leaves_the_next_account() -> None:
    expected = ["A/kiro", "A/codewhisperer", "A/amazonq", "B/kiro", "ok"]
    assert steps("retry retry retry", accounts=2, budget=0) == expected
    assert steps("429 429 429", accounts=2, budget=0) == expected


def test_calls_of_one_request_are_added_up_and_the_last_one_says_where() -> None:
    first = Trace(2, "kiro", "a", 1, "id-1", 1, 1, 0.5, 1, "2026-12-01", 10, ["rate_limit"])
    second = Trace(attempts=1, endpoint="amazonq", account="b", faults=["upstream"])
    faults = ["rate_limit", "upstream"]
    assert total([first, second]) == Trace(3, "amazonq", "b", 1, "id-1", 1, 1, 0.5, 1, "2026-12-01", 10, faults)
    assert total([]) == Trace() and total([first]) is first


@pytest.mark.parametrize(
    ("accounts", "sent"),
    [
        (1, ["kiro", "codewhisperer", "amazonq", "wait 1", "kiro", "codewhisperer", "amazonq"]),
        (2, ["A/kiro", "A/codewhisperer", "A/amazonq", "B/kiro", "B/codewhisperer", "B/amazonq"]),
        (3, ["A/kiro", "A/codewhisperer", "B/kiro", "B/codewhisperer", "C/kiro", "C/codewhisperer"]),
        (5, ["A/kiro", "A/codewhisperer", "B/kiro", "B/codewhisperer", "C/kiro", "C/codewhisperer"]),
    ],
)
def test_six_sends_reach_several_accounts(accounts: int, sent: list[str]) -> None:
    assert steps("429 " * 9, accounts=accounts) == [*sent, "raised 429"]


def test_the_last_account_alone_gets_a_second_round() -> None:
    made = steps("402 429 429", routes=2, accounts=2)
    assert made == ["A/kiro", "B/kiro", "B/codewhisperer", "wait 1", "B/kiro", "ok"]


@pytest.mark.parametrize(("gone", "expected"), [("A", ["B/kiro", "ok"]), ("AB", ["raised gone B"])])
def test_an_account_without_a_token_is_passed_over(gone: str, expected: list[str]) -> None:
    assert steps("", accounts=2, gone=gone) == expected


def test_an_account_that_is_gone_by_then_leaves_the_last_fault() -> None:
    plan = attempts(2, POLICY, lambda: 1.0)
    next(plan)
    plan.send((Route("A", ENDPOINTS[0]),))
    assert plan.send(fault("402")) == Enter()
    with pytest.raises(UpstreamError, match="402"):
        plan.send(None)


def test_one_endpoint_alone_gets_its_second_round_too() -> None:
    assert steps("429 429", routes=1) == [K, "wait 1", K, "raised 429"]


@pytest.mark.parametrize(("allowed", "sends"), [(0, 1), (1, 2), (2, 3), (5, 3)])
def test_a_stuck_request_is_sent_again_as_often_as_allowed_within_the_sends_of_an_endpoint(
    allowed: int, sends: int
) -> None:
    assert steps("stuck " * 9, policy=Policy(first_token_max_retries=allowed)) == [K] * sends + ["raised stuck"]


def test_the_wait_is_jittered_by_the_dice() -> None:
    assert [steps("retry", dice=dice)[1] for dice in (0.0, 0.5, 1.0)] == ["wait 0.5", "wait 0.75", "wait 1"]


def test_no_wait_grows_beyond_the_cap() -> None:
    policy = Policy(base_delay=20.0, sends_per_endpoint=4)
    assert steps("retry retry retry", policy=policy)[1:6:2] == ["wait 20", "wait 30", "wait 30"]


def test_a_refresh_that_fails_ends_the_plan_with_its_own_fault() -> None:
    plan = attempts(1, POLICY, lambda: 1.0)
    next(plan)
    plan.send((Route("A", ENDPOINTS[0]),))
    assert plan.send(fault("expired")) == Refresh()
    with pytest.raises(UpstreamError, match="final"):
        plan.send(fault("final"))


def test_sends_are_counted_from_one() -> None:
    routes = tuple(Route("A", endpoint) for endpoint in ENDPOINTS)
    plan = attempts(1, POLICY, lambda: 1.0)
    next(plan)
    assert [plan.send(routes), plan.send(fault("429"))] == [Send(routes[0], 1), Send(routes[1], 2)]
