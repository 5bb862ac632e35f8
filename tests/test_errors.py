"""The error tree: kinds know their status, errors carry what the plan and the dialects need."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gateway.errors import GatewayError, Kind, UpstreamError
from gateway.honour.unmet import Unmet


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_word_and_an_error_status(kind: Kind) -> None:
    assert kind.label.replace("_", "").isalpha()
    assert 400 <= kind.status <= 599


def test_an_error_is_its_message() -> None:
    error = GatewayError(Kind.INVALID_REQUEST, "no", path="messages.0")
    assert (str(error), error.path, error.status) == ("no", "messages.0", None)


def test_an_upstream_error_asks_for_nothing_unless_told() -> None:
    error = UpstreamError(Kind.UPSTREAM, "broken")
    assert not (error.retry or error.elsewhere or error.expired or error.stuck)


def test_error_is_a_value_that_nobody_changes() -> None:
    error = UpstreamError(Kind.RATE_LIMIT, "Slow down.", retry=True, request_id="one")
    with pytest.raises(AttributeError, match="replaced"):
        error.message = "Another."
    with pytest.raises(AttributeError, match="replaced"):
        error.retry = False
    assert (error.message, error.retry) == ("Slow down.", True)


def test_replaced_error_is_another_one_with_the_rest_as_it_was() -> None:
    cause = ValueError("cause")
    error = UpstreamError(Kind.RATE_LIMIT, "Slow down.", retry=True, retry_after=3.0)
    error.__cause__ = cause
    error.add_note("seen here")
    other = error.replaced(message="Slower.", request_id="two")
    assert (other.message, str(other), other.request_id, other.retry, other.retry_after) == (
        "Slower.",
        "Slower.",
        "two",
        True,
        3.0,
    )
    assert type(other) is UpstreamError and other.__cause__ is cause and other.__traceback__ is None
    assert not hasattr(other, "__notes__") and (error.message, error.request_id) == ("Slow down.", None)


def test_errors_of_other_kinds_are_values_too() -> None:
    unmet = Unmet("No JSON.", said="Sure!", correction="Answer in JSON.")
    assert unmet.replaced(path="x").said == "Sure!"
    with pytest.raises(AttributeError):
        unmet.said = "other"


def test_error_can_leave_a_context_manager() -> None:
    """``contextlib`` writes the traceback of an error that it lets through."""

    @contextmanager
    def through() -> Iterator[None]:
        yield

    with pytest.raises(GatewayError), through():
        raise GatewayError(Kind.INTERNAL, "x")
