"""When a login is looked at next, so that its token is renewed ahead of its expiry. No clock and no dice of its own."""

import base64
import binascii
import math
from typing import Final

from gateway.jsontext import JsonError, decode

LEAST: Final = 30.0
"""Seconds between two looks, and after a refresh until the next one: no storm, whatever an expiry says."""

MARGIN: Final = 300.0
"""A token with more seconds left than this need not be renewed, when the threshold is set lower."""

UNKNOWN: Final = 300.0
"""Seconds until the next look at a login whose expiry nobody knows."""

JWT_MARGIN: Final = 60.0
"""An access token that says itself that it has less than this left counts as expired."""

_PARTS: Final = 3


def next_look(expires_at: float | None, now: float, threshold: float, dice: float, *, exact: bool = False) -> float:
    """Seconds until a look at a login. ``dice`` in [0, 1): many logins, or many gateways on one, are not in step.

    A token that has longer than the threshold is looked at when it reaches it, up to a tenth of it earlier. exact: at
    the threshold and not a moment earlier or later, because another program goes by the same rule.
    """
    if expires_at is None or not math.isfinite(expires_at):
        return UNKNOWN * (0.9 + 0.1 * dice)
    if exact:
        left = expires_at - now - threshold
        return left if left > 0 else LEAST
    lead = max(threshold, MARGIN)
    return max(LEAST, expires_at - now - lead * (1.0 + 0.1 * dice))


def worth_refreshing(
    expires_at: float | None, last_refresh: float | None, now: float, threshold: float, *, exact: bool = False
) -> bool:
    """The double check of the background: not again within 30 s, and not with more than 5 min and the threshold left.

    The threshold gets the tenth that ``next_look`` may have come early. exact: as there.
    """
    if last_refresh is not None and 0 <= now - last_refresh < LEAST:
        return False
    lead = threshold if exact else max(threshold, MARGIN) * 1.1
    return expires_at is None or expires_at - now <= lead


def expiry_of(access_token: str) -> float | None:
    """The ``exp`` of a JWT in epoch seconds; None for a token that is none, or does not say.

    The signature is of no concern: it is our own token, and only when to renew it follows.
    """
    parts = access_token.split(".")
    if len(parts) != _PARTS:
        return None
    padded = parts[1] + "=" * (-len(parts[1]) % 4)
    try:
        claims = decode(base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True))
    except (binascii.Error, ValueError, JsonError):
        return None
    found = claims.get("exp") if isinstance(claims, dict) else None
    if not isinstance(found, int | float) or isinstance(found, bool) or not math.isfinite(found) or found <= 0:
        return None
    return float(found)


def earliest(expires_at: float | None, access_token: str, margin: float = JWT_MARGIN) -> float | None:
    """When a token ends: as told when it was granted, or as it says itself (less ``margin``), whichever comes first."""
    own = expiry_of(access_token)
    if own is None:
        return expires_at
    own -= margin
    return own if expires_at is None else min(expires_at, own)
