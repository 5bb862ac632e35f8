"""What an account has used: GetUsageLimits, asked for now or remembered for a while."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from time import monotonic
from typing import Final

from gateway.errors import Kind, UpstreamError
from gateway.jsontext import JsonError, decode
from gateway.kiro.control_requests import ControlRequest, usage_limits
from gateway.kiro.endpoints import Identity
from gateway.kiro.faults import http_fault
from gateway.kiro.usage_limits import UsageLimits, read
from gateway.upstream.connection import Connection

PATIENCE: Final = 10.0
"""Seconds for one call."""

FRESH_SECONDS: Final = 60.0
"""Age up to which a remembered answer is told again; Kiro's own figures lag behind by more."""


async def fetch_usage(connection: Connection, identity: Identity, *, base_url: str | None = None) -> UsageLimits:
    """Plan and credits of an account. Hosts and forms are tried in turn; raises the last UpstreamError."""
    last: UpstreamError | None = None
    for request in usage_limits(identity, invocation_id=str(uuid.uuid4()), base_url=base_url):
        try:
            return await _asked(connection, request)
        except UpstreamError as error:
            last = error
    raise last or UpstreamError(Kind.UPSTREAM, "There is no host to ask for the usage.")


async def _asked(connection: Connection, request: ControlRequest) -> UsageLimits:
    answer = await connection.call(
        request.method, request.url, request.headers, request.body, where="Kiro's control plane", patience=PATIENCE
    )
    try:
        found = decode(answer.body)
    except JsonError:
        found = None
    if answer.status != HTTPStatus.OK or not isinstance(found, dict):
        raise http_fault(answer.status, answer.headers, answer.body)
    return read(found)


class UsageCache:
    """Answers of the last minute, one for each account; asked at the same time they are fetched once."""

    def __init__(
        self, fetch: Callable[[str], Awaitable[UsageLimits]], *, clock: Callable[[], float] = monotonic
    ) -> None:
        """fetch: asks for the account of this name. Raises GatewayError."""
        self._fetch = fetch
        self._clock = clock
        self._known: dict[str, tuple[float, UsageLimits]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def of(self, account: str) -> UsageLimits:
        """The account's usage, not older than FRESH_SECONDS. Raises GatewayError."""
        async with self._locks.setdefault(account, asyncio.Lock()):
            known = self._known.get(account)
            if known is None or self._clock() - known[0] > FRESH_SECONDS:
                known = self._clock(), await self._fetch(account)
                self._known[account] = known
            return known[1]
