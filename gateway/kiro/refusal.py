"""Reading a refusal: status, type, reason and text out of whatever bytes came, made safe to show."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from gateway.jsontext import JsonError, decode

AWS: Final = "aws"
"""The body or a header names an error the way AWS services do."""
HTML: Final = "html"
EMPTY: Final = "empty"
OTHER: Final = "other"

SUCCESS: Final = range(200, 300)
UNKNOWN: Final = 0
"""The status of an exception in a 200 whose name nobody has seen before."""

SHOWN: Final = 500
"""Characters of Kiro's own message that a client sees; the longest observed one has 250."""

_WAIT_KEY: Final = "retryAfterMilliseconds"
_MESSAGE_KEYS: Final = ("message", "Message", "errorMessage")
_TYPE_KEYS: Final = ("code", "__type", "_type")
_NO_TYPES: Final = frozenset({"error", "exception"})
"""``{"type": "error"}`` says that it is an error, not which."""

_STATUS_OF_TYPE: Final = {
    "validation": 400,
    "contentlengthexceeded": 400,
    "dryrunoperation": 400,
    "unauthorized": 401,
    "expiredtoken": 401,
    "invalidtoken": 401,
    "unrecognizedclient": 401,
    "servicequotaexceeded": 402,
    "accessdenied": 403,
    "resourcenotfound": 404,
    "unknownoperation": 404,
    "conflict": 409,
    "throttling": 429,
    "toomanyrequests": 429,
    "internal": 500,
    "internalfailure": 500,
    "internalserver": 500,
    "modelstream": 500,
    "": 500,  # the name "error", as the official client models InternalServerError
    "serviceunavailable": 503,
}
"""The status that an exception has when it comes before the stream; names without Exception, Error or Fault."""

