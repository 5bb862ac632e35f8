"""The pool as a state machine: overlapping requests, clock steps, renewed logins and restarts, in any order.

Every result is checked against what the rules say of it: a stale one changes nothing but by what Kiro says of the
account itself, a burst counts once, and nothing but the user, a date or a newer answer brings an account back.
"""

import asyncio
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.accounts.clock import Clock
from gateway.accounts.health import (
    DAY,
    FRESH,
    LONGEST_THROTTLE_COOLDOWN,
    NEEDS_USER,
    QUOTAS,
    AccountState,
    Allowance,
    Circuit,
    Health,
    circuit,
    may_probe_early,
    remaining,
)
from gateway.accounts.member import Lease, Member
from gateway.accounts.pool import Pool, Visit
from gateway.accounts.state import StateFile
from gateway.errors import GatewayError, Kind, Trouble, UpstreamError
from tests.accounts.pooled import Time, member, write_login

COUNTED = [Trouble.BUSY, Trouble.FAILING, Trouble.STUCK, Trouble.REFUSED]
DEFINITE = {
    Trouble.RESTRICTED: AccountState.RESTRICTED,
    Trouble.DAY: AccountState.DAILY_LIMIT,
    Trouble.MONTH: AccountState.QUOTA_EXHAUSTED,
    Trouble.LOGIN: AccountState.LOGIN_DEAD,
    Trouble.SUSPENDED: AccountState.SUSPENDED,
}
OF_TWO = "arn:aws:codewhisperer:us-east-1:123456789012:profile/OFTWO"
THROTTLED = [Trouble.THROTTLED, Trouble.PROFILE_THROTTLED]
LASTING = NEEDS_USER | QUOTAS | {AccountState.RESTRICTED}
ENDED_BY_TIME = [AccountState.THROTTLED, AccountState.FAILING, AccountState.REFUSED]


@dataclass
class Running:
    """A request under way. stale: its account has changed since it began. overtaken: the user has repaired it since."""

    visit: Visit
    lease: Lease
    stale: bool = False
    overtaken: bool = False


