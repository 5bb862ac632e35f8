"""Every error becomes an answer in the client's own shape."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient

from gateway.dialects import DIALECTS
from gateway.errors import GatewayError, Kind
from gateway.web.ids import Ids
from gateway.web.middlewares.errors import errors
from gateway.web.middlewares.request_id import request_id, tell_request_id

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client(aiohttp_client: AiohttpClient) -> Client:
    async def slow_down(_request: web.Request) -> web.Response:
        raise GatewayError(Kind.RATE_LIMIT, "slow down", retry_after=1.2, should_retry=True)

    async def bug(_request: web.Request) -> web.Response:
        raise LookupError("a secret in an exception")

    app = web.Application(middlewares=[request_id(Ids()), errors(DIALECTS)])
    app.on_response_prepare.append(tell_request_id)
    app.router.add_post("/v1/messages", slow_down)
    app.router.add_post("/v1/chat/completions", slow_down)
    app.router.add_get("/bug", bug)
    return await aiohttp_client(app)


async def test_an_error_has_the_shape_of_its_routes_api(client: Client) -> None:
    anthropic = await (await client.post("/v1/messages")).json()
    openai = await (await client.post("/v1/chat/completions")).json()
    assert (anthropic["type"], anthropic["error"]["type"]) == ("error", "rate_limit_error")
    assert openai["error"]["message"] == "slow down"


async def test_retry_headers_tell_the_client_what_to_do(client: Client) -> None:
    response = await client.post("/v1/messages")
    assert response.status == 429
    assert (response.headers["retry-after"], response.headers["x-should-retry"]) == ("2", "true")


async def test_every_answer_names_its_request_for_both_sdks(client: Client) -> None:
    for path in ("/v1/messages", "/nowhere"):
        headers = (await client.post(path)).headers
        assert headers["request-id"] == headers["x-request-id"]
        assert headers["request-id"].startswith("req_")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("GET", "/v1/messages", 405), ("GET", "/v1/messages/batches", 404)],
)
async def test_what_the_router_refuses_is_json_too(client: Client, method: str, path: str, status: int) -> None:
    response = await client.request(method, path)
    assert response.status == status
    assert "message" in (await response.json())["error"]
    assert ("Allow" in response.headers) is (status == 405)


async def test_a_bug_of_ours_tells_its_request_id_and_nothing_else(client: Client) -> None:
    response = await client.get("/bug")
    assert response.status == 500
    assert "secret" not in await response.text()
