"""A body that a client holds back is asked for only when the key is right."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.app import build
from gateway.simulator.server import Simulator
from tests.live import HELLO, Live, gateway, given
from tests.web.raw import said

BODY = json.dumps(HELLO).encode()
HEADERS = {"content_type": "application/json", "content_length": len(BODY)}


@pytest.fixture
async def live(simulator: Simulator, tmp_path: Path) -> AsyncIterator[Live]:
    async with gateway(simulator, tmp_path) as running:
        yield running


@pytest.mark.parametrize("word", ["100-continue", "100-Continue"])
async def test_with_a_key_the_body_is_asked_for_and_answered(live: Live, word: str) -> None:
    async with said(live, "POST", "/v1/messages", expect=word, **HEADERS) as raw:
        assert (await raw.answer()).status == 100
        raw.writer.write(BODY)
        answer = await raw.answer()
    assert (answer.status, answer.json()["type"]) == (200, "message")


async def test_what_else_is_expected_is_refused_as_json(live: Live) -> None:
    async with said(live, "POST", "/v1/messages", expect="a-miracle", **HEADERS) as raw:
        answer = await raw.answer()
    assert (answer.status, answer.json()["type"]) == (417, "error")
    assert answer.headers["request-id"].startswith("req_")


async def test_no_route_asks_a_stranger_for_a_body(simulator: Simulator, live: Live, tmp_path: Path) -> None:
    app = await build(given(simulator, tmp_path / "other"))
    routes = {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource}
    assert ("POST", "/v1/messages") in routes and len(routes) > 15
    for method, path in routes:
        target = path.replace("{", "").replace("}", "")
        async with said(live, method, target, key=None, expect="100-continue", **HEADERS) as raw:
            answer = await raw.answer()
        assert answer.status in {401, 403} or path in {"/", "/health", "/api/hello"}, (method, path)
