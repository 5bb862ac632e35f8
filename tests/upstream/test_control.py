from typing import Any

import pytest

from gateway.errors import UpstreamError
from gateway.kiro.endpoints import Identity
from gateway.simulator.options import ACCESS_TOKEN, PROFILE_ARN
from gateway.simulator.server import Simulator
from gateway.upstream.control import fetch_models
from tests.upstream.conftest import Way


def identity(arn: str | None = PROFILE_ARN) -> Identity:
    return Identity(ACCESS_TOKEN, arn, "social", "us-east-1", "0" * 64)


async def models(kiro: Way, simulator: Simulator, arn: str | None = PROFILE_ARN) -> dict[str, Any]:
    return await fetch_models(kiro.connection, identity(arn), base_url=simulator.url)


async def test_the_models_come_from_the_management_host(kiro: Way, simulator: Simulator) -> None:
    found = await models(kiro, simulator)
    assert "claude-sonnet-4.5" in {model["modelId"] for model in found["models"]}
    [asked] = simulator.requests("models")
    assert asked.headers["x-amz-target"] == "KiroControlPlaneBearerService.ListAvailableModels"


async def test_without_a_profile_the_older_host_is_asked(kiro: Way, simulator: Simulator) -> None:
    assert (await models(kiro, simulator, None))["models"]
    assert [exchange.path for exchange in simulator.requests("models")] == ["/ListAvailableModels"]


@pytest.mark.parametrize(
    "first", [{"status": 403, "body": {"message": "no"}}, {"status": 200, "body": "<html>"}, {"status": 0}]
)
async def test_where_the_first_host_fails_the_older_one_is_asked(
    kiro: Way, simulator: Simulator, first: dict[str, Any]
) -> None:
    simulator.push({"on": "models", **first})
    assert (await models(kiro, simulator))["models"]
    assert [exchange.method for exchange in simulator.requests("models")] == ["POST", "GET"]


async def test_all_pages_become_one_list(kiro: Way, simulator: Simulator) -> None:
    simulator.push(
        {"on": "models", "body": {"models": [{"modelId": "a"}], "nextToken": "more"}},
        {"on": "models", "body": {"models": [{"modelId": "b"}], "defaultModel": {"modelId": "a"}}},
    )
    found = await models(kiro, simulator)
    assert [model["modelId"] for model in found["models"]] == ["a", "b"]
    assert b'"nextToken":"more"' in simulator.requests("models")[1].body


async def test_a_list_that_never_ends_is_ended(kiro: Way, simulator: Simulator) -> None:
    simulator.push({"on": "models", "always": True, "body": {"models": [], "nextToken": "more"}})
    assert (await models(kiro, simulator))["models"] == []
    assert len(simulator.requests("models")) == 10


async def test_when_every_host_refuses_the_last_refusal_is_told(kiro: Way, simulator: Simulator) -> None:
    simulator.push({"on": "models", "always": True, "status": 403, "body": {"message": "Access denied here"}})
    with pytest.raises(UpstreamError, match="Access denied here"):
        await models(kiro, simulator)
