"""The headers by which clients decide whether and when to try again."""

import pytest

from gateway.dialects.anthropic import ANTHROPIC
from gateway.dialects.dialect import Dialect
from gateway.dialects.openai_chat import OPENAI_CHAT
from gateway.errors import GatewayError, Kind
from gateway.web.refusal import refusal


@pytest.mark.parametrize(
    ("dialect", "kind", "status", "wait"),
    [
        (ANTHROPIC, Kind.RATE_LIMIT, 429, "5"),
        (ANTHROPIC, Kind.OVERLOADED, 529, "5"),
        (ANTHROPIC, Kind.QUOTA, 402, None),
        (ANTHROPIC, Kind.UPSTREAM, 502, None),
        (OPENAI_CHAT, Kind.RATE_LIMIT, 429, "5"),
        (OPENAI_CHAT, Kind.OVERLOADED, 503, "5"),
        (OPENAI_CHAT, Kind.QUOTA, 429, "5"),
        (OPENAI_CHAT, Kind.INVALID_REQUEST, 400, None),
    ],
)
def test_every_429_and_529_names_a_wait(dialect: Dialect, kind: Kind, status: int, wait: str | None) -> None:
    response = refusal(dialect, GatewayError(kind, "words"), "req_1")
    assert (response.status, response.headers.get("retry-after")) == (status, wait)


@pytest.mark.parametrize(("told", "sent"), [(0, "1"), (-1, "1"), (0.2, "1"), (7, "7"), (7.1, "8"), (1e9, "3600")])
def test_kiros_own_wait_is_passed_on_in_whole_sensible_seconds(told: float, sent: str) -> None:
    error = GatewayError(Kind.RATE_LIMIT, "words", retry_after=told)
    assert refusal(OPENAI_CHAT, error, "req_1").headers["retry-after"] == sent
