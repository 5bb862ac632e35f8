"""A whole answer as OpenAI's chat API gives it."""

from collections.abc import Iterable
from typing import Any, Final

from gateway.conversation import Text, Thinking, ToolCall
from gateway.dialects.dialect import Opening
from gateway.events import StopReason, Usage
from gateway.reply import Reply

Json = dict[str, Any]

FINISH_REASONS: Final = {
    StopReason.END_TURN: "stop",
    StopReason.TOOL_USE: "tool_calls",
    StopReason.MAX_TOKENS: "length",
    StopReason.STOP_SEQUENCE: "stop",
    StopReason.CONTEXT_FULL: "length",
    StopReason.REFUSAL: "content_filter",
}


def render(reply: Reply, opening: Opening, *, functions: bool) -> Json:
    """The completion object. ``functions``: the answer's call goes into ``function_call``, the API's first form."""
    choice = {
        "index": 0,
        "message": _message(reply, functions=functions),
        "logprobs": None,
        "finish_reason": finish_reason(reply.stop.reason, functions=functions),
    }
    return {**head(opening, "chat.completion"), "choices": [choice], "usage": usage(reply.usage)}


def head(opening: Opening, kind: str) -> Json:
    """What every object of one answer begins with."""
    return {
        "id": f"chatcmpl-{opening.answer_id}",
        "object": kind,
        "created": opening.created,
        "model": opening.model,
    }


def usage(used: Usage) -> Json:
    """Prompt tokens are all that the model read, cached or not. ``credits_used`` only when Kiro told it."""
    prompt = used.input_tokens + used.cache_read + used.cache_write
    counts: Json = {
        "prompt_tokens": prompt,
        "completion_tokens": used.output_tokens,
        "total_tokens": prompt + used.output_tokens,
        "prompt_tokens_details": {"cached_tokens": used.cache_read},
    }
    return counts if used.credits is None else {**counts, "credits_used": used.credits}


def finish_reason(reason: StopReason, *, functions: bool) -> str:
    """The API's word for the end of a turn."""
    return "function_call" if functions and reason is StopReason.TOOL_USE else FINISH_REASONS[reason]


def _message(reply: Reply, *, functions: bool) -> Json:
    text = _joined(block.text for block in reply.blocks if isinstance(block, Text))
    thought = _joined(block.text for block in reply.blocks if isinstance(block, Thinking))
    calls = [block for block in reply.blocks if isinstance(block, ToolCall)]
    message: Json = {"role": "assistant", "content": text or (None if calls else ""), "refusal": None}
    if thought:
        message["reasoning_content"] = thought
    if calls and functions:
        message["function_call"] = _function(calls[0])
    elif calls:
        message["tool_calls"] = [{"id": call.id, "type": "function", "function": _function(call)} for call in calls]
    return message


def _joined(texts: Iterable[str]) -> str:
    return "".join(texts)


def _function(call: ToolCall) -> Json:
    """Arguments stay text in this API: those of a cut call go out as far as they came, with finish ``length``."""
    return {"name": call.name, "arguments": call.arguments}
