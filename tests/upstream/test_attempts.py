"""Faults in, steps out."""

import pytest

from gateway.errors import Kind, UpstreamError
from gateway.kiro.endpoints import ENDPOINTS
from gateway.upstream.attempts import Policy, Refresh, Send, Wait, attempts

THREE = ENDPOINTS
POLICY = Policy(base_delay=1.0)


def fault(word: str) -> UpstreamError:
    """``retry``, ``expired``, ``stuck``, ``429`` (also ``429:7`` with Retry-After), ``drained``, ``final``."""
    name, _, after = word.partition(":")
    flags = {
        "retry": {"retry": True},
        "expired": {"expired": True},
        "stuck": {"stuck": True},
        "429": {"elsewhere": True, "retry": True},
        "drained": {"elsewhere": True},
        "final": {},
    }[name]
    return UpstreamError(Kind.UPSTREAM, word, retry_after=float(after) if after else None, **flags)


def steps(faults: str, routes: int = 3, policy: Policy = POLICY, dice: float = 1.0) -> list[str]:
    """The steps for these faults; after them every send succeeds. Ends with ``ok`` or the fault that was raised."""
    coming = [fault(word) for word in faults.split()]
    plan = attempts(THREE[:routes], policy, lambda: dice)
    made: list[str] = []
    try:
        step = next(plan)
        while True:
            outcome = None
            match step:
                case Send(endpoint):
                    made.append(endpoint.name)
                    if not coming:
                        return [*made, "ok"]
                    outcome = coming.pop(0)
                case Wait(seconds):
                    made.append(f"wait {seconds:g}")
                case Refresh():
                    made.append("refresh")
            step = plan.send(outcome)
    except UpstreamError as error:
        return [*made, f"raised {error.message}"]


K, C, Q = (row.name for row in THREE)


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        ("", [K, "ok"]),
        ("final", [K, "raised final"]),
        ("retry", [K, "wait 1", K, "ok"]),
        ("retry retry", [K, "wait 1", K, "wait 2", K, "ok"]),
        ("retry retry retry", [K, "wait 1", K, "wait 2", K, C, "ok"]),
        ("retry " * 6, [K, "wait 1", K, "wait 2", K, C, "wait 1", C, "wait 2", C, "raised retry"]),
        ("retry final", [K, "wait 1", K, "raised final"]),
        ("expired", [K, "refresh", K, "ok"]),
        ("expired expired", [K, "refresh", K, "raised expired"]),
        ("429", [K, C, "ok"]),
        ("429 429 429", [K, C, Q, "wait 1", K, "ok"]),
        ("429 429 429:7", [K, C, Q, "wait 7", K, "ok"]),
        ("429 429 429:3600", [K, C, Q, "wait 1", K, "ok"]),
        ("429 429 429:-1", [K, C, Q, "wait 1", K, "ok"]),
        ("429 " * 6, [K, C, Q, "wait 1", K, C, Q, "raised 429"]),
        ("429 final", [K, C, "raised final"]),
        ("429 drained drained", [K, C, Q, "wait 1", K, "ok"]),
        ("drained drained drained", [K, C, Q, "raised drained"]),
        ("stuck", [K, K, "ok"]),
        ("stuck stuck", [K, K, "raised stuck"]),
        ("429 expired stuck", [K, C, "refresh", C, C, "ok"]),
        ("expired retry", [K, "refresh", K, "wait 1", K, "ok"]),
        ("stuck expired final", [K, K, "refresh", K, "raised final"]),
        ("stuck expired expired", [K, K, "refresh", K, "raised expired"]),
    ],
)
def test_each_fault_is_followed_by_what_the_table_says(faults: str, expected: list[str]) -> None:
    assert steps(faults) == expected


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
    plan = attempts(THREE, POLICY, lambda: 1.0)
    next(plan)
    assert plan.send(fault("expired")) == Refresh()
    with pytest.raises(UpstreamError, match="final"):
        plan.send(fault("final"))


def test_sends_are_counted_from_one() -> None:
    plan = attempts(THREE, POLICY, lambda: 1.0)
    assert [next(plan), plan.send(fault("429"))] == [Send(THREE[0], 1), Send(THREE[1], 2)]
