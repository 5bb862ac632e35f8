"""Headers that tell what an answer's body cannot: who really answered, and what became of the request on its way."""

from typing import Final

from gateway.kiro.usage import CREDIT_DIGITS
from gateway.web.record import Record

LONGEST: Final = 256
"""Characters of a value; a model's name and a tool's are the client's own text."""

QUEUED: Final = "x-kiro-gateway-queued"
"""Seconds that the request waited for a place at an account; absent when there was one at once."""


def truth(record: Record, *, over: bool = True) -> dict[str, str]:
    """What is known now; before the first byte that is everything but what a retry under comments changed.

    The model is the one Kiro named, where it had named one by then, else the one it was asked for. over: no more of the
    answer is to come. The credits come with an answer's last frames, so that the headers of a stream that is passed on
    as it comes cannot have them: they are in its last usage. (A trailer would reach nobody: clients' SDKs do not show
    trailers, proxies drop them, and aiohttp does not send any.)
    """
    trace = record.trace
    told = dict(record.told)
    if record.pool_request.queued:
        told[QUEUED] = f"{record.pool_request.queued:.3f}"
    if trace.attempts:
        model = record.model_of(record.answer) if record.answer else record.upstream_model
        facts = {
            "x-kiro-gateway-model": model,
            "x-kiro-gateway-effort": record.effort,
            "x-kiro-gateway-credits": _plain(record.credits) if over else None,
            "x-kiro-gateway-endpoint": trace.endpoint,
            "x-kiro-gateway-account": _masked(trace.account),
            "x-kiro-gateway-upstream-request-id": trace.upstream_request_id,
            "x-kiro-gateway-attempts": str(trace.attempts),
            "x-kiro-gateway-stuck": str(trace.stuck or ""),
        }
        told.update({name: value for name, value in facts.items() if value})
    told = {name: _header_safe(value) for name, value in told.items()}
    if record.warnings:
        told["x-kiro-gateway-warning"] = "; ".join(map(_header_safe, record.warnings.values()))
    return told


def _plain(credits: float | None) -> str | None:
    """A number without an exponent; ``0`` says that it cost nothing."""
    return None if credits is None else f"{credits:.{CREDIT_DIGITS}f}".rstrip("0").rstrip(".")


def _masked(account: str | None) -> str | None:
    """An account's label; who named it by an e-mail address sees ``m***@example.com``."""
    person, at, place = (account or "").partition("@")
    return f"{person[:1]}***@{place}" if at else account


def _header_safe(text: str) -> str:
    """What a header can carry: one line of ASCII."""
    text = text[:LONGEST]
    if text.isascii() and text.isprintable():  # as every value is that the gateway makes itself
        return text
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)
