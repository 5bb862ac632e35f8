"""Meaning of a Messages request."""

from typing import Any

import pytest

from gateway.conversation import Conversation, Effort, Message, OutputFormat, Text, ThinkingRequest, Tool, ToolChoice
from gateway.dialects.anthropic import Anthropic
from gateway.dialects.anthropic.parse import parse
from gateway.dialects.anthropic.schema import SCHEMA
from gateway.errors import GatewayError, Kind

USER = {"role": "user", "content": "hi"}
READ = {"name": "read", "description": "Reads.", "input_schema": {"type": "object"}}


ASKED_SCHEMA = {"type": "json_schema", "schema": {"type": "object"}}


def parsed(headers: dict[str, str] | None = None, **body: Any) -> Conversation:
    whole = {"model": "m", "messages": [USER], **body}
    SCHEMA.load(whole)
    return parse(whole, headers or {})


def test_a_hello_is_its_text_and_nothing_more() -> None:
    assert parsed() == Conversation("m", (Message("user", (Text("hi"),)),))


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        ({"max_tokens": 128_000}, "max_tokens", 128_000),
        ({"stop_sequences": ["a", ""]}, "stop", ("a",)),
        (
            {"output_config": {"format": ASKED_SCHEMA}},
            "output",
            OutputFormat(b'{"type":"object"}', "output_config.format.schema"),
        ),
        ({"output_format": ASKED_SCHEMA}, "output", OutputFormat(b'{"type":"object"}', "output_format.schema")),
        ({"output_config": {"effort": "low"}}, "output", None),
        ({"stream": True}, "stream", True),
        ({"system": "s"}, "system", "s"),
        ({"system": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "system", "a\n\nb"),
        ({"tools": [READ]}, "tools", (Tool("read", "Reads.", {"type": "object"}),)),
        ({"tools": [{**READ, "type": "custom"}]}, "tools", (Tool("read", "Reads.", {"type": "object"}),)),
        ({"tools": [READ], "tool_choice": {"type": "any"}}, "tool_choice", ToolChoice("any")),
        ({"tools": [READ], "tool_choice": {"type": "none"}}, "tool_choice", ToolChoice("none")),
        (
            {"tools": [READ], "tool_choice": {"type": "tool", "name": "read"}},
            "tool_choice",
            ToolChoice("named", "read"),
        ),
        ({"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}, "parallel_tools", False),
        ({"thinking": {"type": "adaptive"}}, "thinking", ThinkingRequest(asked=True)),
        ({"output_config": {"effort": "xhigh"}}, "thinking", ThinkingRequest(effort=Effort.XHIGH)),
        ({"metadata": {"user_id": '{"session_id":"s1"}'}}, "session", "s1"),
        ({"metadata": {"user_id": '{"session_id":"s1"}'}}, "ignored", ()),
        (
            {"metadata": {"user_id": "me"}, "top_k": 5, "temperature": 0},
            "ignored",
            ("temperature", "top_k", "metadata"),
        ),
        ({"temperature": None, "mcp_servers": []}, "ignored", ()),
    ],
)
def test_each_field_has_its_meaning(body: dict[str, Any], field: str, value: Any) -> None:
    assert getattr(parsed(**body), field) == value


def test_the_session_header_wins_over_the_metadata() -> None:
    found = parsed({"x-claude-code-session-id": "h"}, metadata={"user_id": '{"session_id":"s1"}'})
    assert (found.session, found.ignored) == ("h", ())


def test_system_messages_are_the_prompt_before_the_chat_and_reminders_within_it() -> None:
    system = {"role": "system", "content": [{"type": "text", "text": "later"}], "output_config": {"effort": "low"}}
    found = parsed(system="first", messages=[{"role": "system", "content": "second"}, USER, system])
    assert found.system == "first\n\nsecond"
    assert found.messages[1] == Message("user", (Text("<system-reminder>\nlater\n</system-reminder>"),))
    assert found.thinking.effort is Effort.LOW


def test_the_billing_block_is_dropped_from_the_prompt() -> None:
    billing = {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.329.abc;"}
    assert parsed(system=[billing, {"type": "text", "text": "You are."}]).system == "You are."


def test_the_billing_block_stays_where_the_user_wants_it() -> None:
    body = {"model": "m", "messages": [USER], "system": "x-anthropic-billing-header: cc;\nYou are."}
    assert Anthropic(strip_billing_header=False).parse(body, {}).system == body["system"]


def test_a_thread_is_refused_so_that_the_client_sends_its_whole_history() -> None:
    with pytest.raises(GatewayError) as refused:
        parsed(thread={"type": "create"})
    assert refused.value.kind is Kind.INVALID_REQUEST
    assert refused.value.details == {"error_code": "thread_unsupported_request", "unsupported": []}
    assert parsed(thread=None).messages


def test_hosted_tools_are_left_out_and_named() -> None:
    fetch = {"type": "web_fetch_20250910", "name": "web_fetch"}
    found = parsed(tools=[fetch, READ, fetch], tool_choice={"type": "tool", "name": "web_fetch"})
    assert [tool.name for tool in found.tools] == ["read"]
    assert found.ignored == ("tools.web_fetch",)
    assert found.tool_choice == ToolChoice()


def deferred(*messages: dict[str, Any], **body: Any) -> list[str]:
    tools = [{**READ, "name": name, "defer_loading": True} for name in ("one", "two")]
    placeholder = {**READ, "name": "DeferredToolPlaceholder"}
    return [tool.name for tool in parsed(tools=[*tools, placeholder], messages=[USER, *messages], **body).tools]


def test_deferred_tools_wait_until_something_names_them() -> None:
    reference = {"type": "tool_reference", "tool_name": "two"}
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": [reference]}]}
    call = {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "one", "input": {}}]}
    assert deferred() == ["DeferredToolPlaceholder"]
    assert deferred(result) == ["two", "DeferredToolPlaceholder"]
    assert deferred(call) == ["one", "DeferredToolPlaceholder"]
    assert deferred(tool_choice={"type": "tool", "name": "one"}) == ["one", "DeferredToolPlaceholder"]


def test_a_forced_tool_that_nobody_declared_is_refused() -> None:
    with pytest.raises(GatewayError, match="not among the tools"):
        parsed(tools=[READ], tool_choice={"type": "tool", "name": "write"})
