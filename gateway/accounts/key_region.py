"""Which region an API key is of: a key names none, and Kiro's hosts of another region refuse it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from time import monotonic
from typing import Final

import structlog

from gateway.errors import GatewayError
from gateway.kiro.endpoints import Identity
from gateway.supervision import background_task, log_failure, outcome

_log: Final = structlog.get_logger("gateway.accounts")

ASK_AGAIN: Final = 600.0
"""Seconds until the regions are asked again after one of them could not be reached."""

FindRegion = Callable[[Identity], Awaitable[str | None]]
"""Asks the regions; None when every one has refused the key. Raises GatewayError when one of them did not answer."""


async def no_region(_identity: Identity) -> str | None:
    """Where nobody can be asked."""
    return None


class KeyRegion:
    """The region of one account that is an API key, asked for once; without an answer the configured one stays."""

    def __init__(self, find: FindRegion, *, configured: bool, clock: Callable[[], float] = monotonic) -> None:
        """configured: the user has said which region it is, so nobody is asked."""
        self._find = find
        self._settled = configured or find is no_region
        self._region: str | None = None
        self._ask_at = 0.0
        self._clock = clock
        self._search: asyncio.Task[None] | None = None

    async def completed(self, identity: Identity, account: str) -> Identity:
        """The identity with the key's region. account: its label, for the log.

        All wait for the first answer together; later questions are asked in the background.
        """
        if not self._settled and self._clock() >= self._ask_at:
            if self._search is None or self._search.done():
                self._search = background_task(f"region {account}", self._asked(identity, account))
            if not self._ask_at:
                await outcome(self._search)
        if self._region in (None, identity.region):
            return identity
        return replace(identity, region=self._region or identity.region)

    async def close(self) -> None:
        """Stop asking."""
        if self._search is not None:
            self._search.cancel()
            await asyncio.wait([self._search])

    async def _asked(self, identity: Identity, account: str) -> None:
        try:
            self._region = await self._find(identity)
        except GatewayError as error:
            self._ask_at = self._clock() + ASK_AGAIN
            _log.warning("key_region_unknown", account=account, region=identity.region, reason=error.message)
            return
        except Exception:  # noqa: BLE001 - an answer that breaks us is one that we do not have
            self._ask_at = self._clock() + ASK_AGAIN
            log_failure(f"region {account}")
            return
        self._settled = True
        if self._region is None:
            hint = "set api_region if this is not the key's region"
            _log.warning("key_region_unknown", account=account, region=identity.region, hint=hint)
        else:
            _log.info("key_region_found", account=account, region=self._region)
