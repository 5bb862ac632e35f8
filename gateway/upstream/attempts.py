"""What to do after a fault: the retry plan as a generator. No clock, no network, no dice of its own.

It yields a step and is sent the step's fault, or None when the step succeeded; after a successful Send it is simply
dropped. When nothing is left to try it raises the last fault. The rules are the table of the design's decisions:

    connect or TLS failure, 5xx with an AWS body   (retry)       again after a back-off, then the next endpoint
    401, 403 that means the token                  (expired)     one refresh, again
    429                                            (elsewhere)   the next endpoint; after the last one, where it is
                                                                 also (retry): wait, and one more round
    no first frame in time                         (stuck)       again as often as the user allows
    anything else                                                never again
"""

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field

from gateway.errors import UpstreamError
from gateway.kiro.endpoints import Endpoint


@dataclass(frozen=True, slots=True)
class Send:
    """Send the request to an endpoint. number: counts the sends of the request, from 1."""

    endpoint: Endpoint
    number: int


@dataclass(frozen=True, slots=True)
class Refresh:
    """Get another access token."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait before the next send."""

    seconds: float


Step = Send | Refresh | Wait


@dataclass(frozen=True, slots=True)
class Policy:
    """How often and how patiently. Times in seconds."""

    sends_per_endpoint: int = 3
    sends: int = 6
    first_token_max_retries: int = 1
    base_delay: float = 1.0
    longest_delay: float = 30.0
    longest_retry_after: float = 10.0


@dataclass(slots=True)
class Trace:
    """What became of one request, for its log line.

    attempts: sends. stuck: sends that got no first frame in time. waited: seconds of back-off in all.
    faults: a word for each failed send, in order. account: its label, nothing secret.
    """

    attempts: int = 0
    endpoint: str | None = None
    account: str | None = None
    upstream_request_id: str | None = None
    refreshes: int = 0
    waits: int = 0
    waited: float = 0.0
    stuck: int = 0
    faults: list[str] = field(default_factory=list)


def attempts(
    routes: Sequence[Endpoint], policy: Policy, dice: Callable[[], float]
) -> Generator[Step, UpstreamError | None, None]:
    """The plan for one request. ``dice`` gives numbers in [0, 1). Raises the last UpstreamError."""
    return _Plan(policy, dice).steps(routes)


class _Plan:
    """One request's plan: what it has used up, and the two loops over it."""

    def __init__(self, policy: Policy, dice: Callable[[], float]) -> None:
        self._policy = policy
        self._dice = dice
        self._sends = 0
        self._sends_on: Counter[str] = Counter()
        self._stuck = 0
        self._refreshed = False

    def steps(self, routes: Sequence[Endpoint]) -> Generator[Step, UpstreamError | None, None]:
        """Every route, and where 429 was the answer one more round, as far as it may help to wait."""
        last: UpstreamError | None = None
        for first_round in (True, False):
            throttled: list[Endpoint] = []
            for endpoint in routes:
                last = yield from self._on(endpoint)
                if last is None:
                    return
                if last.elsewhere and last.retry:
                    throttled.append(endpoint)
            if last is not None and (not throttled or not first_round):
                raise last
            if last is not None:
                yield Wait(self._pause(last))
            routes = throttled

    def _on(self, endpoint: Endpoint) -> Generator[Step, UpstreamError | None, UpstreamError | None]:
        """Sends until success (None) or until it is the next endpoint's turn (the fault). Raises what ends the plan."""
        waits = 0
        while True:
            self._sends += 1
            self._sends_on[endpoint.name] += 1
            fault = yield Send(endpoint, self._sends)
            if fault is None:
                return None
            if self._sends >= self._policy.sends:
                raise fault
            used_up = self._sends_on[endpoint.name] >= self._policy.sends_per_endpoint
            if fault.elsewhere or (fault.retry and used_up):
                return fault
            if used_up:
                raise fault
            if fault.retry:
                yield Wait(self._back_off(waits))
                waits += 1
            else:
                yield from self._mend(fault)

    def _mend(self, fault: UpstreamError) -> Generator[Step, UpstreamError | None, None]:
        """What makes a second send sensible; raises the fault when nothing does."""
        if fault.expired and not self._refreshed:
            self._refreshed = True
            refusal = yield Refresh()
            if refusal is not None:
                raise refusal
        elif fault.stuck and self._stuck < self._policy.first_token_max_retries:
            self._stuck += 1
        else:
            raise fault

    def _back_off(self, waits: int) -> float:
        """Doubling, capped, with up to half of it left to the dice, so that many clients do not return in step."""
        policy = self._policy
        return min(policy.longest_delay, policy.base_delay * 2.0**waits) * (0.5 + 0.5 * self._dice())

    def _pause(self, fault: UpstreamError) -> float:
        """What the upstream asks for, if that is sensible; else a back-off."""
        asked = fault.retry_after
        if asked is not None and 0 <= asked <= self._policy.longest_retry_after:
            return asked
        return self._back_off(0)
