"""``POST /mcp``: JSON-RPC with one tool, web search. The results are invented and hold the query."""

from typing import Any, Final
from urllib.parse import quote

from aiohttp import web

from gateway import jsontext
from gateway.simulator.record import Exchange
from gateway.simulator.refusals import json_response

_NO_METHOD: Final = -32601
_BAD_PARAMS: Final = -32602
_PUBLISHED: Final = 1_772_323_200_000
"""Milliseconds."""

_RESULTS: Final = 3


def answer(exchange: Exchange) -> web.Response:
    """The result of ``tools/call`` for ``web_search``; a JSON-RPC error for anything else."""
    call = exchange.json()
    params = call.get("params")
    if call.get("method") != "tools/call":
        return _answer(call, error=(_NO_METHOD, "Method not found"))
    query = _query(params if isinstance(params, dict) else {})
    if query is None:
        return _answer(call, error=(_BAD_PARAMS, "Invalid params"))
    results = [_result(number, query) for number in range(1, _RESULTS + 1)]
    text = jsontext.encode({"results": results, "totalResults": _RESULTS, "query": query, "error": None}).decode()
    return _answer(call, result={"content": [{"type": "text", "text": text}], "isError": False})


def _query(params: dict[str, Any]) -> str | None:
    arguments = params.get("arguments")
    query = arguments.get("query") if isinstance(arguments, dict) else None
    return query if params.get("name") == "web_search" and isinstance(query, str) and query else None


def _result(number: int, query: str) -> dict[str, Any]:
    return {
        "title": f"Result {number} for {query}",
        "url": f"https://example.org/{number}?q={quote(query)}",
        "snippet": f"What the simulator knows of {query}, part {number}.",
        "publishedDate": _PUBLISHED if number == 1 else None,
        "id": str(number),
        "domain": "example.org",
        "maxVerbatimWordLimit": 30,
        "publicDomain": False,
    }


def _answer(call: dict[str, Any], *, result: Any = None, error: tuple[int, str] | None = None) -> web.Response:
    """JSON-RPC errors come with HTTP 200."""
    told = {"code": error[0], "message": error[1]} if error else None
    return json_response(200, {"error": told, "id": call.get("id"), "jsonrpc": "2.0", "result": result})
