"""Who may ask: default-deny, any valid key among those presented, headers only."""

from collections.abc import Mapping

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient
from yarl import URL

from gateway.dialects import DIALECTS
from gateway.web.ids import Ids
from gateway.web.middlewares.auth import auth
from gateway.web.middlewares.errors import errors
from gateway.web.middlewares.request_id import request_id

KEY = "a-gateway-key-of-24-characters"
ADMIN = "an-admin-key-of-24-characters"
Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client(aiohttp_client: AiohttpClient) -> Client:
    async def yes(_request: web.Request) -> web.Response:
        return web.Response(text="in")

    app = web.Application(
        middlewares=[request_id(Ids()), errors(DIALECTS), auth([KEY, "another-key-of-24-characters"])]
    )
    for path in ("/", "/health", "/v1/messages", "/new", "/api/hello"):
        app.router.add_route("*", path, yes)
    return await aiohttp_client(app)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {KEY}"},
        {"authorization": f"bearer {KEY}"},
        {"x-api-key": "another-key-of-24-characters"},
        {"x-api-key": "wrong", "Authorization": f"Bearer {KEY}"},
    ],
)
async def test_a_valid_key_opens_every_route(client: Client, headers: Mapping[str, str]) -> None:
    for path in ("/v1/messages", "/new"):
        assert (await client.post(path, headers=headers)).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-api-key": ""},
        {"x-api-key": KEY + "x"},
        {"x-api-key": KEY[:-1]},
        {"Authorization": KEY},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": "Bearer \xe9\xff"},
        {"Cookie": f"x-api-key={KEY}"},
        {"x-api-key": "k" * 8000},
    ],
)
async def test_anything_else_is_401_in_the_clients_shape(client: Client, headers: Mapping[str, str]) -> None:
    response = await client.post(f"/v1/messages?key={KEY}", headers=headers)
    body = await response.json()
    assert response.status == 401
    assert body["error"]["type"] == "authentication_error"
    assert response.headers["x-should-retry"] == "false"


async def test_a_route_nobody_thought_of_is_closed(client: Client) -> None:
    for method in ("GET", "HEAD", "OPTIONS", "DELETE"):
        assert (await client.request(method, "/new")).status == 401
    assert (await client.get("/not-there")).status == 401


async def test_liveness_and_the_greeting_are_open(client: Client) -> None:
    assert (await client.get("/")).status == 200
    assert (await client.get("/health")).status == 200
    assert (await client.head("/api/hello")).status == 200
    assert (await client.post("/api/hello")).status == 401


@pytest.fixture
async def guarded(aiohttp_client: AiohttpClient) -> Client:
    """Two paths for the admin key alone; it opens everything else too, as the composition root has it."""

    async def yes(_request: web.Request) -> web.Response:
        return web.Response(text="in")

    keys = auth([KEY, ADMIN], {"/accounts": [ADMIN], "/auth": [ADMIN]})
    app = web.Application(middlewares=[request_id(Ids()), errors(DIALECTS), keys])
    app.router.add_route("*", "/{path:.*}", yes)
    return await aiohttp_client(app)


@pytest.mark.parametrize("path", ["/accounts", "/accounts/", "/accounts/a/enable", "/auth/login", "/%61ccounts"])
async def test_an_area_takes_its_own_keys_only(guarded: Client, path: str) -> None:
    target = URL(path, encoded=True)
    assert (await guarded.get(target, headers={"x-api-key": ADMIN})).status == 200
    assert (await guarded.get(target)).status == 401
    refused = await guarded.get(target, headers={"x-api-key": KEY})
    assert refused.status == 403
    assert "admin key" in (await refused.json())["error"]["message"]


async def test_one_right_key_among_those_presented_opens_an_area(guarded: Client) -> None:
    both = {"x-api-key": KEY, "authorization": f"Bearer {ADMIN}"}
    assert (await guarded.get("/accounts", headers=both)).status == 200


@pytest.mark.parametrize("path", ["/accountsx", "/v1/models", "/v1/accounts"])
async def test_what_is_beside_an_area_takes_the_common_keys(guarded: Client, path: str) -> None:
    for key in (KEY, ADMIN):
        assert (await guarded.get(path, headers={"x-api-key": key})).status == 200
