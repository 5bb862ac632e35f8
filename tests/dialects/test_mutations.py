"""Valid requests with one part replaced by anything: each ends as a Conversation or as a 400 that shows no input."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from gateway.conversation import Conversation
from gateway.dialects import DIALECTS
from gateway.dialects.dialect import Dialect
from gateway.dialects.fields import refusal
from gateway.errors import GatewayError, Kind

PNG = "iVBORw0KGgoAAAAAAAAAAAAA"
CANARY = "c4n4ry-0123456789"

ANTHROPIC: dict[str, Any] = {
    "model": "m",
    "system": [{"type": "text", "text": "s"}],
    "messages": [
        {"role": "user", "content": [{"type": "image", "source": {"type": "base64", "data": PNG}}]},
        {"role": "system", "content": "s", "output_config": {"effort": "low"}},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "t", "signature": "s"},
                {"type": "tool_use", "id": "1", "name": "n", "input": {"a": 1}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "1",
                    "content": [{"type": "text", "text": "a"}, {"type": "tool_reference", "tool_name": "n"}],
                    "is_error": False,
                },
                {
                    "type": "document",
                    "title": "t",
                    "source": {"type": "content", "content": [{"type": "text", "text": ""}]},
                },
            ],
        },
    ],
    "tools": [{"name": "n", "input_schema": {}, "defer_loading": True}, {"type": "web_search_20250305", "name": "w"}],
    "tool_choice": {"type": "tool", "name": "n"},
    "thinking": {"type": "enabled", "budget_tokens": 5},
    "output_config": {"effort": "high"},
    "metadata": {"user_id": '{"session_id":"s"}'},
    "stop_sequences": ["x"],
    "max_tokens": 5,
    "stream": True,
}
CHAT: dict[str, Any] = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "s"},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}]},
        {
            "role": "assistant",
            "content": [{"type": "refusal", "refusal": "no"}],
            "reasoning_content": "r",
            "tool_calls": [{"id": "1", "type": "function", "function": {"name": "n", "arguments": "{}"}}],
            "function_call": {"name": "n", "arguments": {}},
        },
        {"role": "tool", "tool_call_id": "1", "content": [{"type": "text", "text": "a"}]},
        {"role": "function", "name": "n", "content": "out"},
    ],
    "tools": [{"type": "function", "function": {"name": "n", "parameters": {}}}, {"name": "f"}, {"type": "custom"}],
    "functions": [{"name": "g"}],
    "tool_choice": {"type": "function", "function": {"name": "n"}},
    "function_call": {"name": "n"},
    "reasoning": {"effort": "low", "max_tokens": 5, "enabled": True},
    "reasoning_effort": "low",
    "thinking": {"type": "adaptive"},
    "prompt_cache_key": "k",
    "stop": ["x"],
    "n": 1,
    "stream_options": {"include_usage": True},
}
RESPONSES: dict[str, Any] = {
    "model": "m",
    "instructions": "s",
    "input": [
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "s"}]},
        {"role": "user", "content": [{"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"}]},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "r"}], "encrypted_content": "x"},
        {"role": "assistant", "content": [{"type": "output_text", "text": "t"}, {"type": "refusal", "refusal": "no"}]},
        {"type": "function_call", "call_id": "1", "name": "n", "namespace": "s", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "1", "output": [{"type": "input_text", "text": "a"}]},
        {"type": "custom_tool_call", "call_id": "2", "name": "c", "input": "i"},
        {"type": "custom_tool_call_output", "call_id": "2", "output": "o"},
        {"type": "additional_tools", "role": "developer", "tools": [{"type": "custom", "name": "e"}]},
    ],
    "tools": [
        {"type": "function", "name": "n", "parameters": {}},
        {"type": "custom", "name": "c", "format": {"type": "grammar", "syntax": "lark", "definition": "start: A"}},
        {"type": "namespace", "name": "s", "tools": [{"type": "function", "name": "n"}]},
        {"type": "web_search"},
    ],
    "tool_choice": {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "n"}]},
    "reasoning": {"effort": "low", "summary": "auto"},
    "text": {"format": {"type": "json_schema", "name": "f", "schema": {}}, "verbosity": "low"},
    "include": ["reasoning.encrypted_content"],
    "max_output_tokens": 5,
    "prompt_cache_key": "k",
    "store": False,
    "background": False,
    "truncation": "auto",
    "stream": True,
}
BODIES = {"anthropic": ANTHROPIC, "openai_chat": CHAT, "openai_responses": RESPONSES}

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.just(10**400), st.floats(allow_nan=False), st.just(CANARY), st.just("")
)
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from([CANARY, "type", "text", "name", "data", "url", "function", "source"]), inner),
    ),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in items for found in [(*path, key), *places(item, (*path, key))]]


def changed(body: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The body with another value at one place; an empty text there means: leave the field out."""
    whole = copy.deepcopy(body)
    part: Any = whole
    for key in path[:-1]:
        part = part[key]
    if value == "" and isinstance(part, dict):
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return whole


def answered(dialect: Dialect, body: Any) -> Conversation | GatewayError:
    try:
        dialect.schema.load(body)
        return dialect.parse(body, {})
    except ValidationError as error:
        return refusal(error)
    except GatewayError as error:
        return error


def answers_any_change(dialect: Dialect, data: st.DataObject) -> None:
    """A good request with anything in the place of some parts: a conversation, or a 400 that shows no input."""
    body = BODIES[dialect.name]
    for _ in range(data.draw(st.integers(1, 3))):
        body = changed(body, data.draw(st.sampled_from(places(body))), data.draw(anything))
    found = answered(dialect, body)
    if isinstance(found, GatewayError):
        assert found.kind is Kind.INVALID_REQUEST
        assert CANARY not in json.dumps(dialect.error(found, "req_1"))
    else:
        assert CANARY not in str(found.ignored)


EVERY_DIALECT = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)


@EVERY_DIALECT
def test_the_requests_that_are_changed_here_are_good_ones(dialect: Dialect) -> None:
    assert isinstance(answered(dialect, BODIES[dialect.name]), Conversation)


@EVERY_DIALECT
@given(data=st.data())
@settings(deadline=None, max_examples=400)
def test_any_change_ends_as_a_conversation_or_as_a_400_without_input(dialect: Dialect, data: st.DataObject) -> None:
    answers_any_change(dialect, data)
