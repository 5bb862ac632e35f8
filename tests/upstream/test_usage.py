"""GetUsageLimits on the simulator: the hosts in turn, and one call for each account in three minutes."""

import asyncio
from dataclasses import dataclass, field

import pytest

from gateway.errors import GatewayError, Kind, UpstreamError
from gateway.kiro.endpoints import Identity
from gateway.kiro.usage_limits import ASK_INTERVAL, UsageLimits
from gateway.simulator.options import ACCESS_TOKEN, PROFILE_ARN
from gateway.simulator.server import Simulator
from gateway.upstream.usage import UsageCache, fetch_usage
from tests.upstream.conftest import Way


async def usage(kiro: Way, simulator: Simulator, arn: str | None = PROFILE_ARN) -> UsageLimits:
    identity = Identity(ACCESS_TOKEN, arn, "social", "us-east-1", "0" * 64)
    return await fetch_usage(kiro.connection, identity, base_url=simulator.url)


async def test_the_management_host_is_asked_with_the_profile(kiro: Way, simulator: Simulator) -> None:
    found = await usage(kiro, simulator)
    assert (found.plan, found.email) == ("KIRO PRO", "user@example.org")
    [asked] = simulator.requests("usage")
    assert asked.headers["x-amz-target"] == "KiroControlPlaneBearerService.GetUsageLimits"
    assert PROFILE_ARN.encode() in asked.body


async def test_without_a_profile_only_the_older_host_is_asked(kiro: Way, simulator: Simulator) -> None:
    assert (await usage(kiro, simulator, None)).credits
    [asked] = simulator.requests("usage")
    assert (asked.path, "profileArn" in asked.query) == ("/getUsageLimits", False)


async def test_a_profile_that_is_refused_is_left_out_in_the_end(kiro: Way, simulator: Simulator) -> None:
    simulator.push({"on": "usage", "times": 2, "status": 400, "body": {"message": "Invalid profileArn."}})
    assert (await usage(kiro, simulator)).credits
    asked = simulator.requests("usage")
    assert ["profileArn" in exchange.query for exchange in asked[1:]] == [True, False]


@pytest.mark.parametrize("body", ["<html>", "[]", '"text"'])
async def test_an_answer_that_is_none_is_a_fault(kiro: Way, simulator: Simulator, body: str) -> None:
    simulator.push({"on": "usage", "always": True, "status": 200, "body": body})
    with pytest.raises(UpstreamError):
        await usage(kiro, simulator)


@dataclass
class Counted:
    """Answers each account with how often it was asked; those in ``failing`` do not tell."""

    asked: list[str] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    logins: dict[str, int] = field(default_factory=dict)
    now: float = 0.0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def __call__(self, account: str) -> UsageLimits:
        self.asked.append(account)
        await self.gate.wait()
        if account in self.failing:
            raise GatewayError(Kind.UPSTREAM, f"{account} failed {len(self.asked)} times")
        return UsageLimits(plan=str(len(self.asked)))

    def clock(self) -> float:
        return self.now

    def cache(self) -> UsageCache:
        return UsageCache(self, login=self.logins.get, clock=self.clock)


async def test_an_account_is_asked_once_in_the_interval_whoever_asks() -> None:
    counted = Counted()
    cache = counted.cache()
    found = await asyncio.gather(*(cache.of("a") for _ in range(20)), cache.of("b"))
    assert sorted(counted.asked) == ["a", "b"]
    assert {reading.limits for reading in found[:20]} == {UsageLimits(plan="1")}
    counted.now = ASK_INTERVAL - 1
    assert (await cache.of("a")).age == ASK_INTERVAL - 1
    assert counted.asked.count("a") == 1
    counted.now = ASK_INTERVAL
    assert (await cache.of("a")).age == 0
    assert counted.asked.count("a") == 2


def test_interval_is_three_minutes() -> None:
    assert ASK_INTERVAL == 180


async def test_failure_is_not_repeated_until_the_interval_is_over() -> None:
    counted = Counted(failing={"a"})
    cache = counted.cache()
    first = await cache.of("a")
    counted.now = ASK_INTERVAL - 1
    again = await cache.of("a")
    assert first.error is again.error is not None and (first.age, again.age) == (0, ASK_INTERVAL - 1)
    assert counted.asked == ["a"]
    counted.now, counted.failing = ASK_INTERVAL, set()
    assert (await cache.of("a")).limits and counted.asked == ["a", "a"]


async def test_failure_is_repeated_at_once_with_another_login_and_an_answer_is_not() -> None:
    counted = Counted(failing={"a"})
    cache = counted.cache()
    await asyncio.gather(cache.of("a"), cache.of("b"))
    counted.logins.update(a=1, b=1)
    counted.failing.clear()
    assert (await cache.of("a")).limits and (await cache.of("b")).limits
    assert sorted(counted.asked) == ["a", "a", "b"]


async def test_asker_that_leaves_does_not_stop_the_call_of_the_others() -> None:
    counted = Counted()
    counted.gate.clear()
    cache = counted.cache()
    leaving, staying = asyncio.create_task(cache.of("a")), asyncio.create_task(cache.of("a"))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait({leaving})
    counted.gate.set()
    assert (await staying).limits and counted.asked == ["a"]


async def test_unforeseen_error_is_a_failure_that_is_remembered() -> None:
    calls: list[str] = []

    async def fetch(account: str) -> UsageLimits:
        calls.append(account)
        raise ZeroDivisionError

    cache = UsageCache(fetch, login=lambda _: None)
    found = [await cache.of("a"), await cache.of("a")]
    assert [reading.error and reading.error.kind for reading in found] == [Kind.INTERNAL] * 2 and calls == ["a"]


async def test_account_that_was_removed_is_asked_when_it_comes_back() -> None:
    counted = Counted()
    cache = counted.cache()
    await cache.of("a")
    await cache.forget("a")
    await cache.of("a")
    assert counted.asked == ["a", "a"]


async def test_closing_ends_calls_under_way() -> None:
    counted = Counted()
    counted.gate.clear()
    cache = counted.cache()
    waiting = asyncio.create_task(cache.of("a"))
    await asyncio.sleep(0)
    await cache.close()
    assert (await waiting).error
