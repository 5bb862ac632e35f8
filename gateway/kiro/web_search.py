"""Kiro's web search: JSON-RPC on ``/mcp``, with JSON inside the text of its answer."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from gateway import jsontext
from gateway.errors import Kind, UpstreamError
from gateway.kiro.control_requests import ControlRequest
from gateway.kiro.endpoints import Q_HOST, RUNTIME_HOST, Identity, address, call_headers
from gateway.kiro.faults import http_fault
from gateway.search.values import NAME, Hit

MOST_HITS: Final = 10
LONGEST_SNIPPET: Final = 4000
"""Characters. Both bound what a search adds to the prompt; three short hits were seen."""

_UNPROVEN: Final = ("x-amzn-codewhisperer-optout", "x-amzn-kiro-agent-mode")
"""Headers that no client was seen to send here with these values."""


def requests(
    identity: Identity, query: str, *, call_id: str, invocation_id: str, base_url: str | None = None
) -> tuple[ControlRequest, ...]:
    """The request for each host that may serve it: runtime needs an ARN, but of API keys; the older takes any login."""
    params = {"name": NAME, "arguments": {"query": query}}
    body = jsontext.encode({"id": call_id, "jsonrpc": "2.0", "method": "tools/call", "params": params})
    headers = call_headers(identity, invocation_id, style="ide", attempt=1, tries=1)
    headers = {name: value for name, value in headers.items() if name not in _UNPROVEN}
    headers["Content-Type"] = "application/json"
    rows: list[tuple[str, str | None]] = [(RUNTIME_HOST, identity.profile_arn)] if identity.on_newest_hosts else []
    rows.append((Q_HOST, identity.arn_for_older_hosts))
    return tuple(
        ControlRequest(
            "POST",
            f"{address(host, identity.region, base_url)}/mcp",
            headers | ({"x-amzn-kiro-profile-arn": arn} if arn else {}),
            body,
        )
        for host, arn in rows
    )


def read(status: int, headers: Mapping[str, str], body: bytes) -> tuple[Hit, ...]:
    """What was found. Raises UpstreamError for a refusal, a JSON-RPC error, or an answer of another form."""
    if status != HTTPStatus.OK:
        raise http_fault(status, headers, body)
    answer = _decoded(body)
    result = answer.get("result")
    if answer.get("error") is not None or not isinstance(result, dict) or result.get("isError") is True:
        raise UpstreamError(Kind.UPSTREAM, "Kiro's web search answered with an error.")
    parts = [part for part in _list(result.get("content")) if isinstance(part, dict)]
    found = _decoded(next((part["text"] for part in parts if isinstance(part.get("text"), str)), ""))
    if found.get("error") or not isinstance(found.get("results"), list):
        raise UpstreamError(Kind.UPSTREAM, "Kiro's web search answered with an error.")
    return tuple(_hits(found["results"][:MOST_HITS]))


def _decoded(text: bytes | str) -> Mapping[str, Any]:
    try:
        value = jsontext.decode(text)
    except jsontext.JsonError:
        value = None
    if not isinstance(value, dict):
        raise UpstreamError(Kind.UPSTREAM, "Kiro's web search answered with something that cannot be read.")
    return value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _hits(results: list[Any]) -> Iterator[Hit]:
    for result in results:
        if isinstance(result, dict) and isinstance(result.get("url"), str):
            title, snippet = str(result.get("title") or ""), str(result.get("snippet") or "")
            yield Hit(result["url"], title, snippet[:LONGEST_SNIPPET], _day(result.get("publishedDate")))


def _day(milliseconds: Any) -> str | None:
    """A day in words (``March 1, 2026``, UTC), as the Anthropic API tells the age of a page."""
    if not isinstance(milliseconds, int | float) or isinstance(milliseconds, bool):
        return None
    try:
        day = datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return f"{day:%B} {day.day}, {day.year}"
