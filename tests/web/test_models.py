"""The model list: Kiro's own, in the shape the client expects, with the source of every fact."""

from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from gateway.simulator.server import Simulator
from tests.live import KEY, Live, gateway

ANTHROPIC = {"x-api-key": KEY, "anthropic-version": "2023-06-01"}


async def listed(live: Live, **headers: str) -> dict[str, Any]:
    async with live.client.get(f"{live.url}/v1/models?limit=1000", headers=headers) as answer:
        found: dict[str, Any] = await answer.json()
        return found


async def test_openais_clients_get_openais_list(simulator: Simulator, tmp_path: Path) -> None:
    async with gateway(simulator, tmp_path) as live:
        page = await listed(live)
    models = {model["id"]: model for model in page["data"]}
    assert page["object"] == "list" and models["claude-sonnet-4.5"]["object"] == "model"
    assert models["claude-sonnet-4-5-20250929"]["alias_of"] == "claude-sonnet-4.5"


async def test_anthropics_clients_get_anthropics_list(simulator: Simulator, tmp_path: Path) -> None:
    async with gateway(simulator, tmp_path) as live:
        page = await listed(live, **{"anthropic-version": "2026-10-21"})
    assert page["has_more"] is False and page["first_id"] == page["data"][0]["id"]
    assert {model["type"] for model in page["data"]} == {"model"}


async def test_each_fact_names_its_source(simulator: Simulator, tmp_path: Path) -> None:
    async with gateway(simulator, tmp_path) as live:
        model = await (await live.get("/v1/models/claude-opus-4-7")).json()
    assert model["context_window"] == 1_000_000 and model["supports_images"] is True
    assert "xhigh" in model["effort_levels"] and model["credit_factor"] == 2.2
    assert model["sources"]["window"] == "upstream"


async def test_without_kiros_list_the_built_in_one_stands_in(simulator: Simulator, tmp_path: Path) -> None:
    simulator.push({"on": "models", "status": 500, "body": {"message": "no"}, "always": True})
    async with gateway(simulator, tmp_path) as live:
        model = await (await live.get("/v1/models/claude-sonnet-4.5")).json()
    assert model["context_window"] == 200_000
    assert model["sources"]["window"] == "fallback table"


@pytest.mark.parametrize("name", ["claude-sonet-4.5", "claude-sonnet-4.55"])
async def test_a_name_nobody_knows_is_404_with_the_nearest(simulator: Simulator, tmp_path: Path, name: str) -> None:
    async with gateway(simulator, tmp_path) as live:
        answer = await live.get(f"/v1/models/{name}")
        body = await answer.json()
    assert answer.status == 404 and body["error"]["code"] == "model_not_found"
    assert "claude-sonnet-4.5" in body["error"]["message"]


async def test_the_greeting_and_liveness_cost_no_key(simulator: Simulator, tmp_path: Path) -> None:
    async with gateway(simulator, tmp_path) as live, ClientSession() as stranger:
        async with stranger.get(f"{live.url}/health") as answer:
            assert set(await answer.json()) == {"status", "version", "timestamp", "upstream"}
        async with stranger.head(f"{live.url}/api/hello") as answer:
            assert answer.status == 200
        async with stranger.get(f"{live.url}/v1/models") as answer:
            assert answer.status == 401
