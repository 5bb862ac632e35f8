"""Errors in OpenAI's words."""

import pytest

from gateway.dialects.openai_chat.error import status_and_body
from gateway.errors import GatewayError, Kind, UpstreamError


@pytest.mark.parametrize(
    ("kind", "status", "type_", "code"),
    [
        (Kind.INVALID_REQUEST, 400, "invalid_request_error", None),
        (Kind.AUTHENTICATION, 401, "invalid_request_error", "invalid_api_key"),
        (Kind.PERMISSION, 403, "permission_error", "insufficient_permissions"),
        (Kind.NOT_FOUND, 404, "invalid_request_error", "unknown_url"),
        (Kind.TOO_LARGE, 413, "invalid_request_error", "request_too_large"),
        (Kind.CONTEXT_FULL, 400, "invalid_request_error", "context_length_exceeded"),
        (Kind.RATE_LIMIT, 429, "rate_limit_error", "rate_limit_exceeded"),
        (Kind.QUOTA, 429, "insufficient_quota", "insufficient_quota"),
        (Kind.OVERLOADED, 503, "server_error", "server_overloaded"),
        (Kind.TIMEOUT, 504, "server_error", "timeout"),
        (Kind.UPSTREAM, 502, "server_error", "upstream_error"),
        (Kind.INTERNAL, 500, "server_error", "internal_error"),
    ],
)
def test_a_kind_has_the_apis_status_type_and_code(kind: Kind, status: int, type_: str, code: str | None) -> None:
    expected = {"message": "Words.", "type": type_, "param": None, "code": code}
    assert status_and_body(GatewayError(kind, "Words.")) == (status, {"error": expected})


@pytest.mark.parametrize(
    "error",
    [GatewayError(Kind.NOT_FOUND, "No such model.", path="model"), UpstreamError(Kind.NOT_FOUND, "No such model.")],
)
def test_a_missing_model_is_told_from_a_missing_route(error: GatewayError) -> None:
    assert status_and_body(error)[1]["error"]["code"] == "model_not_found"


@pytest.mark.parametrize(
    ("path", "message", "param", "said"),
    [
        ("messages", "Field required", "messages", "Missing required parameter: 'messages'."),
        (
            "messages.3.content.0.text",
            "Input should be a valid string",
            "messages[3].content[0].text",
            "Invalid value for 'messages[3].content[0].text': Input should be a valid string.",
        ),
        (
            "social",
            "It is one of google, github.",
            "social",
            "Invalid value for 'social': It is one of google, github.",
        ),
    ],
)
def test_a_path_is_the_param_in_the_apis_spelling(path: str, message: str, param: str, said: str) -> None:
    inner = status_and_body(GatewayError(Kind.INVALID_REQUEST, message, path=path))[1]["error"]
    assert (inner["param"], inner["message"]) == (param, said)


def test_a_code_and_details_given_at_birth_are_kept() -> None:
    error = GatewayError(Kind.INVALID_REQUEST, "No.", code="special", details={"a": 1})
    inner = status_and_body(error)[1]["error"]
    assert (inner["code"], inner["details"]) == ("special", {"a": 1})
