"""Failover as a state machine: any accounts, any faults, any passing of time; the invariants always hold."""

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gateway.accounts.choice import Candidate, nobody, order
from gateway.accounts.health import (
    DAY,
    FRESH,
    NEEDS_USER,
    AccountFailure,
    AccountState,
    BreakerPolicy,
    Circuit,
    Health,
    Now,
    after_failure,
    after_success,
    circuit,
    remaining,
)
from gateway.accounts.state import read, shown
from gateway.accounts.terms import Terms
from gateway.errors import GatewayError, Kind, Trouble, UpstreamError
from gateway.kiro.endpoints import ENDPOINTS
from gateway.upstream.attempts import ChargeRetry, Enter, Outcome, Policy, Route, Send, attempts

BREAKER = BreakerPolicy()
POLICY = Policy(base_delay=0.0)
FAULTS: dict[Trouble, dict[str, bool]] = {
    Trouble.NONE: {},
    Trouble.MODEL: {},
    Trouble.BUSY: {"retry": True, "elsewhere": True},
    Trouble.FAILING: {"retry": True},
    Trouble.STUCK: {"stuck": True},
    Trouble.REFUSED: {"expired": True},
    Trouble.CAPACITY: {"retry": True},
    **{trouble: {} for trouble in (Trouble.THROTTLED, Trouble.PROFILE_THROTTLED, Trouble.DAY, Trouble.MONTH)},
    **{trouble: {} for trouble in (Trouble.RESTRICTED, Trouble.SUSPENDED, Trouble.LOGIN)},
}


@dataclass
class Sent:
    """What one request did: accounts in their order, sends on each, and how it ended."""

    entered: list[str]
    sends: list[str]
    error: GatewayError | None


class Failover(RuleBasedStateMachine):
    """Requests one after another over a handful of accounts, each account answering as its fault says."""

    @initialize(names=st.integers(1, 4), priorities=st.lists(st.integers(0, 2), min_size=4, max_size=4))
    def accounts(self, names: int, priorities: list[int]) -> None:
        self.now = Now(1_780_000_000.0, 1000.0)
        self.budget = True
        self.terms = [Terms(name, priority=priorities[n]) for n, name in enumerate("abcd"[:names])]
        self.health = {terms.name: FRESH for terms in self.terms}
        self.trouble: dict[str, Trouble | None] = dict.fromkeys(self.health)
        self.turn = 0

    @rule(name=st.sampled_from("abcd"), trouble=st.sampled_from([None, *Trouble]))
    def becomes(self, name: str, trouble: Trouble | None) -> None:
        if name in self.trouble:
            self.trouble[name] = trouble

    @rule(seconds=st.sampled_from([0.5, 1.0, 30.0, 61.0, 3600.0, DAY, 32 * DAY]))
    def passes(self, seconds: float) -> None:
        self.now = Now(self.now.wall + seconds, self.now.monotonic + seconds)

    @rule(left=st.booleans())
    def retry_budget(self, left: bool) -> None:
        self.budget = left

    @rule()
    def restarts(self) -> None:
        self.health = {name: read(shown(health, self.now), self.now) for name, health in self.health.items()}

    @rule()
    def asks(self) -> None:
        before = dict(self.health)
        usable = [candidate.name for candidate in self.order(())]
        sent = self.request(len(usable)) if usable else None
        if sent is None:
            told = nobody([Candidate(terms, self.health[terms.name]) for terms in self.terms], "m", self.now)
            assert told.kind.status in (429, 503) and all(f"{terms.name}: " in told.message for terms in self.terms)
            return
        self.check(sent, usable, before)

    def order(self, tried: tuple[str, ...]) -> list[Candidate]:
        candidates = [Candidate(terms, self.health[terms.name]) for terms in self.terms if terms.name not in tried]
        return order(candidates, "m", self.now)

    def request(self, count: int) -> Sent:
        sent = Sent([], [], None)
        plan = attempts(count, POLICY, lambda: 0.0)
        outcome: Outcome = None
        last: UpstreamError | None = None
        try:
            step = next(plan)
            while True:
                outcome = None
                if isinstance(step, Enter):
                    self.settle(sent, last)
                    last = None
                    left = self.order(tuple(sent.entered))
                    if left:
                        sent.entered.append(left[0].name)
                        outcome = tuple(Route(left[0].name, endpoint) for endpoint in ENDPOINTS)
                elif isinstance(step, ChargeRetry):
                    outcome = self.budget
                elif isinstance(step, Send):
                    sent.sends.append(step.route.account)
                    trouble = self.trouble[step.route.account]
                    if trouble is None:
                        self.health[step.route.account] = after_success(self.health[step.route.account], self.now)
                        return sent
                    outcome = last = UpstreamError(Kind.UPSTREAM, "x", trouble=trouble, **FAULTS[trouble])  # type: ignore[arg-type]
                step = plan.send(outcome)
        except GatewayError as error:
            self.settle(sent, last)
            sent.error = error
        return sent

    def settle(self, sent: Sent, last: UpstreamError | None) -> None:
        if last is not None:
            name = sent.entered[-1]
            self.health[name] = after_failure(
                self.health[name], AccountFailure(last.trouble, "message"), self.now, BREAKER
            )

    def check(self, sent: Sent, usable: list[str], before: dict[str, Health]) -> None:
        assert len(sent.sends) <= POLICY.sends
        assert len(set(sent.entered)) == len(sent.entered)
        assert set(sent.entered) <= set(usable)
        assert [name for n, name in enumerate(sent.sends) if n == 0 or sent.sends[n - 1] != name] == sent.entered
        for name, left in zip(sent.entered, sent.entered[1:], strict=False):
            trouble = self.trouble[name]
            assert trouble is not None and trouble.elsewhere, f"{left} was asked though {name} had no fault of its own"
        if sent.error is None:
            assert self.trouble[sent.entered[-1]] is None
        untouched = before.keys() - set(sent.entered)
        assert all(self.health[name] == before[name] for name in untouched)

    @invariant()
    def accounts_that_need_the_user_are_never_offered(self) -> None:
        if hasattr(self, "terms"):
            offered = {candidate.name for candidate in self.order(())}
            assert not [name for name in offered if self.health[name].state in NEEDS_USER]

    @invariant()
    def everything_else_ends_by_itself(self) -> None:
        for health in getattr(self, "health", {}).values():
            if health.state not in NEEDS_USER:
                then = Now(self.now.wall + 62 * DAY, self.now.monotonic + 62 * DAY)
                assert circuit(health, then) in (Circuit.CLOSED, Circuit.HALF_OPEN)
                assert health.state is AccountState.QUOTA_EXHAUSTED or remaining(health, self.now) <= DAY


TestFailover = Failover.TestCase
TestFailover.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
