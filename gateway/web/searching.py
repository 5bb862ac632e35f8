"""An answer in whose course the web is searched: the model's turns and the searches, read as one stream."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol

import structlog

from gateway.conversation import Conversation, Message, ToolChoice
from gateway.errors import GatewayError, Kind
from gateway.events import Event
from gateway.search.domains import permitted
from gateway.search.offer import with_search
from gateway.search.turns import Ask, Find, Read, SearchTurns
from gateway.search.values import Hit, SearchCall, SearchResult, WebSearch
from gateway.upstream.stream import OpenStream
from gateway.web.record import Record

_log: Final = structlog.get_logger("gateway.search")

Again = Callable[[Conversation], Awaitable[OpenStream]]
"""Asks Kiro with another conversation. Raises GatewayError."""


class Searcher(Protocol):
    """Who searches."""

    async def search(self, query: str, account: str | None) -> tuple[Hit, ...]:
        """What is found with this account. Raises GatewayError."""
        ...


@dataclass(frozen=True, slots=True)
class Searches:
    """The web search of one gateway. unasked: offered to the model where the client does not offer it."""

    searcher: Searcher
    unasked: WebSearch | None = None

    def offered(self, conversation: Conversation) -> Conversation:
        """The conversation, with the search among its tools where the user wants that always.

        Not where the client demands a call: it means one of its own tools.
        """
        if self.unasked is None or conversation.search is not None or conversation.tool_choice.mode != "auto":
            return conversation
        tools, search = with_search(conversation.tools, self.unasked)
        return replace(conversation, tools=tools, search=search)

    def within(
        self, opened: OpenStream, conversation: Conversation, again: Again, record: Record
    ) -> "OpenStream | Searching":
        """The open answer, with the searches it calls for; as it is, when none was offered."""
        search = conversation.search
        if search is None:
            return opened

        async def find(call: SearchCall) -> SearchResult:
            return await self._find(call, search, record)

        return Searching(opened, SearchTurns(search), conversation, again, find)

    async def _find(self, call: SearchCall, search: WebSearch, record: Record) -> SearchResult:
        try:
            hits = await self.searcher.search(call.query, record.trace.account)
        except GatewayError as error:
            _log.warning("search_failed", error=error.message)
            busy = error.kind is Kind.RATE_LIMIT
            return SearchResult(call, error="too_many_requests" if busy else "unavailable")
        return SearchResult(call, permitted(hits, search))


class Searching:
    """Reads as an OpenStream does; only one of Kiro's streams is open at a time, and none during a search."""

    def __init__(
        self,
        opened: OpenStream,
        turns: SearchTurns,
        conversation: Conversation,
        again: Again,
        find: Callable[[SearchCall], Awaitable[SearchResult]],
    ) -> None:
        self._upstream = opened
        self._turns = turns
        self._conversation = conversation
        self._again = again
        self._find = find
        self.events = turns.feed(opened.events)

    @property
    def ended(self) -> bool:
        """Whether the last turn is over: a Stop or a Failure was given."""
        return self._turns.ended

    async def read(self) -> list[Event]:
        """What comes next: more of a turn, the result of a search, the beginning of another turn."""
        match self._turns.step:
            case Read():
                return self._turns.feed(await self._upstream.read())
            case Find(call):
                await self._upstream.close()
                return self._turns.found(await self._find(call))
            case Ask(said):
                await self._upstream.close()
                return await self._asked(_continued(self._conversation, said))

    async def _asked(self, conversation: Conversation) -> list[Event]:
        try:
            self._upstream = await self._again(conversation)
        except GatewayError as error:
            return self._turns.fail(error)
        return self._turns.feed(self._upstream.events)

    async def close(self) -> None:
        """Close the upstream. May be called twice."""
        await self._upstream.close()


def _continued(conversation: Conversation, said: tuple[Message, ...]) -> Conversation:
    """With what was said and found. A call that was demanded has been made; it must not be demanded for ever."""
    choice = conversation.tool_choice
    return replace(
        conversation,
        messages=(*conversation.messages, *said),
        tool_choice=choice if choice.mode == "none" else ToolChoice(),
    )
