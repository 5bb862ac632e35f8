"""Time as accounts see it, handed in."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic, time
from typing import Any

from gateway.accounts.health import Now


@dataclass(frozen=True, slots=True)
class Clock:
    """Both clocks: the wall's for expiries, which others wrote; the monotonic one for pauses. And waiting itself."""

    wall: Callable[[], float] = time
    monotonic: Callable[[], float] = monotonic
    sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep

    def now(self) -> Now:
        """This moment on both."""
        return Now(self.wall(), self.monotonic())
