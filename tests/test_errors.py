"""The error tree: kinds know their status, errors carry what the plan and the dialects need."""

import pytest

from gateway.errors import GatewayError, Kind, UpstreamError


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
