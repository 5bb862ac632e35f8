"""A whole answer held to what was demanded: asked for once more where the user's settings allow it."""

from collections.abc import Awaitable, Callable
from typing import Final

from gateway.conversation import Conversation, ToolChoice
from gateway.honour.calls import missing_call
from gateway.honour.prompt import corrected
from gateway.honour.unmet import Unmet
from gateway.reply import Reply
from gateway.web.record import Record

UNMET: Final = ("x-kiro-gateway-unmet", "tool_choice")
"""The header of a whole answer without the call that was demanded. The answer itself is good, and paid for."""


class Settle:
    """One whole answer. ``ask``: sends a conversation and gives the folded answer, or raises what broke it."""

    def __init__(self, ask: Callable[[Conversation], Awaitable[Reply]], record: Record, *, repair: bool) -> None:
        self._ask = ask
        self._record = record
        self._repair = repair

    async def run(self, conversation: Conversation, choice: ToolChoice) -> Reply:
        """The answer. Raises Unmet for JSON that is none; of a call that is missing the record's headers tell.

        choice: what the model had to call, of the tools it was really offered.
        """
        try:
            reply = await self._ask(conversation)
            unmet = missing_call(choice, reply)
        except Unmet as error:
            if not self._repair:
                raise
            unmet = error
        if unmet is not None and self._repair:
            reply = await self._again(corrected(conversation, unmet))
            unmet = missing_call(choice, reply)
        if unmet is not None:
            self._record.told.update([UNMET])
        return reply

    async def _again(self, conversation: Conversation) -> Reply:
        """The second answer, whose tokens say how full the context is; the log has one request that was repaired."""
        self._record.repaired = True
        return await self._ask(conversation)
