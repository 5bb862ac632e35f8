"""Signed reasoning in tool loops of clients that drop it: what Kiro finds in the history."""

from typing import Any

import anthropic
import openai
import pytest

from tests.e2e.conftest import Rig
from tests.e2e.honoured import END, call_frames

MODEL = "claude-opus-4.7"
SIGNATURE = "EqQBCkgIBRABGAIiQG1hZGUtdXAtc2lnbmF0dXJl"
REASONING = [
    {"event": "reasoningContentEvent", "payload": {"text": "I must "}},
    {"event": "reasoningContentEvent", "payload": {"text": "look é."}},
    {"event": "reasoningContentEvent", "payload": {"signature": SIGNATURE}},
]
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
SEALED = {"reasoningText": {"text": "I must look é.", "signature": SIGNATURE}}
ASK = {"role": "user", "content": "go"}


def thinks_and_calls(rig: Rig, identity: str) -> None:
    rig.simulator.push({"frames": [*REASONING, *call_frames("look", identity), *END]})


def reasoning_sent(rig: Rig) -> list[Any]:
    """The reasoning of each answer in the newest history."""
    history = rig.simulator.requests()[-1]["body"]["conversationState"]["history"]
    answers = [entry["assistantResponseMessage"] for entry in history if "assistantResponseMessage" in entry]
    return [answer.get("reasoningContent") for answer in answers]


@pytest.mark.parametrize("stream", [False, True])
def test_a_chat_client_drops_it_and_kiro_gets_it_back(rig: Rig, gpt: openai.OpenAI, stream: bool) -> None:
    thinks_and_calls(rig, f"tooluse_kept_{stream}")
    asked = {"model": MODEL, "tools": [TOOL], "reasoning_effort": "high"}
    if stream:
        with gpt.chat.completions.stream(messages=[ASK], **asked) as events:
            call = events.get_final_completion().choices[0].message.tool_calls[0]
    else:
        call = gpt.chat.completions.create(messages=[ASK], **asked).choices[0].message.tool_calls[0]
    function = {"name": call.function.name, "arguments": call.function.arguments}
    said = {"role": "assistant", "tool_calls": [{"id": call.id, "type": "function", "function": function}]}
    result = {"role": "tool", "tool_call_id": call.id, "content": "plover"}
    gpt.chat.completions.create(messages=[ASK, said, result], **asked)
    assert reasoning_sent(rig) == [SEALED]


def test_it_comes_back_where_the_client_was_not_even_shown_it(rig: Rig, claude: anthropic.Anthropic) -> None:
    thinks_and_calls(rig, "tooluse_unseen")
    asked: dict[str, Any] = {
        "model": MODEL,
        "max_tokens": 500,
        "tools": [{"name": "look", "input_schema": {"type": "object"}}],
    }
    first = claude.messages.create(messages=[ASK], **asked)
    assert [block.type for block in first.content] == ["tool_use"]
    result = {"type": "tool_result", "tool_use_id": first.content[0].id, "content": "plover"}
    messages = [ASK, {"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
    claude.messages.create(messages=messages, **asked)
    assert reasoning_sent(rig) == [SEALED]


def test_a_responses_client_without_encrypted_content_has_it_kept(rig: Rig, gpt: openai.OpenAI) -> None:
    thinks_and_calls(rig, "tooluse_items")
    tool = {"type": "function", "name": "look", "parameters": {"type": "object", "properties": {}}}
    asked: dict[str, Any] = {"model": MODEL, "tools": [tool], "reasoning": {"effort": "high"}, "store": False}
    first = gpt.responses.create(input="go", **asked)
    call = next(item for item in first.output if item.type == "function_call")
    sent = {"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments}
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "plover"}
    gpt.responses.create(input=[ASK, sent, result], **asked)
    assert reasoning_sent(rig) == [SEALED]
