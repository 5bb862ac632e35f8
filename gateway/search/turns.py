"""Several turns of the model, with the searches between them, as one turn.

Decides only: ``step`` says what is to be done next, and whoever drives it hands in what came of it.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from gateway.conversation import Message, ToolCall
from gateway.errors import GatewayError
from gateway.events import ArgumentsDelta, BlockEnd, BlockStart, Event, Failure, Stop, StopReason, Usage
from gateway.reply import Reply
from gateway.search import history, offer
from gateway.search.values import NAME, SearchCall, SearchResult, WebSearch


@dataclass(frozen=True, slots=True)
class Read:
    """Kiro's answer goes on: its next events are to be fed."""


@dataclass(frozen=True, slots=True)
class Find:
    """A search is to be done, and its result handed in."""

    call: SearchCall


@dataclass(frozen=True, slots=True)
class Ask:
    """Kiro is to be asked again, with these messages behind the conversation."""

    said: tuple[Message, ...]


Step = Read | Find | Ask

_READ: Final = Read()
_CALLING: Final = (StopReason.TOOL_USE, StopReason.END_TURN)
"""Ends with which a turn's calls are whole."""


class SearchTurns:
    """The turns of one answer. The model's calls of the search become blocks of their own at the end of each turn.

    A turn that also calls the client's tools is the last one, after its searches. A search over ``max_uses`` is
    refused; the model gets one turn to answer without, and what it calls then ends the answer.
    """

    def __init__(self, search: WebSearch) -> None:
        self.step: Step = _READ
        self.ended = False
        self._left = search.max_uses
        self._reply = Reply()  # all that went out, to be sent with the next turn
        self._index = -1  # of the block that went out last
        self._call: ToolCall | None = None  # the open block, if it is a search
        self._pieces: list[str] = []
        self._calls: deque[SearchCall] = deque()
        self._other_calls = False
        self._refused = self._refused_before = False
        self._spent = Usage(0, 0)

    def feed(self, events: list[Event]) -> list[Event]:
        """More of the model's turn, as it goes out."""
        self.step = _READ
        passed: list[Event] = []
        for event in events:
            self._take(event, passed)
        return self._noted(passed)

    def found(self, result: SearchResult) -> list[Event]:
        """The result of the search that was to be done."""
        passed = self._block(result)
        self._spent = replace(self._spent, searches=self._spent.searches + 1)
        self._next(passed)
        return self._noted(passed)

    def fail(self, error: GatewayError) -> list[Event]:
        """Kiro could not be asked again."""
        self.ended = True
        return [Failure(error)]

    def _noted(self, passed: list[Event]) -> list[Event]:
        for event in passed:
            self._reply.add(event)
        if isinstance(self.step, Ask):
            self.step = Ask(tuple(history.answer(self._reply.blocks)))
        return passed

    def _take(self, event: Event, passed: list[Event]) -> None:
        match event:
            case BlockStart(_, ToolCall() as call) if call.name == NAME:
                self._call, self._pieces = call, []
            case ArgumentsDelta() if self._call is not None:
                self._pieces.append(event.json)
            case BlockEnd() if self._call is not None:
                self._calls.append(SearchCall(self._call.id, offer.query("".join(self._pieces))))
                self._call = None
            case BlockStart():
                self._other_calls = self._other_calls or isinstance(event.block, ToolCall)
                self._index += 1
                passed.append(replace(event, index=self._index))
            case Usage():
                self._spent = _sum(self._spent, event)
            case Stop():
                self._stop(event, passed)
            case Failure():
                self.ended = True
                passed.append(event)
            case _:
                passed.append(event if event.index == self._index else replace(event, index=self._index))

    def _stop(self, stop: Stop, passed: list[Event]) -> None:
        if self._calls and stop.reason in _CALLING:
            self._next(passed)
        else:
            self._end(stop, passed)

    def _next(self, passed: list[Event]) -> None:
        """The next search of this turn, or what comes after the last."""
        while self._calls:
            call = self._calls.popleft()
            passed += self._block(call)
            refused = self._refusal(call)
            if refused is None:
                self.step = Find(call)
                return
            passed += self._block(refused)
        if self._other_calls:
            self._end(Stop(StopReason.TOOL_USE), passed)
        elif self._refused_before:
            self._end(Stop(StopReason.END_TURN), passed)
        else:
            self._refused_before = self._refused
            self.step = Ask(())

    def _refusal(self, call: SearchCall) -> SearchResult | None:
        if not self._left:
            self._refused = True
            return SearchResult(call, error="max_uses_exceeded")
        self._left -= 1
        return None if call.query else SearchResult(call, error="invalid_input")

    def _block(self, block: SearchCall | SearchResult) -> list[Event]:
        self._index += 1
        return [BlockStart(self._index, block), BlockEnd(self._index)]

    def _end(self, stop: Stop, passed: list[Event]) -> None:
        passed += [self._spent, stop]
        self.ended = True


def _sum(spent: Usage, more: Usage) -> Usage:
    told = [used.credits for used in (spent, more) if used.credits is not None]
    return Usage(
        spent.input_tokens + more.input_tokens,
        spent.output_tokens + more.output_tokens,
        spent.cache_read + more.cache_read,
        spent.cache_write + more.cache_write,
        sum(told) if told else None,
        estimated=spent.estimated or more.estimated,
        searches=spent.searches,
    )
