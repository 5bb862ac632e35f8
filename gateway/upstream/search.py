"""Searches the web through Kiro, for the account that the answer is from."""

import uuid
from collections.abc import Mapping
from time import time
from typing import Final

from gateway.accounts.member import Member
from gateway.accounts.pool import Pool
from gateway.errors import GatewayError, Kind, Trouble, UpstreamError
from gateway.kiro import web_search
from gateway.kiro.endpoints import Identity
from gateway.search.values import Hit
from gateway.upstream.connection import Connection

PATIENCE: Final = 20.0
"""Seconds for one call; the model's answer waits for it."""

ANSWER_LIMIT: Final = 1 << 20
"""Bytes of an answer; ten long excerpts have less than a tenth of it."""


class WebSearcher:
    """Asks Kiro's search. One a process."""

    def __init__(self, pool: Pool, connections: Mapping[str, Connection], *, base_url: str | None = None) -> None:
        """connections: by account name."""
        self._pool = pool
        self._connections = connections
        self._base_url = base_url

    async def search(self, query: str, account: str | None) -> tuple[Hit, ...]:
        """What is found. A refused token is renewed once. Raises GatewayError."""
        member = self._pool.find(account) if account else None
        if member is None:
            raise GatewayError(Kind.OVERLOADED, "The account of this answer is no longer there to search with.")
        if (closed := self._pool.closed(member)) is not None:
            raise closed
        identity = await member.account.identity()
        try:
            return await self._asked(member, identity, query)
        except UpstreamError as error:
            if not error.expired:
                raise
        renewed = await member.account.refresh_after_refusal(identity.access_token)
        return await self._asked(member, renewed, query)

    async def _asked(self, member: Member, identity: Identity, query: str) -> tuple[Hit, ...]:
        """One host after the other; raises the last fault, and at once one that the next host would repeat."""
        last: UpstreamError | None = None
        call_id = f"web_search_tooluse_{uuid.uuid4().hex[:22]}_{int(time() * 1000)}_{uuid.uuid4().hex[:8]}"
        for request in web_search.requests(
            identity, query, call_id=call_id, invocation_id=str(uuid.uuid4()), base_url=self._base_url
        ):
            try:
                answer = await self._connections[member.name].call(
                    request.method,
                    request.url,
                    {**request.headers, **member.terms.headers},
                    request.body,
                    where="Kiro's web search",
                    patience=PATIENCE,
                    limit=ANSWER_LIMIT,
                )
                return web_search.read(answer.status, answer.headers, answer.body)
            except UpstreamError as error:
                self._pool.note_suspension(member, error)
                if error.expired or error.kind is Kind.RATE_LIMIT or error.trouble is Trouble.SUSPENDED:
                    raise
                last = error
        raise last or UpstreamError(Kind.UPSTREAM, "There is no host to search with.")
