"""Errors as OpenAI's API words them. Clients act on the status, on ``code`` and on ``type``."""

import re
from typing import Any, Final

from gateway.dialects.shape import REQUIRED
from gateway.errors import GatewayError, Kind, UpstreamError

_SHAPES: Final = {
    Kind.INVALID_REQUEST: (400, "invalid_request_error", None),
    Kind.AUTHENTICATION: (401, "invalid_request_error", "invalid_api_key"),
    Kind.PERMISSION: (403, "permission_error", "insufficient_permissions"),
    Kind.NOT_FOUND: (404, "invalid_request_error", "unknown_url"),
    Kind.TOO_LARGE: (413, "invalid_request_error", "request_too_large"),
    Kind.CONTEXT_FULL: (400, "invalid_request_error", "context_length_exceeded"),
    Kind.RATE_LIMIT: (429, "rate_limit_error", "rate_limit_exceeded"),
    Kind.QUOTA: (429, "insufficient_quota", "insufficient_quota"),
    Kind.OVERLOADED: (503, "server_error", "server_overloaded"),
    Kind.TIMEOUT: (504, "server_error", "timeout"),
    Kind.UPSTREAM: (502, "server_error", "upstream_error"),
    Kind.INTERNAL: (500, "server_error", "internal_error"),
}
"""Kind: status, type, code. LiteLLM knows a 401 only by ``invalid_api_key``."""

_INDEX: Final = re.compile(r"\.(\d+)(?=\.|$)")


def status_and_body(error: GatewayError) -> tuple[int, dict[str, Any]]:
    """HTTP status and body of an error; the body is also the data of an error inside a stream."""
    status, kind, code = _SHAPES[error.kind]
    if error.kind is Kind.NOT_FOUND and (error.path == "model" or isinstance(error, UpstreamError)):
        code = "model_not_found"
    param = None if error.path is None else _INDEX.sub(r"[\1]", error.path)
    inner: dict[str, Any] = {
        "message": _message(error.message, param),
        "type": kind,
        "param": param,
        "code": error.code or code,
    }
    if error.details is not None:
        inner["details"] = dict(error.details)
    return error.status or status, {"error": inner}


def _message(message: str, param: str | None) -> str:
    if param is None:
        return message
    if message == REQUIRED:
        return f"Missing required parameter: '{param}'."
    return f"Invalid value for '{param}': {message.removesuffix('.')}."
