"""What the circumstances add to a fault: sizes, near names, the plan's next month, Kiro's id."""

import re

import pytest

from gateway.errors import Kind, UpstreamError
from gateway.kiro.circumstances import Circumstances, completed
from gateway.kiro.models import Catalogue, NameRules

CATALOGUE = Catalogue.fallback(NameRules())


def around(
    estimate: int = 10, window: int = 200_000, model: str = "claude-sonet-4.5", model_id: str = ""
) -> Circumstances:
    return Circumstances(estimate, window, model, model_id or model, CATALOGUE)


MEANS = "The input is longer than this model's context window. Shorten or compact the conversation."
ABOVE = "prompt is too long: 250000 tokens > 200000 maximum. The first figure is this gateway's estimate."
WITHIN = "prompt is too long: Kiro refused a request of 10 bytes, which are 10 tokens by this gateway's estimate."


@pytest.mark.parametrize(
    ("estimate", "said", "message"),
    [
        (250_000, "Kiro says: Input is too long.", ABOVE),
        (10, "Kiro says: Input is too long.", WITHIN),
        (10, "(HTTP 400)", WITHIN),
        (10, "Kiro says: 210,000 tokens exceed 200,000.", "prompt is too long: 210000 tokens > 200000 maximum"),
        (10, "Kiro says: limit 128000 tokens, got 128001 tokens", "prompt is too long: 128001 tokens > 128000 maximum"),
        (10, "Kiro says: 5 tokens of 5.", WITHIN + " Kiro says: 5 tokens of 5."),
        (250_000, "Kiro says: 700000 bytes.", ABOVE + " Kiro says: 700000 bytes."),
        (10, "Kiro says: 700000 bytes of 600000.", WITHIN + " Kiro says: 700000 bytes of 600000."),
    ],
)
def test_an_overflow_gives_kiros_figures_or_an_estimate_named_as_one(estimate: int, said: str, message: str) -> None:
    fault = UpstreamError(Kind.CONTEXT_FULL, f"{MEANS} {said}", request_id="k-1")
    assert completed(fault, around(estimate), sent_bytes=10).message == message


@pytest.mark.parametrize("estimate", [250_000, 200_001])
def test_clients_read_both_figures_out_of_an_overflow(estimate: int) -> None:
    message = completed(UpstreamError(Kind.CONTEXT_FULL, MEANS), around(estimate)).message
    found = re.search(r"prompt is too long[^0-9]*(\d+)\s*tokens?\s*>\s*(\d+)", message, re.IGNORECASE)
    assert found and (int(found[1]), int(found[2])) == (estimate, 200_000)


def test_an_estimate_of_just_the_window_is_no_reason() -> None:
    message = completed(UpstreamError(Kind.CONTEXT_FULL, MEANS), around(200_000)).message
    assert message.startswith("prompt is too long: ") and "200001" not in message and "maximum" not in message


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
