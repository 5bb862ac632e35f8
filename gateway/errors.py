"""Every error the gateway knows, from birth with its kind, its status and its words.

GatewayError              ours: the request, the key, the limits
└── UpstreamError         theirs: Kiro, its token servers, or the way there; adds what the retry plan needs

A dialect clothes an error in its client API's shape; nothing else in the gateway builds an error body.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Self


class Kind(Enum):
    """What went wrong, as (name, HTTP status). A dialect may answer another status where its API does."""

    INVALID_REQUEST = ("invalid_request", 400)
    AUTHENTICATION = ("authentication", 401)
    PERMISSION = ("permission", 403)
    NOT_FOUND = ("not_found", 404)
    TOO_LARGE = ("too_large", 413)
    CONTEXT_FULL = ("context_full", 400)
    RATE_LIMIT = ("rate_limit", 429)
    QUOTA = ("quota", 402)
    OVERLOADED = ("overloaded", 503)
    TIMEOUT = ("timeout", 504)
    UPSTREAM = ("upstream", 502)
    INTERNAL = ("internal", 500)

    @property
    def label(self) -> str:
        """The word for logs and metrics."""
        return str(self.value[0])

    @property
    def status(self) -> int:
        """The HTTP status of an answer that has not begun."""
        return int(self.value[1])


class Trouble(Enum):
    """What a fault says of the account that met it, as (name, whether another account may fare better).

    MODEL: its plan lacks the model. CAPACITY: the service has none left for the model, for any account. BUSY: throttled
    without a reason. THROTTLED: this account has to wait. PROFILE_THROTTLED: so have all of its profile. FAILING: the
    service, or the way to it, failed before it worked on the request. STUCK: no sign of an answer. REFUSED: this login
    may not do that. DAY, MONTH: its requests are used up. RESTRICTED: limits for some hours because of its traffic.
    SUSPENDED: locked. LOGIN: the login has died.
    """

    NONE = ("none", False)
    MODEL = ("model", True)
    CAPACITY = ("capacity", False)
    BUSY = ("busy", True)
    THROTTLED = ("throttled", True)
    PROFILE_THROTTLED = ("profile_throttled", True)
    FAILING = ("failing", True)
    STUCK = ("stuck", False)
    REFUSED = ("refused", True)
    DAY = ("day", True)
    MONTH = ("month", True)
    RESTRICTED = ("restricted", True)
    SUSPENDED = ("suspended", True)
    LOGIN = ("login", True)

    @property
    def elsewhere(self) -> bool:
        """Whether the same request may be sent for another account."""
        return bool(self.value[1])


class GatewayError(Exception):
    """An error that a client is shown. A value: it is never changed, since one may be raised into several requests.

    message: safe to show: no token, no path of this machine, nothing of the client's input.
    path: where in the client's body, e.g. ``messages.3.content.0.text``.
    status: only where HTTP has a finer status than the kind's (405, 415, 426, …).
    code, details: only where a client API gives them a meaning (``thread_unsupported_request``).
    retry_after: seconds the client should wait, if known.
    should_retry: the ``x-should-retry`` header; None when nothing is known.
    """

    kind: Kind
    message: str
    path: str | None
    status: int | None
    code: str | None
    details: Mapping[str, Any] | None
    retry_after: float | None
    should_retry: bool | None

    def __init__(
        self,
        kind: Kind,
        message: str,
        *,
        path: str | None = None,
        status: int | None = None,
        code: str | None = None,
        details: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
        should_retry: bool | None = None,
    ) -> None:
        super().__init__(message)
        self._fill(kind=kind, message=message, path=path, status=status, code=code, details=details)
        self._fill(retry_after=retry_after, should_retry=should_retry)

    def _fill(self, **members: Any) -> None:
        """For constructors: the only way to set a member."""
        self.__dict__.update(members)

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse, except what Python itself notes on an exception that is raised (``__traceback__``, ``__notes__``)."""
        if not name.startswith("__"):
            raise AttributeError(f"an error is a value and cannot be changed: {name}; see replaced()")
        super().__setattr__(name, value)

    def replaced(self, **changes: Any) -> Self:
        """An error of its own with these members changed; it is caused by what this one is caused by."""
        made = self.__class__.__new__(self.__class__, changes.get("message", self.message))
        made.__dict__.update(self.__dict__ | changes)
        made.__dict__.pop("__notes__", None)
        made.__cause__ = self.__cause__
        return made


class UpstreamError(GatewayError):
    """A fault of Kiro, of a token server, or of the way there.

    retry: sending the same again on the same route is safe and may help (nothing was worked on).
    elsewhere: this route is exhausted for now, the next endpoint may serve (429 without a reason).
    expired: the access token was refused; one refresh may help.
    profile: the profile that was named may be another login's; one correction may help.
    stuck: no first frame came in time; whether to send again is the user's setting.
    worked_on: the prompt was worked on, so that it is not sent again, for another account neither.
    trouble: what it says of the account, for the choice of the next one.
    unexplained: Kiro refused the request's form without saying what is wrong with it; what was sent may tell.
    reason: Kiro's own reason word (``MONTHLY_REQUEST_COUNT``), for logs.
    upstream_status, request_id: what Kiro answered, as far as it did.
    """

    retry: bool
    elsewhere: bool
    expired: bool
    profile: bool
    stuck: bool
    unexplained: bool
    worked_on: bool
    trouble: Trouble
    reason: str | None
    upstream_status: int | None
    request_id: str | None

    def __init__(
        self,
        kind: Kind,
        message: str,
        *,
        retry: bool = False,
        elsewhere: bool = False,
        expired: bool = False,
        profile: bool = False,
        stuck: bool = False,
        unexplained: bool = False,
        worked_on: bool = False,
        trouble: Trouble = Trouble.NONE,
        reason: str | None = None,
        upstream_status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        should_retry: bool | None = None,
    ) -> None:
        super().__init__(kind, message, retry_after=retry_after, should_retry=should_retry)
        self._fill(retry=retry, elsewhere=elsewhere, expired=expired, profile=profile, stuck=stuck)
        self._fill(unexplained=unexplained, worked_on=worked_on, trouble=trouble, reason=reason)
        self._fill(upstream_status=upstream_status, request_id=request_id)
