"""Before a conversation is translated, and after: circles, calls cut off, turns left out, reasoning that was lost."""

import time
from functools import partial
from typing import Final

import structlog

from gateway.conversation import Conversation
from gateway.errors import GatewayError, Kind
from gateway.kiro.repeats import Repeat, repeated_failure
from gateway.kiro.thinking_request import effort_in
from gateway.web.cut_calls import Ledger, NoLedger
from gateway.web.reasoning_vault import ReasoningVault
from gateway.web.record import Record
from gateway.web.translate import Translation

_log: Final = structlog.get_logger("gateway.guard")


class Guard:
    """One for all requests. refuse_repeats: a circle is refused, not only told."""

    def __init__(self, cut_calls: Ledger | None = None, *, refuse_repeats: bool = False) -> None:
        self._cut_calls = cut_calls or NoLedger()
        self._vault = ReasoningVault(time.monotonic)
        self._refuse_repeats = refuse_repeats

    def admit(self, conversation: Conversation, record: Record) -> Conversation:
        """The conversation as it goes on, with what the answer's headers say of it in the record.

        Raises GatewayError(INVALID_REQUEST) for a circle, where the user wants that.
        """
        if conversation.ignored:
            record.told["x-kiro-gateway-ignored"] = ", ".join(conversation.ignored)
        repeat = repeated_failure(conversation.messages)
        if repeat is not None:
            record.warnings["repeats"] = _words(repeat)
            if self._refuse_repeats:
                advice = "Say how to go on in a new message, or switch guard.repeats off."
                raise GatewayError(Kind.INVALID_REQUEST, f"{_words(repeat)}. {advice}", should_retry=False)
        record.reasoned = partial(self._vault.keep, record.owner, conversation.model)
        return self._cut_calls.reminded(self._vault.restored(record.owner, conversation))

    def watch(self, record: Record, translation: Translation) -> None:
        """Put into the record what the translation tells, and write down the calls that the answer leaves cut."""
        draft = translation.draft
        record.upstream_model, record.around = draft.model_id, translation.around
        record.effort = effort_in(draft.body.get("additionalModelRequestFields", {}))
        record.cut = partial(self._cut_calls.remember, draft.chat_id)
        if (dropped := translation.dropped) is not None:
            record.told["x-kiro-gateway-trimmed"] = f"messages={dropped.messages}; bytes={dropped.size}"
            _log.warning("trimmed", messages=dropped.messages, bytes=dropped.size)


def _words(repeat: Repeat) -> str:
    return f"The same call of the tool {repeat.tool} has failed {repeat.times} times in a row with the same result"
