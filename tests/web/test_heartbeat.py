"""The heartbeat: a beat after each silence, none while something is written, none after its end."""

import asyncio

from gateway.web.heartbeat import Heartbeat

NEVER = 3600.0


class Beats:
    """Counts beats; each waits at a gate, as a write to a client that does not read would."""

    def __init__(self) -> None:
        self.count = 0
        self.came = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self) -> None:
        self.count += 1
        self.came.set()
        await self.gate.wait()


async def test_the_first_beat_has_its_own_time() -> None:
    beats = Beats()
    heart = Heartbeat(beats, first=0.01, interval=NEVER)
    await beats.came.wait()
    await heart.stop()
    assert beats.count == 1


async def test_the_interval_counts_from_the_moment_that_the_first_wait_is_over() -> None:
    beats = Beats()
    heart = Heartbeat(beats, first=NEVER, interval=0.01)
    await heart.begin()
    await beats.came.wait()
    await heart.stop()


async def test_a_beat_that_is_still_being_written_is_not_joined_by_another() -> None:
    beats = Beats()
    beats.gate.clear()
    heart = Heartbeat(beats, first=0.0, interval=0.0)
    await beats.came.wait()
    for _ in range(50):
        await asyncio.sleep(0)
    assert beats.count == 1
    beats.gate.set()
    await heart.stop()


async def test_after_its_end_there_is_no_beat_and_the_last_one_is_written() -> None:
    beats = Beats()
    beats.gate.clear()
    heart = Heartbeat(beats, first=0.0, interval=NEVER)
    await beats.came.wait()
    ending = asyncio.ensure_future(heart.stop())
    await asyncio.sleep(0)
    assert not ending.done()
    beats.gate.set()
    await ending
