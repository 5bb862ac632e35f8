"""What to do after a fault: the retry plan as a generator. No clock, no network, no dice of its own.

It yields a step and is sent what came of it: a Send, a Refresh or a Correct its fault, or None when it succeeded; a
Relabel whether there is another token type to send with; an Enter the routes of the account that was entered, the fault
that makes it unusable, or None when there is none left; a ChargeRetry whether the retry budget of all requests allows
one more send. After a successful Send the plan is simply dropped. When nothing is left to try it raises the last fault.
The rules are the table of the design's decisions:

    connect or TLS failure, 5xx with an AWS body   (retry)       again after a back-off, then the next account
    no capacity for the model                      (retry)       again after a back-off; no account has more of it
    401, 403 that means the token                  (expired)     one refresh an account, again
    429 without a reason                           (elsewhere)   the next endpoint, then the next account; after the
                                                                 last one, where it is also (retry): wait, once more
    429 of the account or its profile              (trouble)     the next account; after the last one wait, once more
    400, 403 that may mean the profile             (profile)     one correction an account, again
    403 of these two rows                                        before that: once with another token type, if there is
                                                                 one for the login
    no first frame in time                         (stuck)       again as often as the user allows
    what only this account meets                   (trouble)     the next account
    behind a part of the answer                    (worked_on)   never again
    anything else                                                never again

A route takes at most 3 sends, a request 6 in all over all accounts. So that 6 reach more than one account, each gets an
even share while others are left, but 2 at least: with two accounts 3 and 3, with three or more 2 each.

A wait that Kiro asks for is kept to. One that is longer than a client may be kept waiting for inside a request ends
the sends on that route, and the client gets it as ``retry-after``.

Only a repeat on the same route is charged to the retry budget: another endpoint or account is not the one that just
failed. Where the budget is spent the plan goes on to the next route. Another token type, a new token and another
profile repair what was wrong, each once, and are not charged. The send with another token type takes none away from
its route: after it there is still one for each of the other two.
"""

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.errors import GatewayError, Trouble, UpstreamError
from gateway.kiro.endpoints import Endpoint

FORBIDDEN: Final = 403

THROTTLED: Final = frozenset({Trouble.THROTTLED, Trouble.PROFILE_THROTTLED})
"""Limits of the account, which hold on each of its routes."""

LEAST_SHARE: Final = 2
"""Sends an account gets at least: one, and one more at another endpoint or after a pause."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request can go: an endpoint, for an account (its name)."""

    account: str
    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class Enter:
    """Take up the next account."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send the request on a route. number: counts the sends of the request, from 1."""

    route: Route
    number: int


@dataclass(frozen=True, slots=True)
class Relabel:
    """Look for another token type to send with, once."""


@dataclass(frozen=True, slots=True)
class Refresh:
    """Get another access token for the account."""


@dataclass(frozen=True, slots=True)
class Correct:
    """Look for another profile of the account than the one that was refused."""


@dataclass(frozen=True, slots=True)
class ChargeRetry:
    """Ask the retry budget for one more send on a route that this request has been sent on before."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait before the next send."""

    seconds: float


Step = Enter | Send | Relabel | Refresh | Correct | ChargeRetry | Wait
Outcome = tuple[Route, ...] | GatewayError | bool | None


@dataclass(frozen=True, slots=True)
class Policy:
    """How often and how patiently. Times in seconds. sends_per_endpoint: on one route."""

    sends_per_endpoint: int = 3
    sends: int = 6
    first_token_max_retries: int = 0
    base_delay: float = 1.0
    longest_delay: float = 30.0
    longest_retry_after: float = 10.0


@dataclass(slots=True)
class Trace:
    """What became of one upstream call, for the request's log line.

    attempts: sends. stuck: sends that got no first frame in time. waited: seconds of back-off in all.
    faults: a word for each failed send, in order. account: the last one's label, nothing secret. switches: accounts
    that were left for another. quota_reset: the day the account's requests begin again, if Kiro named it.
    sent_bytes: of the last send's body.
    """

    attempts: int = 0
    endpoint: str | None = None
    account: str | None = None
    switches: int = 0
    upstream_request_id: str | None = None
    refreshes: int = 0
    waits: int = 0
    waited: float = 0.0
    stuck: int = 0
    quota_reset: str | None = None
    sent_bytes: int = 0
    faults: list[str] = field(default_factory=list)


def total(calls: Sequence[Trace]) -> Trace:
    """All upstream calls of one request as one: counts are added up, the rest is that of the last call that has it."""
    if len(calls) == 1:
        return calls[0]

    def last(name: str) -> str | None:
        return next(filter(None, (getattr(call, name) for call in reversed(calls))), None)

    return Trace(
        attempts=sum(call.attempts for call in calls),
        endpoint=last("endpoint"),
        account=last("account"),
        switches=sum(call.switches for call in calls),
        upstream_request_id=last("upstream_request_id"),
        refreshes=sum(call.refreshes for call in calls),
        waits=sum(call.waits for call in calls),
        waited=sum(call.waited for call in calls),
        stuck=sum(call.stuck for call in calls),
        quota_reset=last("quota_reset"),
        sent_bytes=next((call.sent_bytes for call in reversed(calls) if call.sent_bytes), 0),
        faults=[fault for call in calls for fault in call.faults],
    )


