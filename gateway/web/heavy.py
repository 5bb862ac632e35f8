"""Work on large requests that would hold the event loop: cut into steps, or given to a thread.

A thread helps only where the interpreter may switch: in Python code whose single calls into C are short. Calls that
are not (the JSON decoder on a large body) are cut into steps.
"""

import asyncio
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar

from aiohttp import web

from gateway.conversation import (
    Block,
    Conversation,
    Document,
    Image,
    RedactedThinking,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from gateway.threads import Threads

SWITCH_SECONDS: Final = 0.0001
"""How long a thread may keep the interpreter from the event loop. Python's own 5 ms would be the whole limit."""

LIGHT_BYTES: Final = 256 * 1024
LIGHT_NODES: Final = 2_000
LIGHT_BLOCKS: Final = 400
LIGHT_TOOLS: Final = 64
"""Up to here a step of a request (its check, its parsing, its translation) takes 2 ms and stays on the loop; a thread
would add a quarter of a millisecond. An agent's session of 400 KB with 24 tools has 150 blocks."""

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Heavy:
    """One for all requests."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None  # known from the first steps on
        self._turn = asyncio.Lock()
        self._thread = Threads(
            "large requests", 1
        )  # Python code: more threads only take the interpreter from each other
        sys.setswitchinterval(SWITCH_SECONDS)

    async def stepwise(self, steps: Iterable[object]) -> None:
        """Take all steps, and let everything else run between two. Of many requests, one takes a step at a time."""
        self._loop = asyncio.get_running_loop()
        iterator = iter(steps)
        done = object()
        while True:
            async with self._turn:
                if next(iterator, done) is done:
                    return
                await asyncio.sleep(0)

    def dispose(self, pieces: list[Any]) -> None:
        """Free what a decoder's pieces hold, a piece at a time. Any thread may call."""
        loop = self._loop
        if loop is not None:
            pieces.reverse()
            with suppress(RuntimeError):  # the loop has been closed: nobody is held up any more
                loop.call_soon_threadsafe(_free_next, loop, pieces)

    async def run(self, work: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        """Do the work in the thread."""
        return await self._thread.run(partial(work, *args, **kwargs))

    def close(self) -> None:
        """Wait for nothing: what is running ends by itself."""
        self._thread.close()


def _free_next(loop: asyncio.AbstractEventLoop, pieces: list[Any]) -> None:
    """Free a piece now and the next one when everything else has had a turn."""
    if pieces:
        pieces.pop()
        loop.call_soon(_free_next, loop, pieces)


HEAVY: Final = web.AppKey("heavy", Heavy)


def is_heavy(conversation: Conversation) -> bool:
    """Whether a conversation is too large to be laid out on the event loop. Looks no further than it must."""
    size = len(conversation.system)
    blocks = 0
    for message in conversation.messages:
        blocks += len(message.blocks)
        if blocks > LIGHT_BLOCKS:
            return True
        size += sum(map(_size, message.blocks))
        if size > LIGHT_BYTES:
            return True
    return size > LIGHT_BYTES or len(conversation.tools) > LIGHT_TOOLS


def _size(block: Block) -> int:
    match block:
        case Text(text) | Thinking(text):
            return len(text)
        case ToolResult(_, content):
            return sum(map(_size, content))
        case ToolCall(_, _, arguments):
            return len(arguments)
        case Image(_, data) | RedactedThinking(data) | Document(data):
            return len(data)
