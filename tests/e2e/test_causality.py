"""Nothing is held back: frame k+1 leaves the upstream only after the client has shown what frame k said.

The simulator's gate is opened by the client's own code, so a gateway that collects or delays would hang, not pass.
"""

from collections.abc import Iterator
from typing import Any

import anthropic
import openai

from tests.e2e.conftest import Rig

PIECES = [f"piece {number} 日本 " for number in range(6)]
FRAGMENTS = ['{"pa', 'th": "', "a.", 'txt"', "}"]
HELLO = [{"role": "user", "content": "Say hello."}]
END = [
    {"event": "contextUsageEvent", "payload": {"contextUsagePercentage": 1.5}},
    {"event": "meteringEvent", "payload": {"unit": "credit", "unitPlural": "credits", "usage": 0.1}},
]
TOOLS = [{"name": "read", "description": "Read", "input_schema": {"type": "object", "properties": {}}}]
FUNCTIONS = [{"type": "function", "function": {"name": "read", "parameters": {"type": "object", "properties": {}}}}]


def text_frames() -> list[dict[str, Any]]:
    return [{"event": "assistantResponseEvent", "payload": {"content": piece}} for piece in PIECES]


def thinking_frames() -> list[dict[str, Any]]:
    said = [{"event": "reasoningContentEvent", "payload": {"text": piece}} for piece in PIECES]
    return [*said, {"event": "reasoningContentEvent", "payload": {"signature": "c2ln"}}]


def tool_frames() -> list[dict[str, Any]]:
    call = {"name": "read", "toolUseId": "tooluse_1"}
    said = [{"event": "toolUseEvent", "payload": {"input": piece, **call}} for piece in FRAGMENTS]
    return [*said, {"event": "toolUseEvent", "payload": {"name": "read", "stop": True, "toolUseId": "tooluse_1"}}]


def gated(rig: Rig, frames: list[dict[str, Any]]) -> None:
    """Every frame after the first waits for its gate; the ones that end the turn come with the last."""
    rig.simulator.push({"frames": [frames[0], *({**frame, "gate": "next"} for frame in frames[1:]), *END]})


def shown(rig: Rig, pieces: Iterator[str], expected: list[str], *, more: int) -> None:
    """Each piece is seen before the next one exists upstream; then ``more`` gates let the turn end."""
    for number, piece in enumerate(expected):
        assert next(pieces) == piece
        if number < len(expected) - 1:
            rig.simulator.open("next")
    for _ in range(more):
        rig.simulator.open("next")
    assert "".join(pieces) == ""


def test_anthropic_text(rig: Rig, claude: anthropic.Anthropic) -> None:
    gated(rig, text_frames())
    with claude.messages.stream(model="claude-sonnet-4.5", max_tokens=99, messages=HELLO) as stream:
        shown(rig, iter(stream.text_stream), PIECES, more=0)


def test_anthropic_thinking(rig: Rig, claude: anthropic.Anthropic) -> None:
    gated(rig, thinking_frames())
    thinking = {"type": "enabled", "budget_tokens": 2000}
    options = {"model": "claude-opus-4.7", "max_tokens": 9999, "messages": HELLO, "thinking": thinking}
    with claude.messages.stream(**options) as stream:
        pieces = (event.thinking for event in stream if event.type == "thinking")
        shown_until_failure(rig, pieces, PIECES)


def shown_until_failure(rig: Rig, pieces: Iterator[str], expected: list[str]) -> None:
    """As ``shown``, up to the last piece; what the turn ends as is another test's matter."""
    for number, piece in enumerate(expected):
        assert next(pieces) == piece
        if number < len(expected) - 1:
            rig.simulator.open("next")


def test_anthropic_tool_arguments(rig: Rig, claude: anthropic.Anthropic) -> None:
    gated(rig, tool_frames())
    options = {"model": "claude-sonnet-4.5", "max_tokens": 99, "messages": HELLO, "tools": TOOLS}
    with claude.messages.stream(**options) as stream:
        pieces = (event.partial_json for event in stream if event.type == "input_json")
        shown(rig, pieces, FRAGMENTS, more=1)


def test_openai_text(rig: Rig, gpt: openai.OpenAI) -> None:
    gated(rig, text_frames())
    stream = gpt.chat.completions.create(
        model="claude-sonnet-4.5", messages=HELLO, stream=True, reasoning_effort="none"
    )
    pieces = (chunk.choices[0].delta.content for chunk in stream if chunk.choices[0].delta.content)
    shown(rig, pieces, PIECES, more=0)


def test_openai_thinking(rig: Rig, gpt: openai.OpenAI) -> None:
    gated(rig, thinking_frames())
    with gpt.chat.completions.create(model="claude-opus-4.7", messages=HELLO, stream=True) as stream:
        deltas = (chunk.choices[0].delta.model_dump().get("reasoning_content") for chunk in stream)
        shown_until_failure(rig, (delta for delta in deltas if delta), PIECES)


def test_openai_tool_arguments(rig: Rig, gpt: openai.OpenAI) -> None:
    gated(rig, tool_frames())
    options: dict[str, Any] = {"model": "claude-sonnet-4.5", "messages": HELLO, "tools": FUNCTIONS}
    stream = gpt.chat.completions.create(**options, stream=True)
    calls = (call for chunk in stream for call in chunk.choices[0].delta.tool_calls or ())
    shown(rig, (call.function.arguments for call in calls if call.function.arguments), FRAGMENTS, more=1)
