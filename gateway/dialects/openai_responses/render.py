"""A whole answer as the Responses API gives it. The end of a stream is written by the same functions."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.conversation import RedactedThinking, Text, Thinking, ToolCall
from gateway.dialects import toolset
from gateway.dialects.dialect import Opening
from gateway.dialects.openai_responses import sealed
from gateway.dialects.openai_responses.freeform import unwrapped
from gateway.dialects.openai_responses.tools import Own, Toolbox
from gateway.events import StopReason, Usage
from gateway.reply import Reply, ReplyBlock
from gateway.search.values import SearchCall, SearchResult

Json = dict[str, Any]

_INCOMPLETE: Final = {
    StopReason.MAX_TOKENS: "max_output_tokens",
    StopReason.CONTEXT_FULL: "max_output_tokens",
    StopReason.REFUSAL: "content_filter",
}
"""Why an answer is no whole one; every other end is ``completed``."""


def render(reply: Reply, body: Mapping[str, Any], toolbox: Toolbox, opening: Opening) -> Json:
    """The response object of a turn that has stopped."""
    reason = _INCOMPLETE.get(reply.stop.reason)
    ended = {
        "status": "incomplete" if reason else "completed",
        "incomplete_details": {"reason": reason} if reason else None,
        "output": output(reply, toolbox, opening),
        "usage": usage(reply),
    }
    return response(body, opening, ended)


def response(body: Mapping[str, Any], opening: Opening, state: Json) -> Json:
    """A response object: what the request said, as the API repeats it, and the answer's state; by default it begins."""
    reasoning = body.get("reasoning") or {}
    return {
        "id": f"resp_{opening.answer_id}",
        "object": "response",
        "created_at": opening.created,
        "status": "in_progress",
        "model": opening.model,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "metadata": body.get("metadata") or {},
        "output": [],
        "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
        "previous_response_id": body.get("previous_response_id"),
        "reasoning": {"effort": reasoning.get("effort"), "summary": reasoning.get("summary")},
        "store": body.get("store") is not False,
        "text": {"format": {"type": "text"}, **(body.get("text") or {})},
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": body.get("tools") or [],
        "truncation": "disabled",
        "usage": None,
        **state,
    }


def output(reply: Reply, toolbox: Toolbox, opening: Opening) -> list[Json]:
    """The finished items."""
    shown = (block for block in reply.blocks if not isinstance(block, SearchCall))  # a search is one item, its result's
    items = (item(index, block, toolbox, opening) for index, block in enumerate(shown))
    return [found for found in items if found is not None]


def item(index: int, block: ReplyBlock, toolbox: Toolbox, opening: Opening) -> Json | None:
    """A finished item. A cut freeform call is none: nothing in it shows the cut, and half a script would be run."""
    match block:
        case Text(text):
            return message(item_id("msg", index, opening), "completed", [text_part(text)])
        case Thinking() | RedactedThinking():
            return reasoning(item_id("rs", index, opening), block)
        case ToolCall(_, name, arguments):
            own = toolbox.owner(name)
            if own.freeform:
                whole = unwrapped(arguments)
                return None if whole is None else freeform_call(index, block, own, whole, opening)
            cut = toolset.whole_input(arguments, cut=False) is None
            return function_call(index, block, own, "incomplete" if cut else "completed", opening)
        case SearchResult(call, hits, error):
            sources = [hit.url for hit in hits] if toolbox.with_sources else None
            return search_call(index, call, "failed" if error else "completed", opening, sources)
        case SearchCall():
            return None


def item_id(prefix: str, index: int, opening: Opening) -> str:
    """An item's id; the response's id can be read from it."""
    return f"{prefix}_{opening.answer_id}_{index}"


def message(id_: str, status: str, content: Sequence[Json]) -> Json:
    """A message item."""
    return {"id": id_, "type": "message", "status": status, "role": "assistant", "content": content}


def text_part(text: str) -> Json:
    """A message's only part."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def summary_part(text: str) -> Json:
    """A reasoning item's only part. It is the reasoning itself: Kiro sends no other."""
    return {"type": "summary_text", "text": text}


def reasoning(id_: str, block: Thinking | RedactedThinking) -> Json:
    """A reasoning item; what Kiro signed comes back to it by way of ``encrypted_content``."""
    summary = [summary_part(block.text)] if isinstance(block, Thinking) and block.text else []
    return {"id": id_, "type": "reasoning", "summary": summary, "encrypted_content": sealed.seal(block)}


def function_call(index: int, call: ToolCall, own: Own, status: str, opening: Opening) -> Json:
    """A call of a function; arguments stay text, so those of a cut call go out as far as they came."""
    return {
        "id": item_id("fc", index, opening),
        "type": "function_call",
        "status": status,
        "call_id": call.id,
        "name": own.name,
        **_namespace(own),
        "arguments": call.arguments,
    }


def freeform_call(index: int, call: ToolCall, own: Own, text: str, opening: Opening) -> Json:
    """A call of a freeform tool."""
    return {
        "id": item_id("ctc", index, opening),
        "type": "custom_tool_call",
        "call_id": call.id,
        "name": own.name,
        **_namespace(own),
        "input": text,
    }


def search_call(
    index: int, call: SearchCall, status: str, opening: Opening, sources: Sequence[str] | None = None
) -> Json:
    """A search. sources: the pages found, for a client that asked to be told."""
    action: Json = {"type": "search", "query": call.query}
    if sources is not None:
        action["sources"] = [{"type": "url", "url": url} for url in sources]
    return {"id": item_id("ws", index, opening), "type": "web_search_call", "status": status, "action": action}


def _namespace(own: Own) -> Json:
    return {} if own.namespace is None else {"namespace": own.namespace}


def usage(reply: Reply) -> Json:
    """Input tokens are all that the model read, cached or not. ``credits_used`` only when Kiro told it."""
    used: Usage = reply.usage
    total = used.input_tokens + used.cache_read + used.cache_write
    counts: Json = {
        "input_tokens": total,
        "input_tokens_details": {"cached_tokens": used.cache_read, "cache_write_tokens": used.cache_write},
        "output_tokens": used.output_tokens,
        "output_tokens_details": {"reasoning_tokens": _reasoning_tokens(reply.blocks, used.output_tokens)},
        "total_tokens": total + used.output_tokens,
    }
    return counts if used.credits is None else {**counts, "credits_used": used.credits}


def _reasoning_tokens(blocks: Sequence[ReplyBlock], tokens: int) -> int:
    """The share of the output tokens that was thought, by length: Kiro counts only the whole."""
    thought = sum(len(block.text) for block in blocks if isinstance(block, Thinking))
    said = sum(len(block.text) for block in blocks if isinstance(block, Text))
    called = sum(len(block.arguments) for block in blocks if isinstance(block, ToolCall))
    return -(-tokens * thought // (thought + said + called)) if thought else 0
