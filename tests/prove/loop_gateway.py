"""The gateway's program with a sampler on its loop: a connection to its port gets the longest hold, which is forgotten.

The sampler is a timer of a millisecond, the finest the loop has; how late it comes is how long the loop was held.
"""

import asyncio
import os
import sys
from collections.abc import Coroutine
from time import perf_counter
from typing import Any, Final

import uvloop

EVERY: Final = 0.001
ROUNDED: Final = 0.001
"""The loop rounds a timer's time to whole milliseconds."""

PORT: Final = "LOOP_SAMPLER_PORT"


class Sampler:
    """Ticks on the running loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._longest = 0.0
        self._last = perf_counter()
        self._loop.call_later(EVERY, self._tick)

    def _tick(self) -> None:
        now = perf_counter()
        self._longest = max(self._longest, now - self._last - EVERY - ROUNDED)
        self._last = now
        self._loop.call_later(EVERY, self._tick)

    async def tell(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The longest hold in milliseconds since the last question."""
        longest, self._longest = self._longest, 0.0
        writer.write(f"{longest * 1000:.3f}\n".encode())
        await writer.drain()
        writer.close()


def _sampled(main: Coroutine[Any, Any, Any], **options: Any) -> Any:
    async def run() -> Any:
        sampler = Sampler()
        async with await asyncio.start_server(sampler.tell, "127.0.0.1", int(os.environ[PORT])):
            return await main

    return _run(run(), **options)


if __name__ == "__main__":
    _run, uvloop.run = uvloop.run, _sampled
    from gateway.commands import run as main_run

    sys.exit(main_run(sys.argv[1:]))
