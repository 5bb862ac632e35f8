"""OpenAI's hosted web search, in both of its APIs."""

from typing import Any

import pytest

from gateway.conversation import Conversation, Message, ToolCall, ToolChoice, ToolResult
from gateway.dialects.openai_chat import OPENAI_CHAT
from gateway.dialects.openai_responses import OPENAI_RESPONSES
from gateway.search.values import WebSearch

SEARCH: Any = {"type": "web_search"}
RUN: Any = {"type": "function", "name": "run"}
PLACE = {"type": "approximate", "country": "DE"}


def responses(**body: Any) -> Conversation:
    whole = {"model": "m", "input": "hi", **body}
    OPENAI_RESPONSES.schema.load(whole)
    return OPENAI_RESPONSES.parse(whole, {})


def chat(**body: Any) -> Conversation:
    whole = {"model": "m", "messages": [{"role": "user", "content": "hi"}], **body}
    OPENAI_CHAT.schema.load(whole)
    return OPENAI_CHAT.parse(whole, {})


@pytest.mark.parametrize("type_", ["web_search", "web_search_2025_08_26", "web_search_preview"])
def test_responses_offer_it_with_its_limits(type_: str) -> None:
    filters = {"allowed_domains": ["a.org"], "blocked_domains": ["b.org"]}
    tool = {"type": type_, "filters": filters, "user_location": PLACE, "external_web_access": False}
    found = responses(tools=[RUN, tool], max_tool_calls=3)
    assert found.search == WebSearch(3, ("a.org",), ("b.org",), "DE")
    assert [tool.name for tool in found.tools] == ["run", "web_search"] and not found.ignored


def test_chat_offers_it_by_its_options_or_among_the_tools() -> None:
    place = {"type": "approximate", "approximate": PLACE}
    assert chat(web_search_options={"user_location": place}).search == WebSearch(location="DE")
    assert chat(web_search_options={}).search == chat(tools=[SEARCH]).search == WebSearch()
    assert chat(tools=[SEARCH]).ignored == () and chat().search is None


def test_a_tool_of_its_name_stays_the_clients() -> None:
    mine = {"type": "function", "name": "web_search"}
    for found in (responses(tools=[SEARCH, mine]), chat(tools=[SEARCH, mine])):
        assert (len(found.tools), found.search, found.ignored) == (1, None, ("tools.web_search",))


def test_it_can_be_chosen_and_left_out_by_the_choice() -> None:
    assert responses(tools=[RUN, SEARCH], tool_choice=SEARCH).tool_choice == ToolChoice("named", "web_search")
    allowed = {"type": "allowed_tools", "mode": "auto", "tools": [RUN]}
    assert responses(tools=[RUN, SEARCH], tool_choice=allowed).search is None
    allowed["tools"] = [SEARCH]
    found = responses(tools=[RUN, SEARCH], tool_choice=allowed)
    assert [tool.name for tool in found.tools] == ["web_search"] and found.search == WebSearch()


@pytest.mark.parametrize("action", [None, {"type": "search", "query": "q"}, {"type": "open_page", "url": "u"}])
def test_a_search_of_the_history_is_a_call_and_its_result(action: Any) -> None:
    item = {"type": "web_search_call", "status": "completed", "action": action}
    found = responses(input=[{"role": "user", "content": "hi"}, item])
    called, told = found.messages[1:]
    query = "q" if action and "query" in action else ""
    assert called == Message("assistant", (ToolCall("web_search_1", "web_search", f'{{"query":"{query}"}}'),))
    assert isinstance(told.blocks[0], ToolResult) and told.blocks[0].call_id == "web_search_1"
