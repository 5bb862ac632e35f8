"""The Anthropic API's ``web_search`` server tool: its offer, and the blocks that tell of searches."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from gateway.search.offer import location
from gateway.search.values import MAX_USES, NAME, Hit, SearchCall, SearchResult, WebSearch

Json = Mapping[str, Any]

_OURS: Final = "srvtoolu_"
_KIROS: Final = "tooluse_"
_SEALED: Final = "kgw1."
"""What our ``encrypted_content`` begins with; behind it the excerpt in base64, so that it comes back in a history."""


def is_search(tool: Json) -> bool:
    """``web_search_20250305`` and whatever follows it."""
    return str(tool.get("type")).startswith("web_search")


def offered(tool: Json) -> WebSearch:
    """The search as the client limits it."""
    return WebSearch(
        max_uses=tool.get("max_uses") or MAX_USES,
        allowed_domains=tuple(tool.get("allowed_domains") or ()),
        blocked_domains=tuple(tool.get("blocked_domains") or ()),
        location=location(tool.get("user_location")),
    )


def call(item: Json) -> SearchCall:
    """A ``server_tool_use`` block of the history."""
    query = item["input"].get("query")
    return SearchCall(_kiros_id(item["id"]), query if isinstance(query, str) else "")


def result(item: Json) -> SearchResult:
    """A ``web_search_tool_result`` block of the history. Another service's excerpts cannot be read: titles remain."""
    made = SearchCall(_kiros_id(item["tool_use_id"]), "")
    content = item["content"]
    if isinstance(content, dict):
        known = content["error_code"] in ("too_many_requests", "max_uses_exceeded", "invalid_input")
        return SearchResult(made, error=content["error_code"] if known else "unavailable")
    return SearchResult(made, tuple(map(_hit, content)))


def call_block(made: SearchCall, *, whole: bool) -> dict[str, Any]:
    """A search; its input comes as a delta in a stream."""
    given = {"query": made.query} if whole else {}
    return {"type": "server_tool_use", "id": _our_id(made), "name": NAME, "input": given}


def result_block(found: SearchResult) -> dict[str, Any]:
    """What it found, or the error."""
    content: Any = [_result(hit) for hit in found.hits]
    if found.error is not None:
        content = {"type": "web_search_tool_result_error", "error_code": found.error}
    return {"type": "web_search_tool_result", "tool_use_id": _our_id(found.call), "content": content}


def _result(hit: Hit) -> dict[str, Any]:
    sealed = _SEALED + base64.b64encode(hit.snippet.encode(errors="replace")).decode()
    about = {"title": hit.title, "url": hit.url, "page_age": hit.published}
    return {"type": "web_search_result", **about, "encrypted_content": sealed}


def _hit(item: Json) -> Hit:
    return Hit(item["url"], item["title"], _opened(item.get("encrypted_content") or ""), item.get("page_age"))


def _opened(sealed: str) -> str:
    try:
        return base64.b64decode(sealed.removeprefix(_SEALED), validate=True).decode() if sealed[:5] == _SEALED else ""
    except (binascii.Error, ValueError):
        return ""


def _our_id(made: SearchCall) -> str:
    return _OURS + made.id.removeprefix(_KIROS)


def _kiros_id(id_: str) -> str:
    """The same id as in the turn itself, so that the prompt stays the same to the letter."""
    return _KIROS + id_.removeprefix(_OURS)
