"""What each observed refusal becomes: kind, words, and what the retry plan may do."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Kind, UpstreamError
from gateway.kiro.faults import exception_fault, http_fault

SAMPLES = Path(__file__).parent / "samples"
HTTP = json.loads((SAMPLES / "errors_http.json").read_text(encoding="utf-8"))
FRAMES = json.loads((SAMPLES / "event_exceptions.json").read_text(encoding="utf-8"))

Sequel = tuple[bool, bool, bool, bool | None]
"""retry, elsewhere, expired, should_retry"""
FINAL = (False, False, False, False)
REFRESH = (False, False, True, False)
BUSY = (True, False, False, True)
THROTTLED = (True, True, False, True)
MODEL_BUSY = (True, False, False, True)
ACCOUNT = (False, False, False, True)
DAY = FINAL
BROKEN = (True, False, False, None)

HTTP_OUTCOMES = (
    (Kind.INVALID_REQUEST, FINAL, "badly formed"),
    (Kind.INVALID_REQUEST, FINAL, "badly formed"),
    (Kind.CONTEXT_FULL, FINAL, "context window"),
    (Kind.NOT_FOUND, FINAL, "does not know this model"),
    (Kind.INVALID_REQUEST, FINAL, "profile"),
    (Kind.INVALID_REQUEST, FINAL, "profile"),
    (Kind.INVALID_REQUEST, FINAL, "reasoning setting"),
    (Kind.QUOTA, FINAL, "this month"),
    (Kind.QUOTA, FINAL, "this month"),
    (Kind.QUOTA, FINAL, "overage"),
    (Kind.AUTHENTICATION, REFRESH, "Log in to Kiro again"),
    (Kind.PERMISSION, FINAL, "account suspended:"),
    (Kind.PERMISSION, FINAL, "subscription"),
    (Kind.PERMISSION, FINAL, "kind of login"),
    (Kind.RATE_LIMIT, MODEL_BUSY, "no capacity"),
    (Kind.RATE_LIMIT, THROTTLED, "Too many requests"),
    (Kind.OVERLOADED, BUSY, "overloaded"),
    (Kind.OVERLOADED, MODEL_BUSY, "not available at Kiro"),
    (Kind.OVERLOADED, BUSY, "not available"),
)
FRAME_OUTCOMES = (
    (Kind.INVALID_REQUEST, FINAL, "smaller parts"),
    (Kind.RATE_LIMIT, MODEL_BUSY, "no capacity"),
    (Kind.INVALID_REQUEST, FINAL, "badly formed"),
    (Kind.OVERLOADED, MODEL_BUSY, "not available at Kiro"),
    (Kind.UPSTREAM, BROKEN, "failed"),
    (Kind.INVALID_REQUEST, FINAL, "badly formed"),
)


def fault(status: int, body: Any = None, **headers: str) -> UpstreamError:
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return http_fault(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


def sequel(error: UpstreamError) -> Sequel:
    return (error.retry, error.elsewhere, error.expired, error.should_retry)


@pytest.mark.parametrize(("sample", "outcome"), list(zip(HTTP, HTTP_OUTCOMES, strict=True)))
def test_every_observed_http_refusal_has_its_kind_sequel_and_words(sample: Any, outcome: Any) -> None:
    error = http_fault(sample["status"], sample.get("headers", {}), json.dumps(sample["body"]).encode())
    kind, then, words = outcome
    assert (error.kind, sequel(error)) == (kind, then)
    assert words in error.message
    assert error.message.endswith(sample["body"]["message"])
    assert (error.upstream_status, error.reason) == (sample["status"], sample["body"].get("reason"))


@pytest.mark.parametrize(("sample", "outcome"), list(zip(FRAMES, FRAME_OUTCOMES, strict=True)))
def test_every_observed_frame_refusal_has_its_kind_sequel_and_words(sample: Any, outcome: Any) -> None:
    headers, payload = sample["headers"], sample["payload"]
    raw = headers.get(":error-message", "").encode() if payload is None else json.dumps(payload).encode()
    error = exception_fault(headers.get(":exception-type") or headers.get(":error-code", ""), raw)
    kind, then, words = outcome
    assert (error.kind, sequel(error), error.upstream_status) == (kind, then, 200)
    assert words in error.message


MORE: tuple[tuple[int, Any, dict[str, str], Kind, Sequel], ...] = (
    (301, None, {"location": "http://x"}, Kind.UPSTREAM, FINAL),
    (400, {"message": "Input is too long."}, {}, Kind.CONTEXT_FULL, FINAL),
    (400, {"reason": "INSUFFICIENT_MODEL_CAPACITY", "message": "x"}, {}, Kind.RATE_LIMIT, MODEL_BUSY),
    (400, {"reason": "CONVERSATION_LIMIT_EXCEEDED", "message": "x"}, {}, Kind.INVALID_REQUEST, FINAL),
    (402, {"reason": "CONVERSATION_LIMIT_EXCEEDED", "message": "x"}, {}, Kind.INVALID_REQUEST, FINAL),
    (400, {"__type": "com.amazon.coral#ExpiredTokenException"}, {}, Kind.AUTHENTICATION, REFRESH),
    (400, {"message": "x"}, {"x-amzn-errortype": "ThrottlingException:http://a/"}, Kind.RATE_LIMIT, THROTTLED),
    (400, b"<html>400 Bad Request</html>", {}, Kind.INVALID_REQUEST, FINAL),
    (401, None, {}, Kind.AUTHENTICATION, REFRESH),
    (401, {"message": "no"}, {}, Kind.AUTHENTICATION, REFRESH),
    (402, {"message": "pay"}, {}, Kind.QUOTA, FINAL),
    (403, {"message": "User is not authorized to make this call."}, {}, Kind.PERMISSION, FINAL),
    (403, {"message": "ExpiredToken"}, {}, Kind.AUTHENTICATION, REFRESH),
    (403, b"Unauthorized", {"content-type": "text/plain"}, Kind.AUTHENTICATION, REFRESH),
    (403, {"Message": "The security token is wrong"}, {}, Kind.AUTHENTICATION, REFRESH),
    (403, {"message": "Your User ID (x) temporarily is suspended."}, {}, Kind.PERMISSION, FINAL),
    (403, {"message": "invalid", "reason": "FEATURE_NOT_SUPPORTED"}, {}, Kind.PERMISSION, FINAL),
    (403, b"<!DOCTYPE html><p>token invalid", {}, Kind.PERMISSION, FINAL),
    (403, None, {}, Kind.PERMISSION, FINAL),
    (404, {"__type": "com.amazon.coral.service#UnknownOperationException"}, {}, Kind.UPSTREAM, FINAL),
    (407, None, {}, Kind.UPSTREAM, FINAL),
    (409, {"message": "x", "reason": "CUSTOMER_KMS_KEY_DISABLED"}, {}, Kind.PERMISSION, FINAL),
    (409, {"message": "x", "reason": "MISMATCHED_KMS_KEY"}, {}, Kind.PERMISSION, FINAL),
    (409, {"message": "x"}, {}, Kind.UPSTREAM, FINAL),
    (413, None, {}, Kind.TOO_LARGE, FINAL),
    (423, {"message": "account suspended"}, {}, Kind.PERMISSION, FINAL),
    (429, None, {}, Kind.RATE_LIMIT, THROTTLED),
    (429, b"<html>slow down</html>", {}, Kind.RATE_LIMIT, THROTTLED),
    (429, {"message": "x", "reason": "DAILY_REQUEST_COUNT"}, {}, Kind.RATE_LIMIT, DAY),
    (429, {"message": "x", "reason": "MONTHLY_REQUEST_COUNT"}, {}, Kind.QUOTA, FINAL),
    (429, {"message": "x", "reason": "SOME_NEW_LIMIT"}, {}, Kind.RATE_LIMIT, ACCOUNT),
    (400, {"__type": "ThrottlingException", "reason": "SOME_NEW_LIMIT"}, {}, Kind.RATE_LIMIT, ACCOUNT),
    (429, {"message": "We saw suspicious activity and set temporary limits"}, {}, Kind.RATE_LIMIT, FINAL),
    (500, {"message": "I am experiencing high traffic, please try again"}, {}, Kind.RATE_LIMIT, MODEL_BUSY),
    (500, {"message": "Encountered an unexpected error"}, {}, Kind.UPSTREAM, BROKEN),
    (500, None, {"X-Amzn-ErrorType": "InternalServerException"}, Kind.UPSTREAM, BROKEN),
    (500, None, {}, Kind.UPSTREAM, FINAL),
    (502, b"<html>Bad Gateway</html>", {}, Kind.UPSTREAM, FINAL),
    (502, {"message": "x", "__type": "InternalServerException"}, {}, Kind.UPSTREAM, BROKEN),
    (503, b"<html>busy</html>", {}, Kind.UPSTREAM, FINAL),
    (504, None, {}, Kind.TIMEOUT, FINAL),
    (504, b"<html>Gateway Time-out</html>", {"content-type": "text/html"}, Kind.TIMEOUT, FINAL),
    (418, {"message": "teapot"}, {}, Kind.UPSTREAM, FINAL),
    (200, b"", {}, Kind.UPSTREAM, FINAL),
    (200, b"<html>hello</html>", {}, Kind.UPSTREAM, FINAL),
    (200, {"message": "odd"}, {"content-type": "application/json"}, Kind.UPSTREAM, FINAL),
    (
        200,
        {"_type": "com.amazon.aws.codewhisperer#ThrottlingException", "message": "x"},
        {},
        Kind.RATE_LIMIT,
        THROTTLED,
    ),
    (200, {"Output": {"__type": "x#UnknownOperationException"}, "Version": "1.0"}, {}, Kind.UPSTREAM, FINAL),
    (200, {"__type": "AccessDeniedException", "message": "token expired"}, {}, Kind.AUTHENTICATION, REFRESH),
)


@pytest.mark.parametrize(("status", "body", "headers", "kind", "then"), MORE)
def test_every_other_refusal_is_classified(
    status: int, body: Any, headers: dict[str, str], kind: Kind, then: Sequel
) -> None:
    error = fault(status, body, **headers)
    assert (error.kind, sequel(error), error.upstream_status) == (kind, then, status)


@pytest.mark.parametrize(
    ("status", "reason", "cure"),
    [
        (400, "INVALID_CONVERSATION_ID", "Start a new conversation"),
        (400, "INVALID_KMS_GRANT", "administrator"),
        (409, "CUSTOMER_KMS_KEY_DISABLED", "administrator"),
        (409, "CUSTOMER_KMS_KEY_INVALID_KEY_POLICY", "administrator"),
        (409, "MISMATCHED_KMS_KEY", "administrator"),
        (409, None, "report it"),
        (502, None, "Try again"),
        (504, None, "Try again"),
    ],
)
def test_a_rare_refusal_too_says_what_to_do(status: int, reason: str | None, cure: str) -> None:
    assert cure in fault(status, {"message": "x", "reason": reason} if status < 500 else None).message


@pytest.mark.parametrize(
    ("name", "payload", "kind", "then"),
    [
        ("throttlingException", b"{}", Kind.RATE_LIMIT, THROTTLED),
        ("internalServerException", b'{"message":"x"}', Kind.UPSTREAM, BROKEN),
        ("ServiceUnavailableException", b'{"message":"x"}', Kind.OVERLOADED, BUSY),
        ("error", b'{"message":"x"}', Kind.UPSTREAM, BROKEN),
        ("AccessDeniedException", b'{"message":"The bearer token is invalid."}', Kind.AUTHENTICATION, REFRESH),
        ("AccessDeniedException", b'{"message":"no","reason":"TEMPORARILY_SUSPENDED"}', Kind.PERMISSION, FINAL),
        ("ServiceQuotaExceededException", b'{"message":"x"}', Kind.QUOTA, FINAL),
        (
            "ServiceQuotaExceededException",
            b'{"message":"x","reason":"CONVERSATION_LIMIT_EXCEEDED"}',
            Kind.INVALID_REQUEST,
            FINAL,
        ),
        ("ValidationException", b'{"reason":"CONTENT_LENGTH_EXCEEDS_THRESHOLD"}', Kind.CONTEXT_FULL, FINAL),
        ("SomethingNewException", b'{"message":"x"}', Kind.UPSTREAM, FINAL),
        ("", b'{"type":"error","error":{"message":"inner words"}}', Kind.UPSTREAM, BROKEN),
        ("", b"\xff\xfe not json", Kind.UPSTREAM, BROKEN),
    ],
)
def test_an_exception_inside_a_stream_is_judged_as_before_it(
    name: str, payload: bytes, kind: Kind, then: Sequel
) -> None:
    error = exception_fault(name, payload)
    assert (error.kind, sequel(error)) == (kind, then)


def test_kiros_words_follow_the_meaning() -> None:
    error = exception_fault("", b'{"type":"error","error":{"message":"inner words"}}')
    assert error.message.endswith("Kiro says: inner words")


def test_without_words_the_status_is_named() -> None:
    assert fault(504).message.endswith("(HTTP 504)")


def test_the_request_id_and_the_wait_are_kept() -> None:
    error = fault(429, x_amzn_RequestId="abc-1", Retry_After="7")
    assert (error.request_id, error.retry_after) == ("abc-1", 7.0)


def test_a_redirect_says_that_it_was_refused() -> None:
    assert "redirect" in fault(302).message and "refuses" in fault(302).message
