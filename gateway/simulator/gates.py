"""Gates: a frame waits at its gate until somebody lets it through, so that tests show causes without sleeping."""

import asyncio


class Gates:
    """Named gates; each ``open`` lets one frame (or ``times`` of them) through, whether it waits yet or not."""

    def __init__(self) -> None:
        self._gates: dict[str, asyncio.Semaphore] = {}

    def open(self, name: str, times: int = 1) -> None:
        """Let ``times`` frames through."""
        gate = self._gate(name)
        for _ in range(times):
            gate.release()

    async def passed(self, name: str) -> None:
        """Wait to be let through."""
        await self._gate(name).acquire()

    def reset(self) -> None:
        """Forget all gates. A frame that waits at one waits on, until its client leaves."""
        self._gates.clear()

    def _gate(self, name: str) -> asyncio.Semaphore:
        return self._gates.setdefault(name, asyncio.Semaphore(0))
