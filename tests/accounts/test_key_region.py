"""The region of an API key, with Kiro in memory."""

import asyncio
from dataclasses import dataclass, field

from gateway.accounts.key_region import ASK_AGAIN, KeyRegion
from gateway.errors import Kind, UpstreamError
from gateway.kiro.endpoints import Identity

KEY = Identity("ksk_key", None, "api_key", "us-east-1", "m")
SILENT = UpstreamError(Kind.TIMEOUT, "Kiro's control plane did not answer in time.")


@dataclass
class Kiro:
    """Answers with ``region``; ``now`` is the clock."""

    region: str | Exception | None
    asked: int = 0
    now: float = 0.0
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, _identity: Identity) -> str | None:
        self.asked += 1
        await self.open.wait()
        if isinstance(self.region, Exception):
            raise self.region
        return self.region


def of(region: str | Exception | None, *, configured: bool = False) -> tuple[KeyRegion, Kiro]:
    kiro = Kiro(region)
    kiro.open.set()
    return KeyRegion(kiro, configured=configured, clock=lambda: kiro.now), kiro


async def test_the_region_is_asked_for_once_for_all_who_wait() -> None:
    region, kiro = of("eu-central-1")
    kiro.open.clear()
    waiting = [asyncio.create_task(region.completed(KEY, "a")) for _ in range(100)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    kiro.open.set()
    assert {one.region for one in await asyncio.gather(*waiting[1:])} == {"eu-central-1"}
    await region.completed(KEY, "a")
    assert kiro.asked == 1


async def test_a_key_that_is_refused_everywhere_keeps_the_default_and_is_not_asked_for_again() -> None:
    region, kiro = of(None)
    for _ in range(2):
        assert await region.completed(KEY, "a") is KEY
        kiro.now += 10 * ASK_AGAIN
    assert kiro.asked == 1


async def test_without_an_answer_the_default_serves_until_it_is_time_to_ask_again() -> None:
    for fault in (SILENT, ZeroDivisionError()):
        region, kiro = of(fault)
        for _ in range(3):
            assert await region.completed(KEY, "a") is KEY
        kiro.now, kiro.region = ASK_AGAIN, "eu-central-1"
        assert await region.completed(KEY, "a") is KEY  # it is asked in the background
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert (await region.completed(KEY, "a")).region == "eu-central-1"
        assert kiro.asked == 2


async def test_a_region_of_the_user_is_not_asked_for() -> None:
    region, kiro = of("eu-central-1", configured=True)
    assert await region.completed(KEY, "a") is KEY
    assert kiro.asked == 0


async def test_closing_ends_the_question() -> None:
    region, kiro = of("eu-central-1")
    kiro.open.clear()
    waiting = asyncio.create_task(region.completed(KEY, "a"))
    await asyncio.sleep(0)
    await region.close()
    assert await asyncio.gather(waiting, return_exceptions=True)
