"""The model catalogue as Kiro tells it, kept fresh in the background. Nothing waits for it to start or to answer."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import structlog

from gateway.errors import GatewayError
from gateway.kiro.models import Catalogue

log = structlog.get_logger("gateway.catalogue")

RETRY_SECONDS: Final = 60.0
"""After a failed fetch: soon enough for a laptop that just woke, rare enough to bother nobody."""

Fetch = Callable[[], Awaitable[Mapping[str, Any]]]
Merge = Callable[[Mapping[str, Any]], Catalogue]


class LiveCatalogue:
    """Holds the catalogue of now: the fallback until Kiro's own list came, and for ever where it never does."""

    def __init__(self, fallback: Catalogue, fetch: Fetch, merge: Merge, ttl: float) -> None:
        self.current = fallback
        self._fetch = fetch
        self._merge = merge
        self._ttl = ttl
        self._settled = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to fetch in the background."""
        self._task = asyncio.create_task(self._run(), name="live-catalogue")

    async def _run(self) -> None:
        while True:
            fresh = await self._renew()
            self._settled.set()
            await asyncio.sleep(self._ttl if fresh else RETRY_SECONDS)

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
            self._task.cancel()
            await asyncio.wait({self._task})
