"""``POST /v1/messages/count_tokens``: counted here, since Kiro has no such call."""

import os
from collections.abc import Callable
from typing import Final

from aiohttp import web

from gateway import jsontext
from gateway.dialects.dialect import Dialect
from gateway.kiro.prompt_tokens import count_prompt
from gateway.threads import Threads
from gateway.web.body import read_conversation, read_object
from gateway.web.documents import Documents
from gateway.web.record import RECORD

COUNTS_WAITING: Final = 64
"""Counts that may wait for a thread: twice what Claude Code asks for at once. Each holds a body of up to 32 MiB."""


def counting_threads() -> Threads:
    """For all counts of a gateway. One a core: the tokenizer lets go of Python's lock while it counts, and more threads
    than cores would only take them from the event loop.
    """
    return Threads("token counts", os.cpu_count() or 2, waiting=COUNTS_WAITING)


class CountTokens:
    """The handler: the request of a message, answered with its size."""

    def __init__(self, dialect: Dialect, count: Callable[[str], int], documents: Documents, threads: Threads) -> None:
        """threads: to count in; ``counting_threads``."""
        self._dialect = dialect
        self._count = count
        self._documents = documents
        self._threads = threads

    async def answer(self, request: web.Request) -> web.Response:
        """Count in a thread: Claude Code asks 25 times at once, and 400 KB take 80 ms. 503 when too many wait."""
        record = request[RECORD]
        record.dialect = self._dialect.name
        body = await read_object(request, record.capture)
        said = await read_conversation(self._dialect, body, request)
        conversation = await self._documents.read(said)
        record.model = conversation.model
        tokens = await self._threads.run(count_prompt, conversation, self._count)
        return web.Response(body=jsontext.encode({"input_tokens": tokens}), content_type="application/json")
