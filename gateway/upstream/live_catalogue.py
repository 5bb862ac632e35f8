"""The model catalogue as Kiro tells it, kept fresh in the background. Nothing waits for it to start or to answer."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import structlog

from gateway.errors import GatewayError
from gateway.kiro.models import Catalogue
from gateway.supervision import Sleep, Supervised, supervise

log = structlog.get_logger("gateway.catalogue")

RETRY_SECONDS: Final = 60.0
"""After a failed fetch: soon enough for a laptop that just woke, rare enough to bother nobody."""

Fetch = Callable[[], Awaitable[Mapping[str, Any]]]
Merge = Callable[[Mapping[str, Any]], Catalogue]


class LiveCatalogue:
    """Holds the catalogue of now: the fallback until Kiro's own list came, and for ever where it never does."""

    def __init__(
        self, fallback: Catalogue, fetch: Fetch, merge: Merge, ttl: float, *, sleep: Sleep = asyncio.sleep
    ) -> None:
        self.current = fallback
        self._fetch = fetch
        self._merge = merge
        self._ttl = ttl
        self._sleep = sleep
        self._settled = asyncio.Event()
        self._task: Supervised | None = None

    def start(self) -> None:
        """Begin to fetch in the background."""
        self._task = supervise("model list", self._run, sleep=self._sleep)

    async def _run(self) -> None:
        while True:
            try:
                fresh = await self._renew()
            finally:  # whatever came of it, nobody need wait for it any more
                self._settled.set()
            await self._sleep(self._ttl if fresh else RETRY_SECONDS)

    async def _renew(self) -> bool:
        try:
            self.current = self._merge(await self._fetch())
        except GatewayError as error:
            log.warning("model_list_not_loaded", reason=error.message, using="fallback list")
            return False
        log.debug("model_list_loaded", models=len(self.current.models))
        return True

    async def settled(self, patience: float) -> Catalogue:
        """The catalogue after the first fetch, waited for at most ``patience`` seconds."""
        try:
            async with asyncio.timeout(patience):
                await self._settled.wait()
        except TimeoutError:
            log.debug("model_list_still_loading")
        return self.current

    async def close(self) -> None:
        """Stop fetching."""
        if self._task is not None:
            await self._task.close()
