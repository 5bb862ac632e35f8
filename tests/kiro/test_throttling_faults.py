"""Refusals of autumn 2026 by whose limit they are and how long to wait: every sample, before and inside a stream."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Kind, Trouble, UpstreamError
from gateway.kiro.faults import exception_fault, http_fault

SAMPLES = json.loads((Path(__file__).parent / "samples" / "errors_krs_throttling.json").read_text(encoding="utf-8"))
EXPECTED = (
    (Trouble.THROTTLED, 300.0),
    (Trouble.THROTTLED, 7.007),
    (Trouble.PROFILE_THROTTLED, 5.0),
    (Trouble.CAPACITY, None),
    (Trouble.DAY, None),
    (Trouble.MONTH, None),
    (Trouble.THROTTLED, 7.0),
    (Trouble.RESTRICTED, 1800.0),
    (Trouble.CAPACITY, None),
    (Trouble.MONTH, None),
)
NAMES = {402: "ServiceQuotaExceededException", 429: "throttlingError", 503: "serviceUnavailableError"}
USER = "USER_REQUEST_RATE_EXCEEDED"
MODEL = ["INSUFFICIENT_MODEL_CAPACITY", "MODEL_TEMPORARILY_UNAVAILABLE"]
OVERFLOWS = ["Input content length exceeds threshold", "Prompt is too long", "Context window is full"]


def refused(body: Any, status: int = 429, headers: dict[str, str] | None = None) -> UpstreamError:
    return http_fault(status, headers or {}, json.dumps(body).encode())


@pytest.mark.parametrize(("sample", "expected"), list(zip(SAMPLES, EXPECTED, strict=True)))
def test_every_sample_has_its_scope_and_wait_and_no_other_endpoint(sample: Any, expected: Any) -> None:
    error = refused(sample["body"], sample["status"], sample.get("headers"))
    assert (error.trouble, error.retry_after) == expected
    assert not error.elsewhere and error.message.endswith(sample["body"]["message"])
    assert error.retry is (error.trouble is Trouble.CAPACITY)


@pytest.mark.parametrize(
    ("sample", "expected"), [(s, e) for s, e in zip(SAMPLES, EXPECTED, strict=True) if "headers" not in s]
)
def test_exception_frame_has_the_same_scope_and_wait(sample: Any, expected: Any) -> None:
    error = exception_fault(NAMES[sample["status"]], json.dumps(sample["body"]).encode())
    assert (error.trouble, error.retry_after) == expected


@pytest.mark.parametrize("reason", MODEL)
@pytest.mark.parametrize("status", [400, 429, 500, 503])
def test_limit_of_a_model_is_known_whatever_the_status(status: int, reason: str) -> None:
    error = refused({"message": "No.", "reason": reason, "retryAfterMilliseconds": 20_000}, status)
    assert (error.trouble, error.retry, error.elsewhere, error.retry_after) == (Trouble.CAPACITY, True, False, 20.0)
    assert error.kind in (Kind.RATE_LIMIT, Kind.OVERLOADED) and error.should_retry


@pytest.mark.parametrize(
    ("body", "header", "wait"),
    [
        (7007, None, 7.007),
        (7007, "7", 7.007),
        (7007, "8", 8.0),
        (7007, "soon", 7.007),
        (7007, "0", 7.007),
        (None, "8", 8.0),
        (1, None, 0.001),
        (9_999_999_000, None, 9_999_999.0),
        *((nonsense, None, 10.0) for nonsense in (0, -1, True, False, "7007", 10**12, 10**400, 1e300, [], {}, None)),
        *((nonsense, "8", 8.0) for nonsense in (-1, True, "90000", 10**12)),
    ],
)
def test_wait_is_the_longer_one_of_body_and_header(body: Any, header: str | None, wait: float) -> None:
    headers = {} if header is None else {"Retry-After": header}
    error = refused({"message": "No.", "reason": USER, "retryAfterMilliseconds": body}, headers=headers)
    assert error.retry_after == wait


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_wait_that_is_no_number_leaves_the_scope_to_the_status(number: str) -> None:
    body = f'{{"message": "No.", "reason": "{USER}", "retryAfterMilliseconds": {number}}}'
    error = http_fault(429, {}, body.encode())
    assert error.kind is Kind.RATE_LIMIT and error.retry_after in (None, 10.0)


@pytest.mark.parametrize(("asked", "wait"), [(None, 1800.0), (60_000, 1800.0), (7_200_000, 7200.0)])
def test_limited_account_waits_half_an_hour_at_least(asked: int | None, wait: float) -> None:
    error = refused({"message": "We saw suspicious activity.", "retryAfterMilliseconds": asked})
    assert (error.trouble, error.retry_after) == (Trouble.RESTRICTED, wait)


@pytest.mark.parametrize("reason", ["HOURLY_REQUEST_COUNT", "WEEKLY_REQUEST_COUNT", "USAGE_LIMIT_REACHED", "NEW_WORD"])
def test_other_reasons_are_limits_of_the_account(reason: str) -> None:
    error = refused({"message": "No.", "reason": reason})
    assert (error.trouble, error.elsewhere, error.retry) == (Trouble.THROTTLED, False, False)
    assert error.retry_after is not None and 10 <= error.retry_after <= 300


@pytest.mark.parametrize("reason", [None, "", 7, ["USER_REQUEST_RATE_EXCEEDED"]])
def test_only_a_429_without_a_reason_tries_the_next_endpoint(reason: Any) -> None:
    error = refused({"message": "Too many requests.", "reason": reason})
    assert (error.trouble, error.elsewhere, error.retry_after) == (Trouble.BUSY, True, None)


@pytest.mark.parametrize("reason", [None, "CONTENT_LENGTH_EXCEEDS_THRESHOLD", "PROMPT_TOO_LONG"])
@pytest.mark.parametrize("message", [*OVERFLOWS, *map(str.upper, OVERFLOWS)])
def test_overflow_is_known_by_reason_or_sentence(message: str, reason: str | None) -> None:
    body = {"message": message, "reason": reason}
    for error in (refused(body, 400), exception_fault("validationError", json.dumps(body).encode())):
        assert (error.kind, error.retry, error.elsewhere, error.trouble.elsewhere) == (
            Kind.CONTEXT_FULL,
            False,
            False,
            False,
        )
