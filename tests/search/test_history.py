"""Searches in the history: calls and results in their order."""

from gateway.conversation import Message, Text, ToolCall, ToolResult
from gateway.search.history import answer, messages, result
from gateway.search.values import Hit, SearchCall, SearchResult

FIRST, SECOND = SearchCall("1", "a"), SearchCall("2", "b")
CALLS = (ToolCall("1", "web_search", '{"query":"a"}'), ToolCall("2", "web_search", '{"query":"b"}'))


def roles(*blocks: Text | ToolCall | SearchCall | SearchResult) -> list[tuple[str, int]]:
    return [(message.role, len(message.blocks)) for message in answer(blocks)]


def test_what_follows_a_search_is_said_after_its_result() -> None:
    first, second = SearchResult(FIRST), SearchResult(SECOND)
    assert roles(Text("x"), FIRST, first, Text("y")) == [("assistant", 2), ("user", 1), ("assistant", 1)]
    assert roles(FIRST, first, SECOND, second) == [("assistant", 2), ("user", 2)]
    assert roles(FIRST, first, Text("y"), SECOND, second) == [("assistant", 1), ("user", 1)] * 1 + [
        ("assistant", 2),
        ("user", 1),
    ]
    assert roles() == []


def test_a_message_without_a_search_is_itself() -> None:
    assert list(messages("assistant", (Text("x"),))) == [Message("assistant", (Text("x"),))]
    assert list(messages("user", ())) == [Message("user", ())]


def test_a_search_without_a_result_and_one_in_a_users_message_keep_their_place() -> None:
    assert list(messages("assistant", (FIRST, SECOND))) == [Message("assistant", CALLS)]
    [message] = messages("user", (SearchResult(FIRST), Text("x")))
    assert isinstance(message.blocks[0], ToolResult) and message.blocks[1] == Text("x")


def test_the_model_reads_titles_addresses_days_and_excerpts() -> None:
    hits = (Hit("https://a.org", "A", "says a", "March 1, 2026"), Hit("https://b.org", "B", ""))
    read = "1. A\nhttps://a.org\nMarch 1, 2026\nsays a\n\n2. B\nhttps://b.org"
    assert result(SearchResult(FIRST, hits)) == ToolResult("1", (Text(read),))
    assert result(SearchResult(FIRST)) == ToolResult("1", (Text("Nothing was found."),))


def test_a_search_that_failed_is_an_error() -> None:
    assert result(SearchResult(FIRST, error="unavailable")).is_error
