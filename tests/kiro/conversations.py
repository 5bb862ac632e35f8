"""Conversations no client would dare to send, as a hypothesis strategy."""

from typing import Any

from hypothesis import strategies as st

from gateway.conversation import (
    Block,
    Conversation,
    Effort,
    Image,
    Message,
    RedactedThinking,
    Text,
    Thinking,
    ThinkingRequest,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)

IDS = st.sampled_from(["a", "b", "call.1", "", "x" * 70, "ä\n"]) | st.text(max_size=5)
NAMES = st.sampled_from(["read", "write", "mcp.files/read", "x" * 80, "", "_x", "Read"]) | st.text(max_size=5)
TEXTS = st.sampled_from(["", " ", "\n", "hello", "é😀", "<thinking>"]) | st.text(max_size=10)
IMAGES = st.builds(Image, st.sampled_from(["png", "gif"]), st.sampled_from(["AAAA", "iVBORw0="]))
ARGUMENTS = st.sampled_from(["", "{}", '{"a": null}', '{"a":', "[1]", "7", '{"p": "\\ud83d"}', '{"p":"\\u00e9"}'])
RESULTS = st.builds(
    ToolResult, IDS, st.lists(st.builds(Text, TEXTS) | IMAGES, max_size=3).map(tuple), is_error=st.booleans()
)
BLOCKS: st.SearchStrategy[Block] = st.one_of(
    st.builds(Text, TEXTS),
    st.builds(Thinking, TEXTS, st.none() | st.just("c2ln")),
    st.builds(RedactedThinking, st.just("c2VjcmV0")),
    IMAGES,
    st.builds(ToolCall, IDS, NAMES, ARGUMENTS),
    RESULTS,
)
MESSAGES = st.builds(Message, st.sampled_from(["user", "assistant"]), st.lists(BLOCKS, max_size=5).map(tuple))

KEYWORDS = st.sampled_from(
    ["type", "properties", "required", "items", "anyOf", "enum", "default", "not"]
) | st.sampled_from(["additionalProperties", "$schema", "$defs", "x-own", "description", "patternProperties", "const"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.sampled_from(["object", "string", 1, 0.5]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYWORDS, inner, max_size=4),
    max_leaves=12,
)
SCHEMAS = st.dictionaries(KEYWORDS, VALUES, max_size=5)
TOOLS = st.builds(Tool, NAMES, TEXTS | st.just("é" * 6000), SCHEMAS)

CONVERSATIONS = st.builds(
    Conversation,
    model=st.just("m"),
    messages=st.lists(MESSAGES, min_size=1, max_size=8).map(tuple),
    system=TEXTS,
    tools=st.lists(TOOLS, max_size=4).map(tuple),
    tool_choice=st.builds(ToolChoice, st.sampled_from(["auto", "none", "any"])),
    thinking=st.builds(
        ThinkingRequest,
        st.sampled_from([True, False, None]),
        st.none() | st.integers(0, 99_999),
        st.none() | st.sampled_from(Effort),
    ),
    max_tokens=st.none() | st.integers(1, 500_000),
    session=st.none() | st.text(max_size=10),
)
