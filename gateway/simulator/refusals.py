"""Answers that are an error before any stream, with the bodies of the real service.

The RPC style names the type in the body (``__type``), the REST style in the header ``x-amzn-errortype``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import uuid4

from aiohttp import web

from gateway import jsontext

RPC_CONTENT_TYPE: Final = "application/x-amz-json-1.0"


@dataclass(frozen=True, slots=True)
class Refusal:
    """status, message and reason as on the wire; ``kind``: the exception. retry_after_ms: the wait asked for."""

    status: int
    message: str
    reason: str | None = None
    kind: str = "ValidationException"
    retry_after_ms: int | None = None

    def response(self, *, rpc: bool) -> web.Response:
        """The HTTP answer in the style of the call."""
        body: dict[str, Any] = {"__type": f"com.amazon.aws.codewhisperer#{self.kind}"} if rpc else {}
        body |= {"message": self.message, "reason": self.reason}
        if self.retry_after_ms is not None:
            body["retryAfterMilliseconds"] = self.retry_after_ms
        return json_response(
            self.status,
            body,
            {"x-amzn-errortype": self.kind},
            content_type=RPC_CONTENT_TYPE if rpc else "application/json",
        )


def json_response(
    status: int, body: Any, headers: Mapping[str, str] | None = None, *, content_type: str = "application/json"
) -> web.Response:
    """A JSON answer with a request id; the content type carries no charset, as on the real service."""
    fields = {"content-type": content_type, "x-amzn-requestid": str(uuid4())} | dict(headers or {})
    return web.Response(status=status, body=jsontext.encode(body), headers=fields)


IMPROPER: Final = Refusal(400, "Improperly formed request.")
BODY_INVALID: Final = Refusal(400, "Improperly formed request.", "REQUEST_BODY_INVALID")
PROFILE_NEEDED: Final = Refusal(400, "profileArn is required for this request.")
PROFILE_WRONG: Final = Refusal(400, "Invalid profileArn.")
TOKEN: Final = Refusal(403, "The bearer token included in the request is invalid.", kind="AccessDeniedException")
NOT_AUTHORIZED: Final = Refusal(403, "User is not authorized to make this call.", kind="AccessDeniedException")
BUILDER_ID: Final = Refusal(403, "AWS Builder ID is not supported for this operation.", kind="AccessDeniedException")
NO_FEATURE_ACCESS: Final = Refusal(403, "User is not authorized to access this feature.", kind="AccessDeniedException")
SUSPENDED: Final = Refusal(
    403,
    "Your User ID (d-0000000000.00000000-0000) temporarily is suspended. We've locked your account as a security "
    "precaution. To restore access, please contact our support team to verify your identity: "
    "https://aws.amazon.com/contact-us/",
    "TEMPORARILY_SUSPENDED",
    kind="AccessDeniedException",
)
MONTH_USED_UP: Final = Refusal(
    402, "You have reached the limit.", "MONTHLY_REQUEST_COUNT", kind="ServiceQuotaExceededException"
)
OVERAGE_USED_UP: Final = Refusal(
    402,
    "You have reached the limit for overages.",
    "OVERAGE_REQUEST_LIMIT_EXCEEDED",
    kind="ServiceQuotaExceededException",
)


def _throttled(reason: str | None, message: str = "Too many requests, please wait before trying again.") -> Refusal:
    return Refusal(429, message, reason, "ThrottlingException")


THROTTLES: Final[Mapping[str, Refusal]] = {
    "": _throttled(None),
    "user": _throttled("USER_REQUEST_RATE_EXCEEDED"),
    "credit": replace(_throttled("CREDIT_CONSUMPTION_RATE_EXCEEDED"), retry_after_ms=300_000),
    "service": _throttled("SERVICE_REQUEST_RATE_EXCEEDED"),
    "capacity": _throttled("INSUFFICIENT_MODEL_CAPACITY", "I am experiencing high traffic, please try again shortly."),
    "unavailable": Refusal(
        503,
        "The service is temporarily unavailable. Please try again later.",
        "MODEL_TEMPORARILY_UNAVAILABLE",
        "ServiceUnavailableException",
    ),
    "day": _throttled("DAILY_REQUEST_COUNT"),
    "month": _throttled("MONTHLY_REQUEST_COUNT"),
    "hour": _throttled("HOURLY_REQUEST_COUNT"),
    "unknown": _throttled("SOME_NEW_LIMIT"),
    "soft_ban": _throttled(
        None,
        "Due to suspicious activity, we are imposing temporary limits on how frequently your account "
        "(d-0000000000.00000000-0000) can send a request to Kiro while we investigate.",
    ),
}
"""By whose limit it is; ``service`` is that of a profile, ``capacity`` and ``unavailable`` that of a model. The texts
of ``day``, ``month`` and ``hour`` are guesses, and ``unknown`` stands for a reason that is yet to come."""

OF_A_PROFILE: Final = "service"
OF_A_MODEL: Final = frozenset({"capacity", "unavailable"})


def unknown_operation() -> web.Response:
    """What the service framework answers to a path or target it does not know."""
    body = {"Output": {"__type": "com.amazon.coral.service#UnknownOperationException"}, "Version": "1.0"}
    return json_response(404, body, {"x-amzn-errortype": "UnknownOperationException"})


def grant_refused(error: str, description: str | None, status: int = 400) -> web.Response:
    """An error of a token server (RFC 6749 words)."""
    return json_response(status, {"error": error, "error_description": description})
