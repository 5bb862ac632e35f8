"""A refresh as values: the call to a token server, and what its answer grants or refuses."""

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Final

from gateway.accounts.credentials import Credentials, checked_arn, checked_token
from gateway.errors import GatewayError, Kind, Trouble, UpstreamError
from gateway.jsontext import JsonError, decode

DEFAULT_LIFETIME: Final = 3600.0
"""Seconds, when an answer does not say; every source saw at least this much."""

LONGEST_LIFETIME: Final = 24 * 3600.0
"""Three times the longest seen (28,800 s); believing a larger figure would only delay a refresh."""

_REFUSALS: Final = {"invalid_grant", "invalid_client", "unauthorized_client", "expired_token", "access_denied"}
"""OAuth errors that the same refresh token will meet again tomorrow."""


_SPELLINGS: Final = {"access_token": "accessToken", "refresh_token": "refreshToken", "expires_in": "expiresIn"}
"""RFC 6749's names, which only external providers use, as AWS and Kiro spell them."""


@dataclass(frozen=True, slots=True)
class TokenCall:
    """One POST to a token server."""

    url: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """What came back, whatever its status; ``body`` is bounded by the one who read it."""

    status: int
    body: bytes = field(repr=False)


Refresher = Callable[[Credentials, str | None], TokenCall]
"""Makes the call for a login; the second argument replaces the server's address (tests, simulators)."""

Post = Callable[[TokenCall], Awaitable[TokenAnswer]]
"""Sends a call. Raises UpstreamError when no answer came."""


def granted(
    credentials: Credentials,
    answer: TokenAnswer,
    now: float,
    login_again: str,
) -> tuple[Credentials, float]:
    """The new credentials and their lifetime in seconds.

    login_again: the sentence that tells the user what to do when the login has died.
    An answer without refreshToken or profileArn leaves the old ones in force. Raises UpstreamError: of kind
    AUTHENTICATION when the login has died, of kind UPSTREAM when trying later may help.
    """
    body = _object(answer.body)
    if answer.status != HTTPStatus.OK:
        raise _refusal(answer.status, body, login_again)
    try:
        access = checked_token(body.get("accessToken"), "accessToken")
        refresh = checked_token(body.get("refreshToken"), "refreshToken")
        arn = credentials.profile_arn or checked_arn(body.get("profileArn"))
    except GatewayError as error:
        raise UpstreamError(Kind.UPSTREAM, f"the token server's answer is not usable: {error.message}") from error
    if not access:
        raise UpstreamError(Kind.UPSTREAM, "the token server answered without an access token")
    lifetime = _lifetime(body.get("expiresIn"))
    renewed = replace(
        credentials,
        access_token=access,
        refresh_token=refresh or credentials.refresh_token,
        expires_at=now + lifetime,
        profile_arn=arn,
    )
    return renewed, lifetime


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = decode(body)
    except JsonError:
        return {}
    return (
        {_SPELLINGS.get(str(name), str(name)): value for name, value in found.items()}
        if isinstance(found, dict)
        else {}
    )


def _lifetime(value: Any) -> float:
    """Seconds a token lives: a number, also as text; anything else is not believed."""
    try:
        seconds = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else 0.0
    except (ValueError, OverflowError):
        return DEFAULT_LIFETIME
    if not math.isfinite(seconds) or seconds <= 0:
        return DEFAULT_LIFETIME
    return min(seconds, LONGEST_LIFETIME)


def _refusal(status: int, body: Mapping[str, Any], login_again: str) -> UpstreamError:
    """401 and the OAuth words for "never again" are final; the rest (also CloudFront's 403 page) may pass."""
    word = body.get("error")
    reason = word if isinstance(word, str) and word.replace("_", "").isalpha() else None
    if status == HTTPStatus.UNAUTHORIZED or (status == HTTPStatus.BAD_REQUEST and reason in _REFUSALS):
        shown = reason or f"HTTP {status}"
        return UpstreamError(
            Kind.AUTHENTICATION,
            f"Kiro's token server refused this login ({shown}). {login_again}",
            reason=reason,
            upstream_status=status,
            should_retry=False,
            trouble=Trouble.LOGIN,
        )
    hint = "; the address this request came from may be blocked" if status == HTTPStatus.FORBIDDEN else ""
    return UpstreamError(
        Kind.UPSTREAM,
        f"Kiro's token server answered HTTP {status}{f' ({reason})' if reason else ''}{hint}.",
        reason=reason,
        upstream_status=status,
        should_retry=True,
        trouble=Trouble.FAILING,
    )
