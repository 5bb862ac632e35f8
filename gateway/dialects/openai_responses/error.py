"""Errors inside a stream as the Responses API words them. Errors before it are those of OpenAI's chat API."""

from typing import Any, Final

from gateway.errors import GatewayError, Kind

_CODES: Final = {
    Kind.INVALID_REQUEST: "invalid_prompt",
    Kind.AUTHENTICATION: "invalid_api_key",
    Kind.PERMISSION: "insufficient_permissions",
    Kind.NOT_FOUND: "model_not_found",
    Kind.TOO_LARGE: "invalid_prompt",
    Kind.CONTEXT_FULL: "context_length_exceeded",
    Kind.RATE_LIMIT: "rate_limit_exceeded",
    Kind.QUOTA: "insufficient_quota",
    Kind.OVERLOADED: "server_error",
    Kind.TIMEOUT: "server_error",
    Kind.UPSTREAM: "server_error",
    Kind.INTERNAL: "server_error",
}
"""Codex ends at once on ``invalid_prompt``, ``context_length_exceeded`` and ``insufficient_quota``, and tries again on
the others.
"""


def failure(error: GatewayError) -> dict[str, Any]:
    """``response.error`` of a ``response.failed`` event. Codex reads the time to wait out of the message."""
    message = error.message
    if error.kind is Kind.RATE_LIMIT and error.retry_after is not None:
        message = f"{message} Please try again in {error.retry_after:g}s."
    return {"code": error.code or _CODES[error.kind], "message": message}