_SECONDS: Final = re.compile(r"[0-9]{1,7}(?:\.[0-9]{1,6})?")
_LONGEST: Final = 9_999_999
"""Seconds; whoever asks for more is mistaken."""
_HTML_START: Final = re.compile(r"\s*(?:\ufeff)?\s*<(?:!doctype|html|head|body|\?xml|!--)", re.IGNORECASE)
_TAG: Final = re.compile(r"<[^<>]{0,200}>")
_SECRET: Final = re.compile(
    r"\bao[ar][\w.~+/=:-]{5,}"  # access and refresh tokens
    r"|\bksk_[\w.~+/=-]*"  # API keys
    r"|\beyJ[\w.~+/=-]{5,}"  # JSON web tokens
    r"|(?<=\bbearer )(?!tokens?\b|auth|scheme|header|credential)\S+",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(
    r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b(?::[0-9]+)?"
    r"|\[?\b(?=[0-9a-f:]{0,39}(?:::|(?::[0-9a-f]{0,4}){7}))[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){2,7}\b(?:\]:[0-9]+)?",
    re.IGNORECASE,
)
"""Of a server on the way: Envoy, for one, names those of its own network. A time of day has no ``::``."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal, taken apart.

    status: what to judge by; for an error inside a 200 the status that its type usually has.
    sent_status: what Kiro answered. type: lower case, without namespace and without Exception.
    searched: message and type in lower case. text: the message as it may be shown, possibly empty.
    """

    status: int
    sent_status: int
    shape: str
    type: str
    reason: str | None
    searched: str
    text: str
    request_id: str | None = None
    retry_after: float | None = None


def read_response(status: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """A refusal out of an HTTP answer; never raises, whatever the body is."""
    lower = {name.lower(): value for name, value in headers.items()}
    fields, plain = _parse(body)
    kind = _type_name(lower.get("x-amzn-errortype", "")) or _type_of(fields)
    request_id = _visible(lower.get("x-amzn-requestid", ""))[:128]
    return _refusal(
        status,
        kind,
        fields,
        plain,
        html="html" in lower.get("content-type", "").lower(),
        request_id=request_id or None,
        retry_after=_longer(_wait(lower.get("retry-after", ""), lower.get("date", "")), _wait_in(fields)),
    )


def read_exception(name: str, payload: bytes) -> Refusal:
    """A refusal out of a frame's exception name and payload; never raises."""
    fields, plain = _parse(payload)
    kind = _type_name(name) or _type_of(fields) or "error"
    return _refusal(200, kind, fields, plain, retry_after=_wait_in(fields))


def _refusal(
    status: int,
    kind: str,
    fields: Mapping[str, Any],
    plain: str,
    *,
    html: bool = False,
    request_id: str | None = None,
    retry_after: float | None = None,
) -> Refusal:
    message = _first_text(fields, _MESSAGE_KEYS) or plain
    html = (html and not fields) or _HTML_START.match(message) is not None
    short = _short_type(kind)
    reason = fields.get("reason")
    return Refusal(
        status=_STATUS_OF_TYPE.get(short, UNKNOWN) if kind and status in SUCCESS else status,
        sent_status=status,
        shape=_shape(kind, fields, message, html=html),
        type=short,
        reason=_visible(reason)[:64] or None if isinstance(reason, str) else None,
        searched=f"{message} {kind}".lower(),
        text="" if html else _presentable(message),
        request_id=request_id,
        retry_after=retry_after,
    )


def _shape(kind: str, fields: Mapping[str, Any], message: str, *, html: bool) -> str:
    if html:
        return HTML
    if kind or (fields and message) or isinstance(fields.get("reason"), str):
        return AWS
    return OTHER if message else EMPTY


def _parse(body: bytes) -> tuple[Mapping[str, Any], str]:
    """The body as (JSON fields, plain text), one of them empty."""
    try:
        value = decode(body)
    except JsonError:
        return {}, _plain(body)
    if isinstance(value, str):
        return {}, value
    if not isinstance(value, dict):
        return {}, ""
    for inside in (
        "Output",
        "error",
    ):  # {"Output": {"__type"}} of old services, {"type": "error", "error": {"message"}}
        inner = value.get(inside)
        if isinstance(inner, dict):
            return {**inner, **value}, ""
    return value, ""


def _plain(body: bytes) -> str:
    """Bytes that are no JSON as text; empty when they look compressed or binary."""
    text = body.decode("utf-8", "replace").strip()
    strange = sum(1 for character in text[:2000] if character == "\ufffd" or character < "\t")
    return "" if strange * 10 > min(len(text), 2000) else text


def _type_of(fields: Mapping[str, Any]) -> str:
    for key in _TYPE_KEYS:
        found = fields.get(key)
        if isinstance(found, str) and found:
            return _type_name(found)
    found = fields.get("type")
    return "error" if isinstance(found, str) and found in _NO_TYPES else ""


def _type_name(raw: str) -> str:
    """``aws.protocols#Throttling:http://x`` → ``Throttling``; header, code and __type are all written that way."""
    return _visible(raw.partition(":")[0].rpartition("#")[2])[:128]


def _short_type(name: str) -> str:
    short = name.lower()
    for ending in ("exception", "error", "fault"):
        short = short.removesuffix(ending)
    return short


def _first_text(fields: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    return next((value for key in keys if isinstance(value := fields.get(key), str) and value), "")


def _presentable(message: str) -> str:
    """A message without markup, control characters, tokens and addresses, at most SHOWN characters long."""
    text = _ADDRESS.sub("***", _SECRET.sub("***", _visible(_TAG.sub(" ", message))))
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _visible(text: str) -> str:
    """The text on one line: unprintable characters (line ends, escapes, direction marks) count as spaces."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _wait(asked: str, sent: str) -> float | None:
    """``Retry-After`` in seconds, if it asks for a time still to come; a date counts from the answer's own ``Date``.

    That needs no clock here, and a machine's wrong clock does no harm (RFC 9110, 10.2.3).
    """
    text = asked.strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    until, since = _moment(text), _moment(sent)
    seconds = (until - since).total_seconds() if until and since else 0.0
    return seconds if 0 < seconds <= _LONGEST else None


def _wait_in(fields: Mapping[str, Any]) -> float | None:
    """``retryAfterMilliseconds`` of the body, in seconds; None for what is no sensible number."""
    asked = fields.get(_WAIT_KEY)
    if not isinstance(asked, int | float) or isinstance(asked, bool) or not 0 < asked <= _LONGEST * 1000:
        return None
    return asked / 1000


def _longer(one: float | None, other: float | None) -> float | None:
    """The longer of two waits, of which each may be missing."""
    return max(filter(None, (one, other)), default=one if other is None else other)


def _moment(text: str) -> datetime | None:
    """An HTTP date; None for anything else, one without a zone included."""
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
