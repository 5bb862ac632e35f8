"""Every answer names its request, whatever the answer is; no part of the name comes from the client."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.simulator.server import Simulator
from tests.live import Live, gateway
from tests.web.raw import tell

CASES = [
    ("GET", "/", 200, {}),
    ("HEAD", "/health", 200, {}),
    ("HEAD", "/v1/models", 200, {}),
    ("OPTIONS", "/v1/messages", 405, {}),
    ("GET", "/v1/messages", 405, {}),
    ("GET", "/nowhere", 404, {}),
    ("POST", "//v1/messages", 404, {}),
    ("POST", "/v1//messages", 404, {}),
    ("POST", "/v1/messages/", 404, {}),
    ("POST", "/v1/%2e%2e/v1/messages", 404, {}),
    ("POST", "/v1/messages", 401, {"key": None}),
    ("OPTIONS", "/v1/messages", 401, {"key": None}),
    ("GET", "//", 401, {"key": None}),
]


@pytest.fixture
async def live(simulator: Simulator, tmp_path: Path) -> AsyncIterator[Live]:
    async with gateway(simulator, tmp_path) as running:
        yield running


@pytest.mark.parametrize(("method", "target", "status", "options"), CASES)
async def test_each_answer_has_both_headers_and_a_refusal_is_json(
    live: Live, method: str, target: str, status: int, options: dict[str, None]
) -> None:
    answer = await tell(live, method, target, request_id="mine", **{"x-request-id": "mine", **options})
    assert answer.status == status
    assert re.fullmatch(r"req_[0-9a-f]{24}", answer.headers["request-id"])
    assert answer.headers["x-request-id"] == answer.headers["request-id"]
    if status >= 400 and method != "HEAD":
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.json()["error"]["message"]


async def test_what_is_allowed_is_told_with_a_405(live: Live) -> None:
    assert (await tell(live, "GET", "/v1/messages")).headers["allow"] == "POST"


async def test_no_two_requests_have_the_same_id(live: Live) -> None:
    found = {(await tell(live, "GET", "/health")).headers["request-id"] for _ in range(20)}
    assert len(found) == 20
