"""The search as a tool."""

import pytest

from gateway.conversation import Tool
from gateway.search.offer import location, query, with_search
from gateway.search.values import WebSearch

READ = Tool("read", "", {})


def test_the_search_stands_behind_the_clients_tools() -> None:
    search = WebSearch(allowed_domains=("a.org", "b.org"), location="Ulm, DE")
    tools, offered = with_search([READ], search)
    assert ([tool.name for tool in tools], offered) == (["read", "web_search"], search)
    assert tools[1].description.endswith("Only pages of these sites are found: a.org, b.org. The user is in Ulm, DE.")


@pytest.mark.parametrize(("tools", "search"), [([READ], None), ([Tool("web_search", "", {})], WebSearch())])
def test_no_search_is_offered_unasked_or_beside_a_tool_of_its_name(tools: list[Tool], search: WebSearch | None) -> None:
    assert with_search(tools, search) == (tuple(tools), None)


def test_a_place_in_words() -> None:
    assert location({"type": "approximate", "country": "DE", "city": "Ulm", "region": None}) == "Ulm, DE"
    assert location(None) == location({}) == ""


@pytest.mark.parametrize(("arguments", "asked"), [('{"query":" a b "}', "a b"), ("{", ""), ("[]", ""), ("{}", "")])
def test_the_query_of_a_call(arguments: str, asked: str) -> None:
    assert query(arguments) == asked
