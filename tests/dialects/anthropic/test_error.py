"""Errors in the Anthropic API's words."""

import pytest

from gateway.dialects.anthropic.error import event_body, status_and_body
from gateway.errors import GatewayError, Kind


@pytest.mark.parametrize(
    ("kind", "status", "type_"),
    [
        (Kind.INVALID_REQUEST, 400, "invalid_request_error"),
        (Kind.AUTHENTICATION, 401, "authentication_error"),
        (Kind.PERMISSION, 403, "permission_error"),
        (Kind.NOT_FOUND, 404, "not_found_error"),
        (Kind.TOO_LARGE, 413, "request_too_large"),
        (Kind.CONTEXT_FULL, 400, "invalid_request_error"),
        (Kind.RATE_LIMIT, 429, "rate_limit_error"),
        (Kind.QUOTA, 402, "billing_error"),
        (Kind.OVERLOADED, 529, "overloaded_error"),
        (Kind.TIMEOUT, 504, "timeout_error"),
        (Kind.UPSTREAM, 502, "api_error"),
        (Kind.INTERNAL, 500, "api_error"),
    ],
)
def test_a_kind_has_the_apis_status_and_type(kind: Kind, status: int, type_: str) -> None:
    answered, body = status_and_body(GatewayError(kind, "Words."), "req_1")
    assert (answered, body["error"]["type"]) == (status, type_)
    assert (body["type"], body["request_id"]) == ("error", "req_1")


def test_the_path_stands_before_the_words() -> None:
    error = GatewayError(Kind.INVALID_REQUEST, "Field required", path="messages.3.content.0.text")
    assert event_body(error)["error"]["message"] == "messages.3.content.0.text: Field required"


@pytest.mark.parametrize(
    "message", ["The conversation is too large for the model.", "prompt is too long: 210000 tokens > 200000 maximum"]
)
def test_a_full_context_says_what_makes_claude_code_compact(message: str) -> None:
    said = event_body(GatewayError(Kind.CONTEXT_FULL, message))["error"]["message"]
    assert said.startswith("prompt is too long: ")
    assert said.endswith(message.removeprefix("prompt is too long: "))
    assert said.count("prompt is too long") == 1


def test_details_sit_inside_the_error() -> None:
    error = GatewayError(Kind.INVALID_REQUEST, "No.", details={"error_code": "thread_unsupported_request"})
    assert status_and_body(error, "r")[1]["error"]["details"] == {"error_code": "thread_unsupported_request"}
