"""Meaning of a chat request."""

from typing import Any

import pytest

from gateway.conversation import Conversation, Effort, Message, OutputFormat, Text, ThinkingRequest, Tool, ToolChoice
from gateway.dialects.openai_chat.parse import parse
from gateway.dialects.openai_chat.schema import SCHEMA

USER = {"role": "user", "content": "hi"}
SCHEMA_OF_READ = {"type": "object", "properties": {"a": {}}}
READ = {"name": "read", "description": "Reads.", "parameters": SCHEMA_OF_READ}
TOOL = {"type": "function", "function": READ}
PARSED_READ = Tool("read", "Reads.", SCHEMA_OF_READ)
NAMED = ToolChoice("named", "read")


ASKED_SCHEMA = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}


def parsed(headers: dict[str, str] | None = None, **body: Any) -> Conversation:
    whole = {"model": "m", "messages": [USER], **body}
    SCHEMA.load(whole)
    return parse(whole, headers or {})


def test_a_hello_is_its_text_and_nothing_more() -> None:
    assert parsed() == Conversation("m", (Message("user", (Text("hi"),)),))


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        ({"max_tokens": 5}, "max_tokens", 5),
        ({"max_tokens": 5, "max_completion_tokens": 7}, "max_tokens", 7),
        ({"stop": "a"}, "stop", ("a",)),
        ({"stop": ["a", "", "b"]}, "stop", ("a", "b")),
        ({"stop": ""}, "stop", ()),
        ({"response_format": {"type": "json_object"}}, "output", OutputFormat()),
        ({"response_format": {"type": "text"}}, "output", None),
        (
            {"response_format": ASKED_SCHEMA},
            "output",
            OutputFormat(b'{"type":"object"}', "response_format.json_schema.schema"),
        ),
        ({"stream": True}, "stream", True),
        ({"tools": [TOOL]}, "tools", (PARSED_READ,)),
        ({"tools": [{"type": "function", **READ}]}, "tools", (PARSED_READ,)),
        ({"tools": [{"name": "read", "input_schema": SCHEMA_OF_READ}]}, "tools", (Tool("read", "", SCHEMA_OF_READ),)),
        ({"tools": [{"name": "t"}]}, "tools", (Tool("t", "", {"type": "object", "properties": {}}),)),
        ({"functions": [READ]}, "tools", (PARSED_READ,)),
        ({"functions": [READ]}, "parallel_tools", False),
        ({"tools": [TOOL], "tool_choice": "none"}, "tool_choice", ToolChoice("none")),
        ({"tools": [TOOL], "tool_choice": "required"}, "tool_choice", ToolChoice("any")),
        ({"tools": [TOOL], "tool_choice": {"type": "any"}}, "tool_choice", ToolChoice("any")),
        ({"tools": [TOOL], "tool_choice": {"type": "auto"}}, "tool_choice", ToolChoice()),
        ({"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "read"}}}, "tool_choice", NAMED),
        ({"tools": [TOOL], "tool_choice": {"type": "function", "name": "read"}}, "tool_choice", NAMED),
        ({"functions": [READ], "function_call": {"name": "read"}}, "tool_choice", NAMED),
        ({"functions": [READ], "function_call": "none"}, "tool_choice", ToolChoice("none")),
        ({"parallel_tool_calls": False}, "parallel_tools", False),
        ({"parallel_tool_calls": None}, "parallel_tools", True),
        ({"reasoning_effort": "high"}, "thinking", ThinkingRequest(asked=True, effort=Effort.HIGH)),
        ({"reasoning_effort": "none"}, "thinking", ThinkingRequest(asked=False)),
        (
            {"reasoning": {"effort": "low", "max_tokens": 9}},
            "thinking",
            ThinkingRequest(asked=True, budget=9, effort=Effort.LOW),
        ),
        ({"reasoning": {"max_tokens": 9}}, "thinking", ThinkingRequest(asked=True, budget=9)),
        ({"reasoning": {"enabled": False}}, "thinking", ThinkingRequest(asked=False)),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 9}, "reasoning_effort": "none"},
            "thinking",
            ThinkingRequest(asked=True, budget=9),
        ),
        ({"prompt_cache_key": "k"}, "cache_key", "k"),
        ({"prompt_cache_key": {"a": 1}}, "cache_key", None),
        ({"seed": 1, "logit_bias": {}, "user": None, "store": False}, "ignored", ("seed", "logit_bias", "store")),
        ({"tools": [TOOL, {"type": "file_search"}]}, "ignored", ("tools.file_search",)),
        ({"response_format": {"type": "json_object"}}, "ignored", ()),
    ],
)
def test_each_field_has_its_meaning(body: dict[str, Any], field: str, value: Any) -> None:
    assert getattr(parsed(**body), field) == value


def test_the_session_header_wins_over_the_cache_key() -> None:
    assert parsed({"x-session-id": "h"}, prompt_cache_key="k").session == "h"


def test_system_messages_are_the_prompt_before_the_chat_and_reminders_within_it() -> None:
    first, second = {"role": "system", "content": "a"}, {"role": "developer", "content": "b"}
    found = parsed(messages=[first, second, USER, {"role": "system", "content": "late"}])
    assert found.system == "a\n\nb"
    assert found.messages[1] == Message("user", (Text("<system-reminder>\nlate\n</system-reminder>"),))
