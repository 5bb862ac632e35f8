"""What a web search is asked and finds."""

from dataclasses import dataclass
from typing import Final, Literal

NAME: Final = "web_search"
"""The tool's name, for the model as for every client API."""

MAX_USES: Final = 5
"""Searches of one answer where the client sets no number."""

SearchError = Literal["unavailable", "too_many_requests", "max_uses_exceeded", "invalid_input"]


@dataclass(frozen=True, slots=True)
class WebSearch:
    """The search as it is offered. A domain may have a path (``example.com/docs``) and stands for its subdomains too.

    max_uses: searches of one answer. allowed_domains: empty for all. location: where the user is, in words, or empty.
    """

    max_uses: int = MAX_USES
    allowed_domains: tuple[str, ...] = ()
    blocked_domains: tuple[str, ...] = ()
    location: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A page that was found. published: a day in words (``April 30, 2025``), or None."""

    url: str
    title: str
    snippet: str
    published: str | None = None


@dataclass(frozen=True, slots=True)
class SearchCall:
    """A search of the model's. query: empty when the model gave none."""

    id: str
    query: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found, or why it was not done."""

    call: SearchCall
    hits: tuple[Hit, ...] = ()
    error: SearchError | None = None
