"""Puts the text of documents in their place, read by a process of their own (``gateway.documents``)."""

import asyncio
import hashlib
import sys
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from gateway.conversation import Block, Conversation, Document, Image, Message, Text, ToolResult, attached
from gateway.documents import REFUSED
from gateway.errors import GatewayError, Kind
from gateway.web.child_process import ChildProcess

SECONDS: Final = 20.0
"""For one document; 300 pages of plain text, 1.2 million characters, were measured at 0.7."""

COMMAND: Final = (sys.executable, "-m", "gateway.documents")

AT_ONCE: Final = 2
"""Processes that read documents; the others wait for their turn."""

KEPT: Final = 64
KEPT_CHARACTERS: Final = 16_000_000
"""Texts remembered: a client sends its documents again with every turn."""


class Documents:
    """The documents of all requests; remembers the texts of the latest ones. ``extract``: the text of one."""

    def __init__(self, extract: Callable[[Document], Awaitable[str]] | None = None) -> None:
        self._extract = extract or extracted
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._known: OrderedDict[bytes, str] = OrderedDict()
        self._characters = 0

    async def read(self, conversation: Conversation) -> Conversation:
        """The conversation without documents; the same object if it has none. Raises INVALID_REQUEST with the path."""
        found = set(attached(conversation.messages, Document))
        if not found:
            return conversation
        texts = {document: Text(await self._text(document)) for document in found}
        messages = (Message(message.role, _replaced(message.blocks, texts)) for message in conversation.messages)
        return replace(conversation, messages=tuple(messages))

    async def _text(self, document: Document) -> str:
        """Reading is not shared between two requests that bring the same document at once; they are rare."""
        digest = hashlib.sha256(document.data.encode("ascii")).digest()
        if digest in self._known:
            self._known.move_to_end(digest)
            return self._known[digest]
        async with self._turns:
            text = await self._extract(document)
        self._remember(digest, text)
        return text

    def _remember(self, digest: bytes, text: str) -> None:
        self._characters += len(text) - len(self._known.pop(digest, ""))
        self._known[digest] = text
        while len(self._known) > KEPT or self._characters > KEPT_CHARACTERS:
            self._characters -= len(self._known.popitem(last=False)[1])


def _replaced(blocks: tuple[Block, ...], texts: dict[Document, Text]) -> tuple[Block, ...]:
    return tuple(_without(block, texts) for block in blocks)


def _without(block: Block, texts: dict[Document, Text]) -> Block:
    if isinstance(block, Document):
        return texts[block]
    if isinstance(block, ToolResult):
        return ToolResult(block.call_id, tuple(_part(part, texts) for part in block.content), block.is_error)
    return block


def _part(part: Text | Image | Document, texts: dict[Document, Text]) -> Text | Image:
    return texts[part] if isinstance(part, Document) else part


async def extracted(document: Document, seconds: float = SECONDS) -> str:
    """A document's text. Raises INVALID_REQUEST with the document's path when it cannot be read in that time.

    The process ends with this call, whatever happens: time up, or the client gone."""
    process = await ChildProcess.start(COMMAND)
    try:
        async with asyncio.timeout(seconds):
            with suppress(OSError):  # one that ends before it has read everything; its exit status tells
                process.target.write(document.data.encode("ascii"))
                await process.target.drain()
                process.target.write_eof()
            told = await process.source.read()
            status = await process.ended()
    except TimeoutError as error:
        raise _refusal(document, f"The PDF could not be read within {seconds:g} s: send a part of it") from error
    finally:
        await process.kill()
    if status == REFUSED:
        raise _refusal(document, told.decode())
    if status:
        raise _refusal(document, "The PDF cannot be read: it is damaged, or no PDF")
    return told.decode()


def _refusal(document: Document, message: str) -> GatewayError:
    return GatewayError(Kind.INVALID_REQUEST, message, path=document.path, should_retry=False)
