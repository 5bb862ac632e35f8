"""OpenAI's hosted web search: ``web_search`` (``_preview``) among the tools, ``web_search_options`` in chat."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.dialects.fields import MOST_DOMAINS
from gateway.dialects.shape import list_of, mapping, record, string, word
from gateway.search.offer import location
from gateway.search.values import MAX_USES, WebSearch

Json = Mapping[str, Any]

_DOMAINS: Final = list_of(word, most=MOST_DOMAINS)

OPTIONS: Final = record({}, {"search_context_size": string, "user_location": mapping})
"""``web_search_options``."""

TOOL: Final = record(
    {"type": string},
    {
        "filters": record({}, {"allowed_domains": _DOMAINS, "blocked_domains": _DOMAINS}),
        "user_location": mapping,
        "search_context_size": string,
    },
)


def is_search(type_: object) -> bool:
    """``web_search``, ``web_search_preview``, and either with a date behind it."""
    return isinstance(type_, str) and type_.startswith("web_search")


def offered(tool: Json, max_uses: int | None = None) -> WebSearch:
    """The search as the client limits it. In chat the place is one level further down."""
    filters = tool.get("filters") or {}
    place = tool.get("user_location") or {}
    nested = place.get("approximate")
    return WebSearch(
        max_uses=max_uses or MAX_USES,
        allowed_domains=tuple(filters.get("allowed_domains") or ()),
        blocked_domains=tuple(filters.get("blocked_domains") or ()),
        location=location(nested if isinstance(nested, dict) else place),
    )
