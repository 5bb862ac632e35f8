"""Whole answers of the chat API (most of them are in the golden files)."""

from typing import Any

from gateway.conversation import Text, Thinking, ToolCall
from gateway.dialects.openai_chat import OPENAI_CHAT
from gateway.events import Stop, StopReason, Usage
from gateway.reply import Reply
from tests.dialects.turns import OPENING


def choice(body: dict[str, Any], reason: StopReason, *blocks: Text | Thinking | ToolCall) -> dict[str, Any]:
    reply = Reply()
    reply.blocks.extend(blocks)
    reply.stop = Stop(reason)
    found: dict[str, Any] = OPENAI_CHAT.render(reply, body, OPENING)["choices"][0]
    return found


def test_all_text_is_one_content_and_all_thinking_one_field() -> None:
    message = choice({}, StopReason.END_TURN, Thinking("a"), Text("b"), Thinking("c"), Text("d"))["message"]
    assert (message["content"], message["reasoning_content"]) == ("bd", "ac")


def test_content_is_null_only_beside_calls() -> None:
    assert choice({}, StopReason.TOOL_USE, ToolCall("1", "n", "{}"))["message"]["content"] is None
    assert choice({}, StopReason.END_TURN)["message"]["content"] == ""


def test_the_first_tool_form_is_answered_in_its_own_words() -> None:
    answered = choice({"functions": [{"name": "n"}]}, StopReason.TOOL_USE, ToolCall("1", "n", "{}"))
    assert answered["message"]["function_call"] == {"name": "n", "arguments": "{}"}
    assert "tool_calls" not in answered["message"]
    assert answered["finish_reason"] == "function_call"


def test_prompt_tokens_are_all_that_the_model_read() -> None:
    reply = Reply()
    reply.usage = Usage(10, 5, cache_read=100, cache_write=20)
    usage = OPENAI_CHAT.render(reply, {}, OPENING)["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (130, 5, 135)
    assert usage["prompt_tokens_details"] == {"cached_tokens": 100}
    assert "credits_used" not in usage
