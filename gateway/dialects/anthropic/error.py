"""Errors as the Anthropic API words them. Clients act on the type, on the status and on some of the texts."""

from typing import Any, Final

from gateway.errors import GatewayError, Kind

_TYPES: Final = {
    Kind.INVALID_REQUEST: (400, "invalid_request_error"),
    Kind.AUTHENTICATION: (401, "authentication_error"),
    Kind.PERMISSION: (403, "permission_error"),
    Kind.NOT_FOUND: (404, "not_found_error"),
    Kind.TOO_LARGE: (413, "request_too_large"),
    Kind.CONTEXT_FULL: (400, "invalid_request_error"),
    Kind.RATE_LIMIT: (429, "rate_limit_error"),
    Kind.QUOTA: (402, "billing_error"),
    Kind.OVERLOADED: (529, "overloaded_error"),
    Kind.TIMEOUT: (504, "timeout_error"),
    Kind.UPSTREAM: (502, "api_error"),
    Kind.INTERNAL: (500, "api_error"),
}

_TOO_LONG: Final = "prompt is too long"
"""Claude Code compacts its history when it reads this; no other text makes it do so."""


def status_and_body(error: GatewayError, request_id: str) -> tuple[int, dict[str, Any]]:
    """HTTP status and body of an error before the answer began."""
    return error.status or _TYPES[error.kind][0], {"type": "error", "error": _inner(error), "request_id": request_id}


def event_body(error: GatewayError) -> dict[str, Any]:
    """The data of an ``error`` event."""
    return {"type": "error", "error": _inner(error)}


def _inner(error: GatewayError) -> dict[str, Any]:
    inner = {"type": _TYPES[error.kind][1], "message": _message(error)}
    return inner if error.details is None else {**inner, "details": dict(error.details)}


def _message(error: GatewayError) -> str:
    if error.kind is Kind.CONTEXT_FULL and _TOO_LONG not in error.message:
        return f"{_TOO_LONG}: {error.message}"
    return error.message if error.path is None else f"{error.path}: {error.message}"
