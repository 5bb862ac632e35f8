"""What else the Messages API has, through its SDK: what Kiro is sent, and counts of everything."""

import asyncio
from typing import Any

import anthropic
import pytest

from tests.e2e.conftest import Rig
from tests.e2e.honoured import sent_text

MODEL = "claude-sonnet-4.5"
NATIVE = "claude-opus-4.7"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
HELLO: dict[str, Any] = {"role": "user", "content": "Say hello."}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "find_tools", "input": {}}


def state(rig: Rig) -> Any:
    return rig.simulator.requests()[-1]["body"]["conversationState"]


def offered(rig: Rig) -> set[str]:
    """The names of the tools that Kiro was told last."""
    context = state(rig)["currentMessage"]["userInputMessage"]["userInputMessageContext"]
    return {tool["toolSpecification"]["name"] for tool in context["tools"]}


def tool(name: str, **members: object) -> dict[str, object]:
    return {"name": name, "description": f"Does {name}", "input_schema": {"type": "object"}, **members}


def test_a_deferred_tool_is_offered_once_a_reference_names_it(rig: Rig, claude: anthropic.Anthropic) -> None:
    tools = [tool("find_tools"), tool("rare", defer_loading=True), tool("rarer", defer_loading=True)]
    asked: dict[str, Any] = {"model": MODEL, "max_tokens": 300, "tools": tools}
    claude.messages.create(messages=[HELLO], **asked)
    assert offered(rig) == {"find_tools"}
    reference = {"type": "tool_reference", "tool_name": "rare"}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [reference]}
    history = [HELLO, {"role": "assistant", "content": [CALL]}, {"role": "user", "content": [result]}]
    claude.messages.create(messages=history, **asked)
    assert offered(rig) == {"find_tools", "rare"}


def test_the_effort_of_the_newest_message_counts(rig: Rig, claude: anthropic.Anthropic) -> None:
    later = {"role": "system", "content": "Be quick.", "output_config": {"effort": "low"}}
    asked: dict[str, Any] = {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}}
    for messages, effort in (([HELLO], "high"), ([HELLO, later], "low")):
        claude.messages.create(model=NATIVE, max_tokens=300, messages=messages, **asked)
        fields = rig.simulator.requests()[-1]["body"]["additionalModelRequestFields"]
        assert fields["output_config"]["effort"] == effort


@pytest.mark.parametrize("stream", [False, True])
def test_redacted_thinking_comes_and_goes_back_as_it_is(rig: Rig, claude: anthropic.Anthropic, stream: bool) -> None:
    ask = {"role": "user", "content": "[[redacted]] hi"}
    asked: dict[str, Any] = {"model": NATIVE, "max_tokens": 300, "thinking": {"type": "adaptive"}}
    if stream:
        with claude.messages.stream(messages=[ask], **asked) as events:
            first = events.get_final_message()
    else:
        first = claude.messages.create(messages=[ask], **asked)
    assert first.content[0].type == "redacted_thinking"
    claude.messages.create(messages=[ask, {"role": "assistant", "content": first.content}, HELLO], **asked)
    said = state(rig)["history"][-1]["assistantResponseMessage"]
    assert said["reasoningContent"] == {"redactedContent": first.content[0].data}


def test_a_prefill_is_said_by_the_model_and_to_be_continued(rig: Rig, claude: anthropic.Anthropic) -> None:
    prefill = {"role": "assistant", "content": "The answer is"}
    claude.messages.create(model=MODEL, max_tokens=300, messages=[HELLO, prefill])
    assert state(rig)["history"][-1]["assistantResponseMessage"]["content"] == "The answer is"
    assert "Continue your last message" in sent_text(rig)


def test_every_part_of_a_prompt_counts(claude: anthropic.Anthropic) -> None:
    words = "many words " * 50
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": words}
    thought = {"type": "thinking", "thinking": words, "signature": "Eq=="}
    call = {**CALL, "input": {"path": words}}

    def count(messages: list[Any], **members: Any) -> int:
        return claude.messages.count_tokens(model=MODEL, messages=messages, **members).input_tokens

    bare = count([HELLO])
    larger = {
        "system": count([HELLO], system=words),
        "tools": count([HELLO], tools=[tool("look", input_schema={"type": "object", "description": words})]),
        "call": count([HELLO, {"role": "assistant", "content": [call]}]),
        "result": count([HELLO, {"role": "assistant", "content": [CALL]}, {"role": "user", "content": [result]}]),
        "thinking": count([HELLO, {"role": "assistant", "content": [thought]}, HELLO]),
        "image": count([{"role": "user", "content": [PICTURE]}]),
    }
    assert not [name for name, tokens in larger.items() if tokens < bare + 90]


async def test_twenty_five_counts_at_once_are_all_answered(async_claude: anthropic.AsyncAnthropic) -> None:
    texts = ["word " * 2000 * (number + 1) for number in range(25)]
    counts = await asyncio.gather(
        *(async_claude.messages.count_tokens(model=MODEL, messages=[{"role": "user", "content": it}]) for it in texts)
    )
    tokens = [counted.input_tokens for counted in counts]
    assert tokens == sorted(set(tokens)) and len(tokens) == 25
