"""The shape of a Messages request."""

from typing import Any

import pytest
from marshmallow import ValidationError

from gateway.dialects.anthropic.schema import SCHEMA
from gateway.dialects.fields import MOST_MESSAGES, MOST_TOOLS, refusal

HELLO = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def told(block: dict[str, Any]) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, block]}]}


ACCEPTED = [
    HELLO,
    {**HELLO, "max_tokens": 128_000, "temperature": "odd", "betas": [1], "context_management": {"edits": []}},
    {**HELLO, "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}]},
    {**HELLO, "system": None, "tools": None, "stream": None, "thinking": None},
    {**HELLO, "thinking": {"type": "enabled", "budget_tokens": 32_000, "display": "updates"}, "max_tokens": 32_000},
    {**HELLO, "tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 8}]},
    {**HELLO, "tools": [{"name": "t", "input_schema": {}, "defer_loading": True, "cache_control": None}]},
    {"model": "m", "messages": [{"role": "system", "content": "s", "output_config": {"effort": "high"}}]},
    told({"type": "tool_result", "tool_use_id": "t", "content": None, "is_error": None}),
    told({"type": "tool_result", "tool_use_id": "t"}),
    told({"type": "tool_result", "tool_use_id": "t", "content": [{"type": "tool_reference", "tool_name": "x"}]}),
    told({"type": "thinking", "thinking": "", "signature": ""}),
    told({"type": "text", "text": "", "citations": None}),
]


@pytest.mark.parametrize("body", ACCEPTED)
def test_what_real_clients_send_passes(body: dict[str, Any]) -> None:
    SCHEMA.load(body)


REFUSED = [
    ({"messages": HELLO["messages"]}, "model", "Field required"),
    ({**HELLO, "model": "a\nb"}, "model", "no control characters"),
    ({"model": "m"}, "messages", "Field required"),
    ({"model": "m", "messages": []}, "messages", "at least 1 item"),
    ({"model": "m", "messages": [{"role": "tool", "content": "a"}]}, "messages.0.role", "'user', 'assistant' or 'sys"),
    ({"model": "m", "messages": [{"role": "user"}]}, "messages.0.content", "Field required"),
    ({"model": "m", "messages": [{"role": "user", "content": None}]}, "messages.0.content", "valid list"),
    ({**HELLO, "max_tokens": True}, "max_tokens", "valid integer"),
    ({**HELLO, "max_tokens": "5"}, "max_tokens", "valid integer"),
    ({**HELLO, "max_tokens": 0}, "max_tokens", "greater than or equal to 1"),
    ({**HELLO, "max_tokens": 10**400}, "max_tokens", r"below 2\*\*63"),
    ({**HELLO, "stream": "true"}, "stream", "valid boolean"),
    ({**HELLO, "thinking": {"type": "hard"}}, "thinking.type", "'enabled', 'adaptive' or 'disabled'"),
    ({**HELLO, "tools": [{"name": "t"}]}, "tools.0.input_schema", "Field required"),
    ({**HELLO, "tools": [{"type": [], "name": "t"}]}, "tools.0.type", "valid string"),
    ({**HELLO, "tools": ["t"]}, "tools.0", "an object"),
    ({**HELLO, "tool_choice": {"type": "tool"}}, "tool_choice.name", "Field required"),
    ({**HELLO, "tool_choice": "auto"}, "tool_choice", "an object"),
    ({**HELLO, "system": [{"type": "image"}]}, "system.0.type", "'text'"),
    ({**HELLO, "metadata": {"user_id": 5}}, "metadata.user_id", "valid string"),
    ({**HELLO, "output_config": {"effort": "huge"}}, "output_config.effort", "Input should be"),
    (told({"type": "text"}), "messages.0.content.1.text", "Field required"),
    (told({"text": "a"}), "messages.0.content.1.type", "Field required"),
    (told({"type": "mcp_tool_use"}), "messages.0.content.1.type", "`mcp_tool_use` is not supported"),
    (told({"type": "tool_use", "id": "1", "name": "n"}), "messages.0.content.1.input", "Field required"),
    (told({"type": "image", "source": {"type": "file"}}), "messages.0.content.1.source.type", "`file` is not supp"),
    (
        told({"type": "document", "source": {"type": "base64", "data": "AAAA", "media_type": 5}}),
        "messages.0.content.1.source.media_type",
        "valid string",
    ),
    (
        told({"type": "document", "source": {"type": "content", "content": [{"type": "image"}]}}),
        "messages.0.content.1.source.content.0.source",
        "Field required",
    ),
    (
        told({"type": "tool_result", "tool_use_id": "t", "content": [{"type": "c4n4ry"}]}),
        "messages.0.content.1.content.0.type",
        "'text', 'image', 'document', 'search_result' or 'tool_reference'",
    ),
    ({"model": "m", "messages": HELLO["messages"] * (MOST_MESSAGES + 1)}, "messages", "at most 10000 items"),
    ({**HELLO, "tools": [{"name": "t", "input_schema": {}}] * (MOST_TOOLS + 1)}, "tools", "at most 512 items"),
]


@pytest.mark.parametrize(("body", "path", "words"), REFUSED, ids=[f"{path}: {words}" for _, path, words in REFUSED])
def test_a_wrong_shape_is_refused_with_its_path(body: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SCHEMA.load(body)
    error = refusal(caught.value)
    assert error.path == path
    with pytest.raises(type(error), match=words):
        raise error


def test_the_limits_themselves_pass() -> None:
    SCHEMA.load({"model": "m", "messages": [{"role": "user", "content": "a"}] * MOST_MESSAGES})
    SCHEMA.load({**HELLO, "tools": [{"name": "t", "input_schema": {}}] * MOST_TOOLS})