class PoolMachine(RuleBasedStateMachine):
    """Up to three accounts with real files, and as many requests at once as the rules begin."""

    @initialize(names=st.integers(1, 3))
    def start(self, names: int) -> None:
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp(prefix="pool-"))
        self.wall, self.monotonic = Time(), Time(1000.0)
        self.file = StateFile(self.folder / "own")
        self.running: list[Running] = []
        self.logins = 0
        self.names = "abc"[:names]
        self.pool = self.new_pool({})

    def new_pool(self, healths: dict[str, Health]) -> Pool:
        profiles = [OF_TWO, OF_TWO, None]
        named = zip(self.names, profiles, strict=False)
        members = [member(self.folder, name, self.wall, profile=profile) for name, profile in named]
        return Pool(members, clock=Clock(self.wall, self.monotonic), healths=healths)

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.loop.close()
            shutil.rmtree(self.folder)

    def pick(self, number: int) -> Member:
        return self.pool.members[number % len(self.pool.members)]

    def changed(self, changed: Member, before: Health, *, by_user: bool = False) -> None:
        """Note for the other requests on an account that it has changed."""
        for other in self.running:
            if other.lease.member is changed:
                other.stale |= by_user or changed.health != before
                other.overtaken |= by_user

    @rule(chats=st.lists(st.integers(0, 5), min_size=1, max_size=5))
    def requests_begin(self, chats: list[int]) -> None:
        for chat in chats:
            self.begin(chat)

    @rule(
        chats=st.lists(st.integers(0, 5), min_size=3, max_size=8),
        trouble=st.sampled_from([*COUNTED, *DEFINITE, *THROTTLED]),
    )
    def burst_fails_while_older_requests_go_on(self, chats: list[int], trouble: Trouble) -> None:
        older = len(self.running)
        failures = {one.name: one.health.failures for one in self.pool.members}
        for chat in chats:
            self.begin(chat)
        while len(self.running) > older:
            self.fails(older, trouble, None)
        assert all(one.health.failures <= failures[one.name] + 1 for one in self.pool.members)

    def begin(self, chat: int) -> None:
        offered = self.pool.order(str(chat), "m", ())
        try:
            visit = self.loop.run_until_complete(self.pool.visit(str(chat), "m"))
        except GatewayError as error:
            assert not offered and error.status in (503, None) and error.kind.status in (429, 503)
            return
        assert offered
        lease = self.loop.run_until_complete(visit.next())
        assert lease is not None
        self.running.append(Running(visit, lease))

    @precondition(lambda self: bool(getattr(self, "running", ())))
    @rule(number=st.integers(0, 99))
    def answers(self, number: int) -> None:
        request = self.running.pop(number % len(self.running))
        used = request.lease.member
        before = used.health
        open_for_good = before.state in (*NEEDS_USER, *QUOTAS) and circuit(before, self.pool.now()) is Circuit.OPEN
        request.visit.answered(request.lease)
        request.lease.release()
        if request.stale or open_for_good:
            assert used.health is before
        else:
            assert used.health == Health(disabled=before.disabled)
        self.changed(used, before)

    @precondition(lambda self: bool(getattr(self, "running", ())))
    @rule(
        number=st.integers(0, 99),
        trouble=st.sampled_from([*COUNTED, *DEFINITE, *THROTTLED]),
        wait=st.sampled_from([None, 5, 90]),
    )
    def one_fails(self, number: int, trouble: Trouble, wait: float | None) -> None:
        self.fails(number, trouble, wait)

    def fails(self, number: int, trouble: Trouble, wait: float | None) -> None:
        request = self.running.pop(number % len(self.running))
        used = request.lease.member
        healths = [(one, one.health) for one in self.pool.members]
        before = used.health
        request.visit.failed(request.lease, UpstreamError(Kind.UPSTREAM, "x", trouble=trouble, retry_after=wait))
        request.lease.release()
        self.check_failure(request, used, before, trouble, wait)
        for one, health in healths:
            shares = one is not used and one.account.profile_arn == used.account.profile_arn == OF_TWO
            if shares and trouble is Trouble.PROFILE_THROTTLED and not request.overtaken:
                self.check_throttled(one, health, wait)
            elif one is not used:
                assert one.health is health
            self.changed(one, health)

    def check_throttled(self, used: Member, before: Health, wait: float | None) -> None:
        if before.state in LASTING and circuit(before, self.pool.now()) is Circuit.OPEN:
            assert used.health is before
            return
        asked = self.pool.now().monotonic + (wait or 5.0)
        assert (used.health.state, used.health.named) == (AccountState.THROTTLED, True)
        assert used.health.retry_at == max(asked, before.retry_at if before.named else 0.0)

    def check_failure(
        self, request: Running, used: Member, before: Health, trouble: Trouble, wait: float | None
    ) -> None:
        if request.overtaken:
            assert used.health is before
        elif trouble in DEFINITE:
            reached = list(DEFINITE.values())
            known = reached.index(before.state) if before.state in reached else -1
            expired = circuit(before, self.pool.now()) is not Circuit.OPEN
            expected = reached.index(DEFINITE[trouble])
            assert used.health.state is (DEFINITE[trouble] if expired else reached[max(known, expected)])
        elif trouble in THROTTLED:
            self.check_throttled(used, before, wait)
        elif request.stale:
            assert used.health.failures == before.failures
            assert used.health is before or (wait == 90 and used.health.named)
        else:
            assert used.health.failures <= before.failures + 1

    @precondition(lambda self: bool(getattr(self, "running", ())))
    @rule(number=st.integers(0, 99))
    def client_leaves(self, number: int) -> None:
        request = self.running.pop(number % len(self.running))
        before = request.lease.member.health
        request.lease.release()
        assert request.lease.member.health is before

    @rule(number=st.integers(0, 2), used=st.sampled_from([0.0, 500.0, 1000.0]))
    def credits_are_known(self, number: int, used: float) -> None:
        asked = self.pick(number)
        before = asked.health
        self.pool.learn(asked, Allowance(used, 1000.0), asked.mark)
        if before.state in NEEDS_USER:
            assert asked.health is before
        self.changed(asked, before)

    @rule(number=st.integers(0, 2), act=st.sampled_from(["log in", "enable", "disable", "enable", "restart"]))
    def user_acts(self, number: int, act: str) -> None:
        match act:
            case "log in":
                self.user_logs_in_again(number)
            case "restart":
                self.restarts()
            case _:
                self.user_enables_or_disables(number, use=act == "enable")

    def user_logs_in_again(self, number: int) -> None:
        renewed = self.pick(number)
        self.logins += 1
        write_login(self.folder / f"{renewed.name}.json", f"Login{self.logins}", self.wall() + 3000)
        before = renewed.health
        assert self.loop.run_until_complete(self.pool.reload(renewed))
        assert renewed.account.credentials.refresh_token == f"aorLogin{self.logins}"
        assert renewed.health.state not in NEEDS_USER
        self.changed(renewed, before, by_user=True)

    def user_enables_or_disables(self, number: int, *, use: bool) -> None:
        chosen = self.pick(number)
        before = chosen.health
        (self.pool.enable if use else self.pool.disable)(chosen)
        self.changed(chosen, before, by_user=True)

    @rule(seconds=st.sampled_from([0.5, 1.0, 6.0, 61.0, 1800.0, DAY]))
    def time_passes(self, seconds: float) -> None:
        self.wall.now += seconds
        self.monotonic.now += seconds

    @rule(step=st.sampled_from([-DAY, -3600.0, 3600.0, DAY]))
    def wall_clock_steps(self, step: float) -> None:
        before = [circuit(one.health, self.pool.now()) for one in self.pool.members if one.health.state not in QUOTAS]
        self.wall.now += step
        after = [circuit(one.health, self.pool.now()) for one in self.pool.members if one.health.state not in QUOTAS]
        assert after == before

    def restarts(self) -> None:
        before = {one.key: one.health for one in self.pool.members}
        self.file.save(self.pool.healths(), self.pool.now())
        self.monotonic.now = 5.0  # another process, perhaps another boot: this clock begins anywhere
        self.running.clear()
        self.pool = self.new_pool(self.file.load(self.pool.now()))
        for one in self.pool.members:
            old = before[one.key]
            assert one.health.disabled == old.disabled and one.health.failures == 0
            kept = old.state is AccountState.SUSPENDED or old.named or old.state in QUOTAS
            assert one.health.state in ((old.state, AccountState.ACTIVE) if kept else (AccountState.ACTIVE,))
            if old.state is AccountState.SUSPENDED:
                assert one.health.state is AccountState.SUSPENDED

    @invariant()
    def no_place_is_lost(self) -> None:
        for one in getattr(self, "pool", Pool(())).members:
            leases = [request.lease for request in self.running if request.lease.member is one]
            assert one.running == len(leases)
            assert sum(lease.probing for lease in leases) <= 1
            assert one.probing == any(lease.probing for lease in leases)

    @invariant()
    def cooldowns_we_chose_are_short_and_probed_early(self) -> None:
        for one in getattr(self, "pool", Pool(())).members:
            now = self.pool.now()
            if one.health.state is AccountState.THROTTLED and not one.health.named:
                assert remaining(one.health, now) <= LONGEST_THROTTLE_COOLDOWN
            if one.health.state in ENDED_BY_TIME and not (one.health.named or one.health.disabled):
                self.monotonic.now += 1.0
                assert may_probe_early(one.health, self.pool.now()) or one.health == FRESH
                self.monotonic.now -= 1.0

    @invariant()
    def nothing_is_offered_that_cannot_serve(self) -> None:
        if hasattr(self, "pool"):
            for one in self.pool.order("c", "m", ()):
                assert one.health.state not in NEEDS_USER and not one.health.disabled
                assert circuit(one.health, self.pool.now()) is not Circuit.OPEN or may_probe_early(
                    one.health, self.pool.now()
                )


TestPoolMachine = PoolMachine.TestCase
TestPoolMachine.settings = settings(max_examples=100, stateful_step_count=60, deadline=None)
