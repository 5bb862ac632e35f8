"""The very end of serving: clients that have not taken all of their answers. With processes: tests/e2e."""

import asyncio

import pytest

from gateway.web.middlewares.drain import GRACE
from gateway.web.serving import let_go


class Slow(asyncio.Transport):
    """A connection whose client has so many bytes yet to take, and takes one at each look."""

    def __init__(self, left: float) -> None:
        super().__init__()
        self.left = left
        self.dropped_with: float | None = None

    def get_write_buffer_size(self) -> int:
        self.left = max(0, self.left - 1)
        return 1 if self.left else 0

    def abort(self) -> None:
        self.dropped_with = self.left


class Clock:
    """Sleeps in no time, and counts it."""

    def __init__(self) -> None:
        self.slept = 0.0

    async def __call__(self, seconds: float) -> None:
        self.slept += seconds


@pytest.mark.parametrize("left", [[], [0], [3], [3, 7]])
async def test_what_clients_are_slow_to_take_is_waited_for(left: list[float]) -> None:
    transports, clock = [Slow(bytes_) for bytes_ in left], Clock()
    await let_go(transports, clock)
    assert all(transport.dropped_with == 0 for transport in transports)
    assert clock.slept < GRACE


async def test_a_client_that_takes_nothing_is_dropped_in_the_end() -> None:
    stuck, clock = Slow(float("inf")), Clock()
    await let_go([stuck], clock)
    assert stuck.dropped_with == float("inf")
    assert clock.slept == pytest.approx(GRACE, rel=0.1)
