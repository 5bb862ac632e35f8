"""Sends again, over all requests."""

import pytest

from gateway.upstream.budget import ONE_PLAN, REMEMBERED, Budget


def taken(budget: Budget, wanted: int = 10_000) -> int:
    """How often one may be sent again."""
    return sum(budget.take() for _ in range(wanted))


@pytest.mark.parametrize(("requests", "again"), [(1, 5), (10, 5), (25, 5), (50, 10), (500, 100), (1000, 200)])
def test_a_fifth_of_the_requests_and_at_least_one_whole_plan(requests: int, again: int) -> None:
    budget = Budget()
    for _ in range(requests):
        budget.enter()
    assert taken(budget) == again


def test_requests_one_after_another_have_each_a_budget_of_its_own() -> None:
    budget = Budget()
    for _ in range(20):
        budget.enter()
        assert taken(budget) == ONE_PLAN
        budget.leave()


def test_requests_that_overlap_share_one() -> None:
    budget = Budget()
    budget.enter()
    assert taken(budget) == ONE_PLAN
    for _ in range(100):
        budget.enter()
        budget.leave()
    assert taken(budget) == 20 - ONE_PLAN


def test_a_long_good_time_pays_for_no_storm() -> None:
    budget = Budget()
    for _ in range(100_000):
        budget.enter()
    assert taken(budget) <= REMEMBERED / 5
