"""What the circumstances add to a fault: sizes, near names, the plan's next month, Kiro's id."""

import pytest

from gateway.errors import Kind, UpstreamError
from gateway.kiro.circumstances import Circumstances, completed, overflow
from gateway.kiro.models import Catalogue, NameRules

CATALOGUE = Catalogue.fallback(NameRules())


def around(
    estimate: int = 10, window: int = 200_000, model: str = "claude-sonet-4.5", model_id: str = ""
) -> Circumstances:
    return Circumstances(estimate, window, model, model_id or model, CATALOGUE)


@pytest.mark.parametrize(
    ("estimate", "window", "words"),
    [
        (250_000, 200_000, "prompt is too long: 250000 tokens > 200000 maximum"),
        (200_001, 200_000, "prompt is too long: 200001 tokens > 200000 maximum"),
        (200_000, 200_000, "prompt is too long: 200001 tokens > 200000 maximum"),
        (0, 1_000_000, "prompt is too long: 1000001 tokens > 1000000 maximum"),
    ],
)
def test_an_overflow_reads_as_clients_expect_and_is_always_one(estimate: int, window: int, words: str) -> None:
    assert overflow(estimate, window) == words
    fault = UpstreamError(Kind.CONTEXT_FULL, "The input is longer. Kiro says: Input is too long.", request_id="k-1")
    assert completed(fault, around(estimate, window)).message == words


def test_an_unknown_model_comes_with_names_that_are_near() -> None:
    fault = UpstreamError(Kind.NOT_FOUND, "Kiro does not know this model.")
    assert completed(fault, around()).message.startswith(
        "Kiro does not know this model. Did you mean claude-sonnet-4.5"
    )
    assert completed(fault, around(model="quite-another-thing")).message == "Kiro does not know this model."


@pytest.mark.parametrize("model", ["claude-sonnet-4.5", "claude-sonnet-4-5-20250929", "claude-sonnet-4.5-thinking"])
def test_the_model_that_was_refused_is_not_among_the_names(model: str) -> None:
    fault = UpstreamError(Kind.NOT_FOUND, "Kiro does not know this model.")
    told = completed(fault, around(model=model, model_id="claude-sonnet-4.5")).message
    assert "Did you mean claude-sonnet-" in told and "claude-sonnet-4.5" not in told


def test_an_empty_plan_comes_with_the_day_it_fills_again_where_that_is_known() -> None:
    fault = UpstreamError(Kind.QUOTA, "Used up.")
    assert completed(fault, around()).message == "Used up."
    renewed = completed(fault, around(), quota_reset="2026-12-01")
    assert renewed.message == "Used up. The requests begin again on 2026-12-01."


def test_kiros_request_id_stands_at_the_end() -> None:
    fault = UpstreamError(Kind.QUOTA, "Used up. Kiro says: no.", request_id="abc-1")
    message = completed(fault, around(), request_id="other", quota_reset="2026-12-01").message
    assert message.endswith("The requests begin again on 2026-12-01. (Kiro's request id: abc-1)")


def test_error_without_a_request_id_gets_that_of_the_request_and_stays_as_it_was_for_others() -> None:
    fault = UpstreamError(Kind.AUTHENTICATION, "The login is dead.")
    made = [completed(fault, around(), request_id=request_id) for request_id in ("one", "two")]
    assert [error.message for error in made] == [
        "The login is dead. (Kiro's request id: one)",
        "The login is dead. (Kiro's request id: two)",
    ]
    assert (fault.message, fault.request_id) == ("The login is dead.", None)
