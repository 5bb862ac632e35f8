"""A whole answer as the Anthropic API gives it."""

from collections.abc import Sequence
from typing import Any, Final

from gateway.conversation import RedactedThinking, Text, Thinking, ToolCall
from gateway.dialects import signature, toolset
from gateway.dialects.anthropic import search
from gateway.dialects.dialect import Opening
from gateway.events import Stop, StopReason, Usage
from gateway.reply import Reply, ReplyBlock
from gateway.search.values import SearchCall, SearchResult

Json = dict[str, Any]

STOP_REASONS: Final = {
    StopReason.END_TURN: "end_turn",
    StopReason.TOOL_USE: "tool_use",
    StopReason.MAX_TOKENS: "max_tokens",
    StopReason.STOP_SEQUENCE: "stop_sequence",
    StopReason.CONTEXT_FULL: "model_context_window_exceeded",
    StopReason.REFUSAL: "refusal",
}


def render(reply: Reply, opening: Opening, key: bytes) -> Json:
    """The message object. A call whose arguments were cut is left out: its input could only be invented."""
    cut = reply.stop.reason is StopReason.MAX_TOKENS
    content = [rendered for block in reply.blocks if (rendered := _block(block, key, cut=cut)) is not None]
    return message(opening, content, STOP_REASONS[reply.stop.reason], reply.stop, reply.usage)


def message(opening: Opening, content: Sequence[Json], reason: str | None, stop: Stop | None, used: Usage) -> Json:
    """A message object: whole, or empty as ``message_start`` has it."""
    return {
        "id": f"msg_{opening.answer_id}",
        "type": "message",
        "role": "assistant",
        "model": opening.model,
        "content": content,
        "stop_reason": reason,
        "stop_sequence": None if stop is None else stop.sequence,
        "usage": usage(used),
    }


def usage(used: Usage) -> Json:
    """All four counts, always: clients crash or count zero without them. ``credits_used`` only when Kiro told it."""
    counts: Json = {
        "input_tokens": used.input_tokens,
        "cache_creation_input_tokens": used.cache_write,
        "cache_read_input_tokens": used.cache_read,
        "output_tokens": used.output_tokens,
    }
    if used.searches:
        counts["server_tool_use"] = {"web_search_requests": used.searches}
    return counts if used.credits is None else {**counts, "credits_used": used.credits}


def opened(block: ReplyBlock) -> Json:
    """A block as its content_block_start shows it."""
    match block:
        case Text():
            return {"type": "text", "text": ""}
        case Thinking():
            return {"type": "thinking", "thinking": "", "signature": ""}
        case RedactedThinking(data):
            return {"type": "redacted_thinking", "data": data}
        case ToolCall(id, name, _):
            return {"type": "tool_use", "id": id, "name": name, "input": {}}
        case SearchCall():
            return search.call_block(block, whole=False)
        case SearchResult():
            return search.result_block(block)


def _block(block: ReplyBlock, key: bytes, *, cut: bool) -> Json | None:
    match block:
        case Text(text):
            return {"type": "text", "text": text}
        case Thinking(text, signed):
            return {"type": "thinking", "thinking": text, "signature": signed or signature.mark(text, key)}
        case ToolCall(id, name, arguments):
            given = toolset.whole_input(arguments, cut=cut)
            return None if given is None else {"type": "tool_use", "id": id, "name": name, "input": given}
        case SearchCall():
            return search.call_block(block, whole=True)
        case RedactedThinking() | SearchResult():
            return opened(block)
