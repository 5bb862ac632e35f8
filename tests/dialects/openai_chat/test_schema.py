"""The shape of a chat request."""

from typing import Any

import pytest
from marshmallow import ValidationError

from gateway.dialects.fields import refusal
from gateway.dialects.openai_chat.schema import SCHEMA

HELLO = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def told(message: dict[str, Any]) -> dict[str, Any]:
    return {"model": "m", "messages": [HELLO["messages"][0], message]}


ACCEPTED = [
    HELLO,
    {**HELLO, "n": 1, "stop": "x", "stream_options": {"include_usage": True}, "response_format": {"type": "text"}},
    {**HELLO, "stop": ["x" * 1000] * 4},
    {**HELLO, "stop": None, "tools": None, "tool_choice": None, "n": None, "stream_options": None, "reasoning": None},
    {**HELLO, "tools": [{"type": "function", "function": {"name": "t", "strict": True}}]},
    {**HELLO, "tools": [{"type": "function", "name": "t", "parameters": {}}, {"name": "u", "input_schema": {}}]},
    {**HELLO, "tools": [{"type": "web_search"}, {"type": "custom", "custom": {"name": "x"}}]},
    {**HELLO, "tool_choice": {"type": "function", "function": {"name": "t"}}},
    {**HELLO, "tool_choice": {"type": "function", "name": "t"}},
    {**HELLO, "tool_choice": {"type": "tool", "name": "t"}},
    {**HELLO, "tool_choice": {"type": "auto"}},
    told({"role": "assistant", "content": None, "tool_calls": [{"id": "1", "function": {"name": "t"}}]}),
    told({"role": "assistant", "content": None, "tool_calls": None, "function_call": None, "refusal": None}),
    told({"role": "tool", "tool_call_id": "1", "content": [{"type": "text", "text": "a"}]}),
    told({"role": "developer", "content": [{"type": "input_text", "text": "a"}]}),
]


@pytest.mark.parametrize("body", ACCEPTED)
def test_what_real_clients_send_passes(body: dict[str, Any]) -> None:
    SCHEMA.load(body)


REFUSED = [
    ({**HELLO, "n": 2}, "n", "Only one choice"),
    ({**HELLO, "n": 0}, "n", "greater than or equal to 1"),
    ({**HELLO, "stop": 5}, "stop", "valid list"),
    ({**HELLO, "stop": "x" * 1001}, "stop", "at most 1000 characters"),
    ({**HELLO, "stop": ["x"] * 65}, "stop", "at most 64 items"),
    ({**HELLO, "stop": [*["x" * 1000] * 4, "x"]}, "stop", "at most 4000 characters together"),
    ({**HELLO, "response_format": {"type": "xml"}}, "response_format.type", "'text', 'json_object'"),
    ({**HELLO, "max_completion_tokens": 1.5}, "max_completion_tokens", "valid integer"),
    ({**HELLO, "tools": [{"type": "function"}]}, "tools.0.function", "Field required"),
    ({**HELLO, "tools": [{"type": "function", "function": {"name": ""}}]}, "tools.0.function.name", "1 to 256"),
    ({**HELLO, "tools": [{"type": "function", "function": None}]}, "tools.0.function", "an object"),
    ({**HELLO, "tools": [{"type": ["x"]}]}, "tools.0.type", "valid string"),
    ({**HELLO, "tools": [5]}, "tools.0", "an object"),
    ({**HELLO, "tool_choice": "sometimes"}, "tool_choice", "'none', 'auto'"),
    ({**HELLO, "tool_choice": {"type": "function"}}, "tool_choice.function", "Field required"),
    ({**HELLO, "tool_choice": {"type": "allowed_tools"}}, "tool_choice.type", "'function' or 'tool'"),
    ({**HELLO, "function_call": "any"}, "function_call", "'none' or 'auto'"),
    ({**HELLO, "reasoning_effort": "huge"}, "reasoning_effort", "'none', 'minimal'"),
    (told({"role": "bot", "content": "a"}), "messages.1.role", "'system', 'developer'"),
    (told({"role": "tool", "content": "a"}), "messages.1.tool_call_id", "Field required"),
    (told({"role": "function", "content": "a"}), "messages.1.name", "Field required"),
    (told({"role": "user", "content": 5}), "messages.1.content", "valid list"),
    (
        told({"role": "user", "content": [{"type": "input_audio"}]}),
        "messages.1.content.0.type",
        "`input_audio` is not supported",
    ),
    (
        told({"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]}),
        "messages.1.content.0.file.file_data",
        "required",
    ),
    (told({"role": "user", "content": [{"type": "image_url"}]}), "messages.1.content.0.image_url", "Field required"),
    (told({"role": "assistant", "tool_calls": [{"function": {}}]}), "messages.1.tool_calls.0.id", "Field required"),
]


@pytest.mark.parametrize(("body", "path", "words"), REFUSED, ids=[f"{path}: {words}" for _, path, words in REFUSED])
def test_a_wrong_shape_is_refused_with_its_path(body: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SCHEMA.load(body)
    error = refusal(caught.value)
    assert error.path == path
    with pytest.raises(type(error), match=words):
        raise error
