"""Searches as the history holds them: calls and results like those of any tool."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

from gateway import jsontext
from gateway.conversation import Block, Message, Text, ToolCall, ToolResult
from gateway.search.values import NAME, SearchCall, SearchResult

_ERRORS: Final = {
    "unavailable": "The search failed. Go on without it, and say so.",
    "too_many_requests": "The search is not available now: too many requests. Go on without it, and say so.",
    "max_uses_exceeded": "No more searches are allowed in this answer. Answer with what you know by now.",
    "invalid_input": "The search was called without a query.",
}


def messages(
    role: Literal["user", "assistant"], blocks: Sequence[Block | SearchCall | SearchResult]
) -> Iterable[Message]:
    """A client's message as the messages it stands for: one, but for an answer in which the model searched."""
    if role == "assistant" and SearchResult in map(type, blocks):
        return answer(blocks)
    return (Message(role, tuple(map(_as_block, blocks))),)


def _as_block(block: Block | SearchCall | SearchResult) -> Block:
    if isinstance(block, SearchCall):
        return call(block)
    return result(block) if isinstance(block, SearchResult) else block


def answer(blocks: Iterable[Block | SearchCall | SearchResult]) -> Iterator[Message]:
    """An assistant's message as the messages it stands for: what follows a search is said after its result."""
    said: list[Block] = []
    results: list[Block] = []
    for block in blocks:
        if isinstance(block, SearchResult):
            results.append(result(block))
            continue
        if results and not isinstance(block, SearchCall):
            yield from _flushed(said, results)
            said, results = [], []
        said.append(call(block) if isinstance(block, SearchCall) else block)
    yield from _flushed(said, results)


def _flushed(said: list[Block], results: list[Block]) -> Iterator[Message]:
    if said:
        yield Message("assistant", tuple(said))
    if results:
        yield Message("user", tuple(results))


def call(made: SearchCall) -> ToolCall:
    """A search as a call."""
    return ToolCall(made.id, NAME, jsontext.encode({"query": made.query}).decode())


def result(found: SearchResult) -> ToolResult:
    """What was found, for the model to read; the same hits are always the same words."""
    return ToolResult(found.call.id, (Text(_words(found)),), is_error=found.error is not None)


def _words(found: SearchResult) -> str:
    if found.error is not None:
        return _ERRORS[found.error]
    pages = [
        "\n".join(line for line in (f"{number}. {hit.title}", hit.url, hit.published, hit.snippet) if line)
        for number, hit in enumerate(found.hits, 1)
    ]
    return "\n\n".join(pages) or "Nothing was found."
