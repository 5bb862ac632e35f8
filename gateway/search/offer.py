"""Web search as a tool among the others."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from gateway import jsontext
from gateway.conversation import Tool
from gateway.search.values import NAME, WebSearch

_DESCRIPTION: Final = (
    "Search the web for what you do not know or what may have changed. Gives titles, URLs and excerpts of pages. "
    "Name the URLs of the pages you use in your answer."
)
_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {"query": {"type": "string", "description": "What to search for."}},
    "required": ["query"],
}
_PLACES: Final = ("city", "region", "country", "timezone")


def with_search(tools: Sequence[Tool], search: WebSearch | None) -> tuple[tuple[Tool, ...], WebSearch | None]:
    """The tools with the search behind them, and the search; none where a tool of the client's has its name."""
    if search is None or any(tool.name == NAME for tool in tools):
        return tuple(tools), None
    return (*tools, Tool(NAME, " ".join(_sentences(search)), _SCHEMA)), search


def _sentences(search: WebSearch) -> Iterable[str]:
    yield _DESCRIPTION
    if search.allowed_domains:
        yield f"Only pages of these sites are found: {', '.join(search.allowed_domains)}."
    if search.location:
        yield f"The user is in {search.location}."


def location(place: Mapping[str, Any] | None) -> str:
    """The client APIs' ``user_location`` in words."""
    return ", ".join(str(place[name]) for name in _PLACES if place and place.get(name))


def query(arguments: str) -> str:
    """The query in a call's arguments, empty when there is none."""
    try:
        found = jsontext.decode(arguments)
    except jsontext.JsonError:
        return ""
    asked = found.get("query") if isinstance(found, dict) else None
    return asked.strip() if isinstance(asked, str) else ""
