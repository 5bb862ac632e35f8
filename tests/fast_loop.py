"""An event loop whose seconds pass faster, over real sockets: for behaviour that takes minutes by default.

Everything that goes by the loop's clock (sleeps, time-outs, pings, the simulator's delays) is faster by one factor, so
that the order of events is that of real life.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

SPEED = 200.0
"""The loop's seconds in a second: five minutes take 1.5 s; 15 s are 75 ms, far longer than a step of the loop."""

_T = TypeVar("_T")


class FastLoop(asyncio.SelectorEventLoop):
    """A loop whose clock can be sped up. What takes real work (a start, a first request) is done before that."""

    def __init__(self) -> None:
        self._speed, self._base, self._began = 1.0, 0.0, 0.0
        super().__init__(_FastSelector(self))

    @property
    def speed(self) -> float:
        """The loop's seconds in a second."""
        return self._speed

    def speed_up(self) -> None:
        """From now on seconds pass ``SPEED`` times faster."""
        self._base, self._began = self.time(), super().time()
        self._speed = SPEED

    def time(self) -> float:
        """Seconds; they never go back."""
        return self._base + (super().time() - self._began) * self._speed


class _FastSelector(selectors.DefaultSelector):
    """Waits in real time as long as the loop means."""

    def __init__(self, loop: FastLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        return super().select(timeout / self._loop.speed if timeout else timeout)


def speed_up() -> None:
    """Speed up the running loop, which ``run_fast`` has made."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, FastLoop)
    loop.speed_up()


def run_fast(main: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine on a loop of its own that it can speed up."""
    with asyncio.Runner(loop_factory=FastLoop) as runner:
        return runner.run(main)
