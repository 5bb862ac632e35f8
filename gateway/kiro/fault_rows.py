"""The table of refusals: what each of Kiro's answers means for the client and for the retry plan.

Statuses, reasons and texts are observed ones; Kiro's own client, too, judges by status and text, since the type's name
is not always there.
"""

from dataclasses import dataclass
from typing import Final

from gateway.errors import Kind, Trouble
from gateway.kiro.refusal import AWS, HTML


@dataclass(frozen=True, slots=True)
class Sequel:
    """What may follow a fault; the fields are those of UpstreamError."""

    retry: bool = False
    elsewhere: bool = False
    expired: bool = False
    should_retry: bool | None = False
    trouble: Trouble = Trouble.NONE


SUPPORT_FORM: Final = "https://app.kiro.dev/settings/account#support"
"""Where an account that was suspended or limited can be appealed for, as Kiro's staff say."""

FINAL: Final = Sequel()
"""Never again; also said where the prompt may have been worked on, since sending it twice costs the user twice."""
REFRESH: Final = Sequel(expired=True, trouble=Trouble.REFUSED)
NOT_ALLOWED: Final = Sequel(trouble=Trouble.REFUSED)
OTHER_PLAN: Final = Sequel(trouble=Trouble.MODEL)
SUSPENDED: Final = Sequel(trouble=Trouble.SUSPENDED)
RESTRICTED: Final = Sequel(trouble=Trouble.RESTRICTED)
USED_UP: Final = Sequel(trouble=Trouble.MONTH)
BUSY: Final = Sequel(retry=True, should_retry=True, trouble=Trouble.FAILING)
THROTTLED: Final = Sequel(retry=True, elsewhere=True, should_retry=True, trouble=Trouble.BUSY)
"""A 429 without a reason: nobody knows whose it is, so another endpoint may serve."""
ACCOUNT_THROTTLED: Final = Sequel(should_retry=True, trouble=Trouble.THROTTLED)
"""The account's own limit, which holds at every endpoint: another account may serve."""
PROFILE_THROTTLED: Final = Sequel(should_retry=True, trouble=Trouble.PROFILE_THROTTLED)
MODEL_BUSY: Final = Sequel(retry=True, should_retry=True, trouble=Trouble.CAPACITY)
"""The model's limit, which holds for every account and endpoint: only waiting helps."""
DAY_USED_UP: Final = Sequel(trouble=Trouble.DAY)
BROKEN: Final = Sequel(retry=True, should_retry=None, trouble=Trouble.FAILING)
"""An AWS error body with a 5xx: the service itself says that it did not answer the prompt."""

USER_RATE_WAIT: Final = 10.0
"""Seconds in use by the official clients where Kiro asks for none."""

CREDIT_RATE_WAIT: Final = 300.0
"""Seconds that Kiro was seen to ask for; credits are counted per 5 and 60 minutes."""

SERVICE_RATE_WAIT: Final = 5.0
"""Seconds; the service throttles the profile for moments, and nobody has measured how long."""

RESTRICTED_WAIT: Final = 30 * 60.0
"""Seconds without a request to an account that Kiro has limited because of its traffic: requests would prolong it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of refusal: all given conditions must hold, and of reasons, types and words one is enough.

    statuses: (lowest, highest). words: looked for in the message and the type, lower case. any_reason: Kiro names one.
    wait: seconds until it makes sense to try again, where Kiro asks for none.
    means: what it means and what to do; Kiro's own message is put behind it. unexplained, profile: see UpstreamError.
    """

    kind: Kind
    means: str
    sequel: Sequel = FINAL
    statuses: tuple[int, int] = (0, 999)
    reasons: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    shapes: tuple[str, ...] = ()
    any_reason: bool = False
    unexplained: bool = False
    profile: bool = False
    wait: float | None = None


