"""Which account serves a request, and what to tell when none can. Values in, values out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from gateway.accounts.health import (
    FRESH,
    SAID_BY_KIRO,
    AccountState,
    Circuit,
    Health,
    Now,
    circuit,
    is_closed,
    may_probe_early,
    remaining,
)
from gateway.accounts.terms import Terms
from gateway.errors import GatewayError, Kind, Trouble, UpstreamError

_CREDIT_STEPS: Final = 4
"""Credits are compared by quarters: finer, and the fullest account would serve alone until it is not the fullest."""

PROBED_WITHIN: Final = 5.0
"""Seconds a client is asked to wait for an account that is probed every second."""

THROTTLED: Final = frozenset({AccountState.THROTTLED, AccountState.RESTRICTED})
"""States in which Kiro wants fewer requests: the client gets a 429."""

_SOON: Final = 60.0
"""Seconds a client may sensibly wait by itself."""


class Candidate(Struct, frozen=True):
    """An account at the moment of choice.

    credits: the share left, from 0 to 1; None when not known, which counts as full. full: a request would have to
    queue. probing: one request tries it just now. lacks: it refused this model lately. turn: grows with each use.
    """

    terms: Terms
    health: Health = FRESH
    credits: float | None = None
    full: bool = False
    probing: bool = False
    lacks: bool = False
    turn: int = 0

    @property
    def name(self) -> str:
        """The account's label."""
        return self.terms.name


def order(candidates: Sequence[Candidate], model: str, now: Now, sticky: str | None = None) -> list[Candidate]:
    """The accounts that may serve a model now, the one to take first.

    First the one the conversation is with already, then by priority, health and credits, at last the one that has
    waited longest. One that lacks the model comes last; one whose places are taken comes after free ones.
    """
    found = [candidate for candidate in candidates if _open(candidate, model, now)]
    if not found:
        found = [c for c in candidates if may_probe_early(c.health, now) and not c.probing and c.terms.permit(model)]
    if len(found) > 1:
        found.sort(key=lambda candidate: _rank(candidate, now, sticky))
    return found


def _open(candidate: Candidate, model: str, now: Now) -> bool:
    """A healthy account, or one that may be probed and is not."""
    if not candidate.terms.permit(model):
        return False
    match circuit(candidate.health, now):
        case Circuit.OPEN:
            return False
        case Circuit.HALF_OPEN:
            return not candidate.probing
        case _:
            return True


def _rank(candidate: Candidate, now: Now, sticky: str | None) -> tuple[bool, bool, bool, int, bool, int, int]:
    degraded = circuit(candidate.health, now) is Circuit.DEGRADED
    level = _CREDIT_STEPS if candidate.credits is None else int(candidate.credits * _CREDIT_STEPS)
    return (
        candidate.lacks,
        candidate.name != sticky,
        candidate.full,
        candidate.terms.priority,
        degraded,
        -level,
        candidate.turn,
    )


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why an account cannot serve. wait: seconds until it may; None when only the user can change it."""

    words: str
    wait: float | None


def obstacle(candidate: Candidate, model: str, now: Now) -> Obstacle:
    """The reason for an account that ``order`` leaves out."""
    health = candidate.health
    wait = max(1.0, remaining(health, now))
    if not candidate.terms.permit(model):
        return Obstacle(f"its models do not include {model}", None)
    if health.disabled:
        return Obstacle(f"disabled; enable it with: kiro-gateway accounts enable {candidate.name}", None)
    match health.state:
        case AccountState.LOGIN_DEAD:
            return Obstacle(f"its login is dead: {health.message.rstrip('.')}", None)
        case AccountState.SUSPENDED:
            then = f"When it is unlocked: kiro-gateway accounts enable {candidate.name}"
            return Obstacle(f"{health.message.rstrip('.')}. {then}", None)
        case AccountState.QUOTA_EXHAUSTED:
            return Obstacle(f"this month's credits are used up until {_date(health.resets_at)}", wait)
        case AccountState.DAILY_LIMIT:
            return Obstacle(f"today's requests are used up until {_date(health.resets_at)}", wait)
        case AccountState.RESTRICTED:
            return Obstacle(f"Kiro has limited it because of its traffic; it cools down for {wait:.0f} s", wait)
    if candidate.probing:
        return Obstacle("one request is probing it", 1.0)
    if health.named:
        return Obstacle(f"{health.state.value}; Kiro asks to wait {wait:.0f} s", wait)
    # One request may probe it at any time from the first second on; a client that waits some seconds meets the result.
    return Obstacle(
        f"{health.state.value}, {health.failures} failures in a row; it cools down for {wait:.0f} s",
        min(wait, PROBED_WITHIN),
    )


def nobody(candidates: Iterable[Candidate], model: str, now: Now) -> GatewayError:
    """The error when no account can serve: why for each, when to come back, and the command that tells more."""
    found = [(candidate, obstacle(candidate, model, now)) for candidate in candidates]
    if not found:
        return GatewayError(Kind.OVERLOADED, "There is no Kiro account. Log in with: kiro-gateway login", status=503)
    told = " ".join(f"{candidate.name}: {reason.words}." for candidate, reason in found)
    waits = [reason.wait for _, reason in found if reason.wait is not None]
    if not any(candidate.terms.permit(model) for candidate, _ in found):
        return GatewayError(Kind.NOT_FOUND, f"No account may be used for this model. {told}", should_retry=False)
    soonest = min(waits, default=None)
    throttled = any(reason.wait == soonest and candidate.health.state in THROTTLED for candidate, reason in found)
    if soonest is not None and throttled:
        words = f"Every Kiro account has to wait. {told} Try again then, or add an account."
        return GatewayError(Kind.RATE_LIMIT, words, retry_after=soonest, should_retry=True)
    return GatewayError(
        Kind.OVERLOADED,
        f"No Kiro account can be used now. {told} See them with: kiro-gateway accounts",
        status=503,
        retry_after=soonest,
        should_retry=soonest is not None and soonest <= _SOON,
    )


def closed(candidate: Candidate, now: Now) -> UpstreamError | None:
    """Why nothing may be sent for an account now, whatever the model: Kiro or the user said so. None when it may."""
    if not is_closed(candidate.health, now):
        return None
    found = nobody([replace(candidate, terms=Terms(candidate.name))], "", now)
    trouble = Trouble.THROTTLED if found.kind is Kind.RATE_LIMIT else Trouble.REFUSED
    error = UpstreamError(found.kind, found.message, retry_after=found.retry_after, trouble=trouble)
    return error.replaced(status=found.status, should_retry=found.should_retry)


def soonest(error: UpstreamError, found: GatewayError) -> GatewayError:
    """The error of a request that no account could serve, with the wait for the one that may serve first.

    error: what the last account met; it may be used up, or have to wait longest. found: see ``nobody``.
    """
    if error.worked_on or error.trouble not in SAID_BY_KIRO or found.kind is not Kind.RATE_LIMIT:
        return error
    throttled = error.trouble in (Trouble.THROTTLED, Trouble.PROFILE_THROTTLED)
    return error.replaced(retry_after=found.retry_after, should_retry=True) if throttled else found


def _date(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")