def attempts(accounts: int, policy: Policy, dice: Callable[[], float]) -> Generator[Step, Outcome, None]:
    """The plan for one request.

    accounts: how many can serve it at its beginning. ``dice`` gives numbers in [0, 1). Raises the last fault.
    """
    return _Plan(policy, dice).steps(accounts)


class _Plan:
    """One request's plan: what it has used up, and the loops over it."""

    def __init__(self, policy: Policy, dice: Callable[[], float]) -> None:
        self._policy = policy
        self._dice = dice
        self._sends = 0
        self._may_send = policy.sends
        self._sends_on: Counter[str] = Counter()
        self._stuck = 0
        self._refreshed = False
        self._corrected = False
        self._relabelled = False

    def steps(self, accounts: int) -> Generator[Step, Outcome, None]:
        """Every account, as long as the fault may be that account's alone and sends are left."""
        last: GatewayError | None = None
        share = self._policy.sends if accounts == 1 else max(LEAST_SHARE, self._policy.sends // accounts)
        for left in range(accounts - 1, -1, -1):
            entered = yield Enter()
            if isinstance(entered, GatewayError):
                last = entered
                continue
            if not isinstance(entered, tuple):
                break
            last = fault = yield from self._at(entered, share if left else self._policy.sends, only=not left)
            if fault is None:
                return
            if fault.worked_on or not fault.trouble.elsewhere or self._sends >= self._policy.sends:
                break
        if last is not None:
            raise last

    def _at(self, routes: Sequence[Route], share: int, *, only: bool) -> Generator[Step, Outcome, UpstreamError | None]:
        """All that is tried on one account: None for success, else the fault that ends it there.

        only: no other account is left, so that after 429 on every route it may help to wait, for one more round.
        """
        self._may_send = min(self._policy.sends, self._sends + share)
        self._refreshed = self._corrected = self._relabelled = False
        self._sends_on.clear()
        last: UpstreamError | None = None
        for may_wait in (only, False):
            throttled: list[Route] = []
            for number, route in enumerate(routes):
                if last is not None and self._sends_on[route.endpoint.name] and number and not (yield ChargeRetry()):
                    return last
                last = yield from self._on(route)
                if last is None or last.worked_on or self._sends >= self._may_send or last.trouble is Trouble.CAPACITY:
                    return last
                if last.trouble in THROTTLED:
                    throttled = [route]
                    break
                if not (last.elsewhere or last.retry):
                    return last
                if last.elsewhere and last.retry:
                    throttled.append(route)
            if last is None or not throttled or not may_wait or self._too_long(last) or not (yield ChargeRetry()):
                return last
            yield Wait(_asked(last) or self._back_off(0))
            routes = throttled
        return last

    def _on(self, route: Route) -> Generator[Step, Outcome, UpstreamError | None]:
        """Sends until success (None) or until nothing more can be done on this route (the fault)."""
        waits = 0
        while True:
            self._sends += 1
            self._sends_on[route.endpoint.name] += 1
            fault = yield Send(route, self._sends)
            if not isinstance(fault, UpstreamError):
                return None
            if (yield from self._relabel(fault, route)):
                continue
            used_up = self._sends_on[route.endpoint.name] >= self._policy.sends_per_endpoint
            # A model that is busy is busy for every account: there is nothing to keep sends for.
            limit = self._policy.sends if fault.trouble is Trouble.CAPACITY else self._may_send
            if self._sends >= limit or used_up or fault.elsewhere:
                return fault
            if fault.retry:
                if self._too_long(fault) or not (yield ChargeRetry()):
                    return fault
                yield Wait(max(self._back_off(waits), _asked(fault)))
                waits += 1
                continue
            refusal = yield from self._mend(fault)
            if refusal is not None:
                return refusal

    def _relabel(self, fault: UpstreamError, route: Route) -> Generator[Step, Outcome, bool]:
        """Whether to send once more with another token type: before the refresh, which costs the login a token."""
        forbidden = fault.upstream_status == FORBIDDEN and (fault.expired or fault.profile)
        if not forbidden or self._relabelled or self._sends >= self._policy.sends or not (yield Relabel()):
            return False
        self._relabelled = True
        self._may_send = min(self._policy.sends, self._may_send + 1)
        self._sends_on[route.endpoint.name] -= 1
        return True

    def _mend(self, fault: UpstreamError) -> Generator[Step, Outcome, UpstreamError | None]:
        """What makes a second send sensible; the fault when nothing does."""
        if fault.expired and not self._refreshed:
            self._refreshed = True
            refusal = yield Refresh()
            return refusal if isinstance(refusal, UpstreamError) else None
        if fault.profile and not self._corrected:
            self._corrected = True
            refusal = yield Correct()
            return refusal if isinstance(refusal, UpstreamError) else None
        if fault.stuck and self._stuck < self._policy.first_token_max_retries and (yield ChargeRetry()):
            self._stuck += 1
            return None
        return fault

    def _back_off(self, waits: int) -> float:
        """Doubling, capped, with up to half of it left to the dice, so that many clients do not return in step."""
        policy = self._policy
        return min(policy.longest_delay, policy.base_delay * 2.0**waits) * (0.5 + 0.5 * self._dice())

    def _too_long(self, fault: UpstreamError) -> bool:
        """Whether the upstream asks for a wait that a client may not be kept waiting for inside a request."""
        return _asked(fault) > self._policy.longest_retry_after


def _asked(fault: UpstreamError) -> float:
    """Seconds that the upstream asks to wait; 0 where it does not."""
    return max(0.0, fault.retry_after or 0.0)
