"""What a prompt's tokens are counted from."""

import pytest

from gateway.conversation import (
    Block,
    Conversation,
    Image,
    Message,
    RedactedThinking,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
)
from gateway.kiro.prompt_tokens import MESSAGE_TOKENS, count_prompt, estimate_prompt
from gateway.kiro.tokens import TOKENS_PER_IMAGE, estimate

PICTURE = Image("png", "A" * 5000)


def conversation(*blocks: Block, system: str = "", tools: tuple[Tool, ...] = ()) -> Conversation:
    return Conversation("m", (Message("user", blocks),), system=system, tools=tools)


@pytest.mark.parametrize(
    ("counted", "tokens"),
    [
        (conversation(), 0),
        (conversation(Text("12345")), 5),
        (conversation(Thinking("12345", "a signature, which is not read")), 5),
        (conversation(RedactedThinking("12345")), 5),
        (conversation(ToolCall("an id", "name", '{"a":1}')), 11),
        (conversation(ToolResult("an id", (Text("123"), PICTURE, Text("45")))), 5 + TOKENS_PER_IMAGE),
        (conversation(PICTURE, PICTURE), 2 * TOKENS_PER_IMAGE),
        (conversation(system="12345"), 5),
        (conversation(tools=(Tool("name", "does it", {"type": "object"}),)), 4 + 7 + 17 + MESSAGE_TOKENS),
    ],
)
def test_all_that_the_model_reads_counts(counted: Conversation, tokens: int) -> None:
    assert count_prompt(counted, len) == tokens + MESSAGE_TOKENS


def test_the_estimate_goes_by_the_same_texts_and_pictures() -> None:
    asked = conversation(Text("x" * 100), ToolResult("c", (PICTURE,)), system="y" * 40)
    assert estimate_prompt(asked) == estimate(140, 1)
