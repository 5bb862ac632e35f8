"""GetUsageLimits on the simulator: the hosts in turn, and answers remembered for a minute."""

import asyncio
from dataclasses import dataclass, field

import pytest

from gateway.errors import UpstreamError
from gateway.kiro.endpoints import Identity
from gateway.kiro.usage_limits import UsageLimits
from gateway.simulator.options import ACCESS_TOKEN, PROFILE_ARN
from gateway.simulator.server import Simulator
from gateway.upstream.usage import FRESH_SECONDS, UsageCache, fetch_usage
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
    """Answers each account with how often it was asked."""

    asked: list[str] = field(default_factory=list)
    now: float = 0.0

    async def __call__(self, account: str) -> UsageLimits:
        self.asked.append(account)
        await asyncio.sleep(0)
        return UsageLimits(plan=str(len(self.asked)))

    def clock(self) -> float:
        return self.now


async def test_an_answer_is_remembered_for_a_minute_and_fetched_once() -> None:
    counted = Counted()
    cache = UsageCache(counted, clock=counted.clock)
    found = await asyncio.gather(*(cache.of("a") for _ in range(20)), cache.of("b"))
    assert sorted(counted.asked) == ["a", "b"]
    assert len({limits.plan for limits in found[:20]}) == 1
    counted.now = FRESH_SECONDS + 1
    await cache.of("a")
    assert counted.asked.count("a") == 2
