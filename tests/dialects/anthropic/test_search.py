"""The Anthropic API's web search: the offer, and its blocks there and back."""

from typing import Any

import pytest

from gateway.conversation import Message, Text, ToolCall, ToolChoice, ToolResult
from gateway.dialects.anthropic import search
from gateway.dialects.anthropic.parse import parse
from gateway.dialects.anthropic.schema import SCHEMA
from gateway.search.values import Hit, SearchCall, SearchResult, WebSearch

TOOL: Any = {"type": "web_search_20260209", "name": "web_search"}
MADE = SearchCall("tooluse_a", "q")


def parsed(content: Any = "hi", **changes: Any) -> Any:
    messages = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": content}]
    body = {"model": "m", "messages": messages, **changes}
    SCHEMA.load(body)
    return parse(body, {})


def test_the_search_is_offered_with_its_limits() -> None:
    place = {"type": "approximate", "city": "Ulm"}
    limits = {"max_uses": 8, "allowed_domains": ["a.org"], "blocked_domains": None, "user_location": place}
    found = parsed(tools=[{**TOOL, **limits}], tool_choice={"type": "tool", "name": "web_search"})
    assert found.search == WebSearch(8, ("a.org",), (), "Ulm")
    assert [tool.name for tool in found.tools] == ["web_search"] and not found.ignored
    assert found.tool_choice == ToolChoice("named", "web_search")


def test_beside_a_tool_of_its_name_it_is_left_out() -> None:
    found = parsed(tools=[TOOL, {"name": "web_search", "input_schema": {}}])
    assert found.search is None and found.ignored == ("tools.web_search",)


def test_what_was_found_comes_back_from_the_history() -> None:
    result = SearchResult(MADE, (Hit("https://a.org", "A", "says 日本", "May 1, 2026"), Hit("https://b.org", "B", "")))
    assert search.call(search.call_block(MADE, whole=True)) == MADE
    back = search.result(search.result_block(result))
    assert (back.call.id, back.hits) == (MADE.id, result.hits)


@pytest.mark.parametrize("sealed", ["EqgfCioIARgBIiQ3", "kgw1.%%%", "kgw1./w==", None])
def test_excerpts_of_another_service_are_left_out(sealed: str | None) -> None:
    page = {"type": "web_search_result", "url": "u", "title": "t", "encrypted_content": sealed}
    item = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_a", "content": [page]}
    assert search.result(item).hits == (Hit("u", "t", ""),)


@pytest.mark.parametrize(("code", "error"), [("max_uses_exceeded",) * 2, ("query_too_long", "unavailable")])
def test_an_error_comes_back_as_one(code: str, error: str) -> None:
    content = {"type": "web_search_tool_result_error", "error_code": code}
    assert search.result({"tool_use_id": "srvtoolu_a", "content": content}).error == error


def test_a_message_with_a_search_is_a_call_a_result_and_the_rest() -> None:
    blocks = [search.call_block(MADE, whole=True), search.result_block(SearchResult(MADE))]
    messages = parsed([{"type": "text", "text": "x"}, *blocks, {"type": "text", "text": "y"}]).messages
    call = ToolCall("tooluse_a", "web_search", '{"query":"q"}')
    assert messages[1:] == (
        Message("assistant", (Text("x"), call)),
        Message("user", (ToolResult("tooluse_a", (Text("Nothing was found."),)),)),
        Message("assistant", (Text("y"),)),
    )
