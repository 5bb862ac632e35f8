import json
from typing import Any

import pytest

from gateway.simulator.server import Simulator
from tests.simulator.client import call


def search(**params: Any) -> dict[str, Any]:
    return {"id": "web_search_tooluse_1", "jsonrpc": "2.0", "method": "tools/call", "params": params}


async def test_a_web_search_finds_the_query(simulator: Simulator) -> None:
    asked = search(name="web_search", arguments={"query": "aws event stream"})
    status, answer = await call(simulator, "POST", "/mcp", asked)
    assert (status, answer["error"], answer["id"]) == (200, None, "web_search_tooluse_1")
    found = json.loads(answer["result"]["content"][0]["text"])
    assert (found["query"], found["totalResults"], len(found["results"])) == ("aws event stream", 3, 3)
    assert all("aws event stream" in result["snippet"] for result in found["results"])
    assert list(found["results"][0]) == [
        *("title", "url", "snippet", "publishedDate", "id", "domain", "maxVerbatimWordLimit", "publicDomain")
    ]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (search(name="other", arguments={"query": "x"}), -32602),
        (search(name="web_search", arguments={}), -32602),
        ({"id": 1, "method": "tools/list"}, -32601),
    ],
)
async def test_anything_else_is_an_error_of_json_rpc(simulator: Simulator, asked: Any, code: int) -> None:
    status, answer = await call(simulator, "POST", "/mcp", asked)
    assert (status, answer["error"]["code"], answer["result"]) == (200, code, None)


async def test_a_search_needs_a_token(simulator: Simulator) -> None:
    assert (await call(simulator, "POST", "/mcp", {}, authorization="Bearer x"))[0] == 403