ROWS: Final = (
    Row(
        Kind.UPSTREAM,
        "Kiro's address answered with a redirect, which the gateway refuses to follow with your token. "
        "Check the region, the base URL and the proxy.",
        statuses=(300, 399),
    ),
    Row(
        Kind.UPSTREAM,
        "The outbound proxy asks for a password. Put user and password into the proxy URL.",
        statuses=(407, 407),
    ),
    Row(
        Kind.PERMISSION,
        "account suspended: Kiro has locked this account as a precaution. "
        f"Use another account; only Kiro's support can unlock this one ({SUPPORT_FORM}).",
        SUSPENDED,
        statuses=(403, 423),
        reasons=("TEMPORARILY_SUSPENDED",),
        words=("suspended",),
    ),
    Row(
        Kind.RATE_LIMIT,
        "Kiro has put temporary limits on this account because of its traffic. "
        f"Further requests prolong them; wait, use another account, or ask Kiro's support ({SUPPORT_FORM}).",
        RESTRICTED,
        statuses=(403, 429),
        words=("suspicious activity", "temporary limits", "while we investigate"),
        wait=RESTRICTED_WAIT,
    ),
    Row(
        Kind.QUOTA,
        "The Kiro plan's requests for this month are used up. "
        "Wait for the next billing month, enable overages, or use another account.",
        USED_UP,
        reasons=("MONTHLY_REQUEST_COUNT",),
        words=("maximum request reached for this month",),
    ),
    Row(
        Kind.QUOTA,
        "The overage limit of the Kiro plan is reached. Raise it in the Kiro account, or use another account.",
        USED_UP,
        reasons=("OVERAGE_REQUEST_LIMIT_EXCEEDED",),
        words=("limit for overages",),
    ),
    Row(  # of the names that a 402 may have, the one that says nothing of the account
        Kind.INVALID_REQUEST,
        "The conversation has more turns than Kiro takes. Start a new one.",
        reasons=("CONVERSATION_LIMIT_EXCEEDED",),
    ),
    Row(
        Kind.QUOTA,
        "The Kiro plan does not cover this request any more. Check the plan in the Kiro account.",
        USED_UP,
        statuses=(402, 402),
    ),
    Row(
        Kind.INVALID_REQUEST,
        "Kiro did not accept the id of this conversation. Start a new conversation.",
        reasons=("INVALID_CONVERSATION_ID",),
    ),
    Row(
        Kind.PERMISSION,
        "Kiro cannot use the encryption key that the organisation of this login has set. "
        "Ask its administrator, or use another account.",
        NOT_ALLOWED,
        reasons=(
            "INVALID_KMS_GRANT",
            "CUSTOMER_KMS_KEY_DISABLED",
            "CUSTOMER_KMS_KEY_INVALID_KEY_POLICY",
            "MISMATCHED_KMS_KEY",
        ),
    ),
    Row(
        Kind.RATE_LIMIT,
        "Kiro's requests for today are used up on this account. Try again tomorrow, or use another account.",
        DAY_USED_UP,
        reasons=("DAILY_REQUEST_COUNT",),
    ),
    Row(
        Kind.RATE_LIMIT,
        "Kiro has no capacity left for this model at the moment. Try again shortly, or choose another model.",
        MODEL_BUSY,
        reasons=("INSUFFICIENT_MODEL_CAPACITY",),
        words=("experiencing high traffic",),
    ),
    Row(
        Kind.OVERLOADED,
        "This model is not available at Kiro at the moment. Try again shortly, or choose another model.",
        MODEL_BUSY,
        reasons=("MODEL_TEMPORARILY_UNAVAILABLE",),
    ),
    Row(
        Kind.RATE_LIMIT,
        "This account sends requests to Kiro faster than it may. Wait, send fewer at once, or use another account.",
        ACCOUNT_THROTTLED,
        reasons=("USER_REQUEST_RATE_EXCEEDED",),
        wait=USER_RATE_WAIT,
    ),
    Row(
        Kind.RATE_LIMIT,
        "This account spends credits faster than it may; its plan is not used up. Wait, or use another account.",
        ACCOUNT_THROTTLED,
        reasons=("CREDIT_CONSUMPTION_RATE_EXCEEDED",),
        wait=CREDIT_RATE_WAIT,
    ),
    Row(
        Kind.RATE_LIMIT,
        "This account has reached one of Kiro's request limits for now. Wait, or use another account.",
        ACCOUNT_THROTTLED,
        reasons=("HOURLY_REQUEST_COUNT", "WEEKLY_REQUEST_COUNT", "USAGE_LIMIT_REACHED"),
        wait=CREDIT_RATE_WAIT,
    ),
    Row(
        Kind.RATE_LIMIT,
        "Kiro takes no more requests for this profile at the moment. Wait, or use an account of another profile.",
        PROFILE_THROTTLED,
        reasons=("SERVICE_REQUEST_RATE_EXCEEDED",),
        wait=SERVICE_RATE_WAIT,
    ),
    Row(
        Kind.CONTEXT_FULL,
        "The input is longer than this model's context window. Shorten or compact the conversation.",
        reasons=("CONTENT_LENGTH_EXCEEDS_THRESHOLD", "PROMPT_TOO_LONG"),
        words=(
            "input is too long",
            "input content length exceeds threshold",
            "prompt is too long",
            "context window is full",
        ),
    ),
    Row(  # inside a stream; the decoder ends a turn that has content with max_tokens instead
        Kind.INVALID_REQUEST,
        "The answer reached the model's output limit before any of it arrived. Ask for it in smaller parts.",
        types=("contentlengthexceeded",),
    ),
    Row(
        Kind.NOT_FOUND,
        "Kiro does not know this model, or the plan does not include it. Choose one of GET /v1/models.",
        OTHER_PLAN,
        reasons=("INVALID_MODEL_ID",),
        words=("invalid model.",),
    ),
    Row(
        Kind.AUTHENTICATION,
        "Kiro did not accept the login: it has expired or was revoked. Log in to Kiro again.",
        REFRESH,
        statuses=(401, 401),
    ),
    Row(
        Kind.AUTHENTICATION,
        "Kiro did not accept the login: it has expired or was revoked. Log in to Kiro again.",
        REFRESH,
        types=("expiredtoken", "invalidtoken", "unrecognizedclient"),
    ),
    Row(
        Kind.PERMISSION,
        "The request was blocked on the way to Kiro, perhaps because of its country or network. Check the proxy.",
        statuses=(403, 403),
        shapes=(HTML,),
    ),
    Row(
        Kind.PERMISSION,
        "This Kiro login may not do that. Check the plan and the kind of login.",
        NOT_ALLOWED,
        reasons=(
            "FEATURE_NOT_SUPPORTED",
            "UNAUTHORIZED_CUSTOMIZATION_RESOURCE_ACCESS",
            "UNAUTHORIZED_WORKSPACE_CONTEXT_FEATURE_ACCESS",
        ),
    ),
    Row(
        Kind.AUTHENTICATION,
        "Kiro did not accept the login: it has expired, was revoked, or belongs to another profile. "
        "Log in to Kiro again.",
        REFRESH,
        statuses=(403, 403),
        words=("token", "expired", "invalid", "unauthorized"),
        profile=True,
    ),
    Row(
        Kind.PERMISSION,
        "This Kiro login may not do that. Check the subscription, the region and the profile.",
        NOT_ALLOWED,
        statuses=(403, 403),
        profile=True,
    ),
    Row(
        Kind.INVALID_REQUEST,
        "Kiro wants to know the profile of this login, and none or a wrong one was sent. "
        "Set the profile ARN, or log in to Kiro again.",
        statuses=(400, 400),
        words=("profilearn",),
        profile=True,
    ),
    Row(
        Kind.INVALID_REQUEST,
        "This model does not take a reasoning setting that was sent. Leave it out, or choose another model.",
        statuses=(400, 400),
        words=("invalid additionalmodelrequestfields",),
    ),
    Row(  # a reason that nobody has seen yet: some limit of the account, since each known one is
        Kind.RATE_LIMIT,
        "Kiro limits the requests of this account. Wait, send fewer at once, or use another account.",
        ACCOUNT_THROTTLED,
        statuses=(429, 429),
        any_reason=True,
        wait=USER_RATE_WAIT,
    ),
    Row(
        Kind.RATE_LIMIT,
        "Kiro limits the requests of this account. Wait, send fewer at once, or use another account.",
        ACCOUNT_THROTTLED,
        types=("throttling", "toomanyrequests"),
        any_reason=True,
        wait=USER_RATE_WAIT,
    ),
    Row(
        Kind.RATE_LIMIT,
        "Too many requests to Kiro in a short time. Wait a little; send fewer at once.",
        THROTTLED,
        types=("throttling", "toomanyrequests"),
    ),
    Row(
        Kind.RATE_LIMIT,
        "Too many requests to Kiro in a short time. Wait a little; send fewer at once.",
        THROTTLED,
        statuses=(429, 429),
    ),
    Row(
        Kind.INVALID_REQUEST,
        "Kiro found the translated request badly formed and does not say why.",
        statuses=(400, 400),
        reasons=("REQUEST_BODY_INVALID",),
        words=("improperly formed request", "invalid tool use format"),
        unexplained=True,
    ),
    Row(
        Kind.INVALID_REQUEST,
        "Kiro found the translated request badly formed: history, tools or size. "
        "The debug capture (DEBUG_MODE=errors) keeps it; a shorter conversation or fewer tools may pass.",
        statuses=(400, 400),
    ),
    Row(
        Kind.UPSTREAM,
        "Kiro does not know this call at this address. Check the region and the base URL.",
        statuses=(404, 405),
    ),
    Row(
        Kind.TOO_LARGE,
        "The request is too large for a proxy on the way to Kiro. Shorten the conversation.",
        statuses=(413, 413),
    ),
    Row(
        Kind.OVERLOADED,
        "Kiro is overloaded. Try again shortly.",
        BUSY,
        statuses=(500, 599),
        words=("unexpectedly high load",),
    ),
    Row(
        Kind.OVERLOADED,
        "Kiro is not available at the moment. Try again shortly.",
        BUSY,
        statuses=(503, 503),
        shapes=(AWS,),
    ),
    Row(
        Kind.UPSTREAM,
        "Kiro failed while it worked on the request. Try again.",
        BROKEN,
        statuses=(500, 599),
        shapes=(AWS,),
    ),
    Row(
        Kind.TIMEOUT,
        "A server in front of Kiro gave up waiting. The prompt may have been worked on, so it was not sent twice. "
        "Try again, perhaps with a shorter request.",
        statuses=(504, 504),
    ),
    Row(
        Kind.UPSTREAM,
        "A server in front of Kiro failed. The prompt may have been worked on, so it was not sent twice. Try again.",
        statuses=(500, 599),
    ),
    Row(
        Kind.UPSTREAM,
        "Kiro answered 200, but not with an event stream. Check the region, the base URL and the proxy.",
        statuses=(200, 299),
    ),
    Row(Kind.UPSTREAM, "Kiro answered with an error that this gateway does not know. If it comes back, report it."),
)
"""First match wins; the last row matches everything."""

KNOWN_REASONS: Final = frozenset(reason for row in ROWS for reason in row.reasons)
"""Reasons that a row knows; others go by the status."""
