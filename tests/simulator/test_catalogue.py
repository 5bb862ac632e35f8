from typing import Any

import pytest

from gateway.simulator.server import Simulator
from tests.simulator.client import call

CONTROL = "KiroControlPlaneBearerService"
RPC = "application/x-amz-json-1.0"
US = "arn:aws:codewhisperer:us-east-1:111111111111:profile/US"
EU = "arn:aws:codewhisperer:eu-central-1:111111111111:profile/EU"
CONTROL_PLANE = {"x_amz_target": "KiroControlPlaneBearerService.ListAvailableProfiles", "content_type": RPC}


async def alice(simulator: Simulator, **members: Any) -> None:
    sent = {"name": "alice", "access_tokens": ["a1"], **members}
    assert (await call(simulator, "POST", "/_simulator/accounts", sent))[0] == 200


async def profiles(simulator: Simulator, host: str = "127.0.0.1", **headers: str) -> tuple[int, Any]:
    path = "/" if "x_amz_target" in headers else "/ListAvailableProfiles"
    return await call(simulator, "POST", path, {}, authorization="Bearer a1", host=host, **headers)


@pytest.mark.parametrize(
    ("host", "seen"),
    [
        ("management.us-east-1.kiro.dev", [US]),
        ("q.eu-central-1.amazonaws.com", [EU]),
        ("q.ap-south-1.amazonaws.com", []),
        ("127.0.0.1", [US, EU]),
    ],
)
async def test_a_region_shows_its_own_profiles_and_this_machine_all(
    simulator: Simulator, host: str, seen: list[str]
) -> None:
    await alice(simulator, kind="idc", profiles=[US, EU])
    status, listing = await profiles(simulator, host)
    assert (status, [profile["arn"] for profile in listing["profiles"]]) == (200, seen)


@pytest.mark.parametrize(
    ("kind", "headers", "words"),
    [
        ("builder_id", {}, "AWS Builder ID is not supported"),
        ("builder_id", CONTROL_PLANE, "not authorized to access this feature"),
        ("social", {}, "not authorized to access this feature"),
        ("api_key", {"tokentype": "API_KEY"}, "not authorized to access this feature"),
    ],
)
async def test_some_kinds_may_not_list_profiles(
    simulator: Simulator, kind: str, headers: dict[str, str], words: str
) -> None:
    await alice(simulator, kind=kind)
    status, answer = await profiles(simulator, **headers)
    assert (status, words in answer["message"]) == (403, True)


@pytest.mark.parametrize(("arn", "status"), [(US, 200), (EU, 400), (None, 400)])
async def test_a_profile_is_told_to_its_owner(simulator: Simulator, arn: str | None, status: int) -> None:
    await alice(simulator, profiles=[US])
    headers = {
        "authorization": "Bearer a1",
        "content_type": RPC,
        "x_amz_target": "AmazonCodeWhispererService.GetProfile",
    }
    for path, extra in (("/GetProfile", {"authorization": "Bearer a1"}), ("/", headers)):
        answered, answer = await call(simulator, "POST", path, {"profileArn": arn} if arn else {}, **extra)
        assert answered == status
        if status == 200:
            assert answer["profile"]["arn"] == arn


@pytest.mark.parametrize(
    ("host", "status"), [("management.eu-central-1.kiro.dev", 200), ("management.us-east-1.kiro.dev", 403)]
)
async def test_an_api_keys_region_takes_it_without_a_profile(simulator: Simulator, host: str, status: int) -> None:
    await alice(simulator, kind="api_key", region="eu-central-1")
    target = {"x_amz_target": "KiroControlPlaneBearerService.GetProfile", "content_type": RPC, "tokentype": "API_KEY"}
    answered, _ = await call(simulator, "POST", "/", {}, authorization="Bearer a1", host=host, **target)
    assert answered == status


@pytest.mark.parametrize(("service", "status"), [("AmazonCodeWhispererService", 200), (CONTROL, 400)])
async def test_the_control_plane_does_not_know_a_builder_ids_usage(
    simulator: Simulator, service: str, status: int
) -> None:
    await alice(simulator, kind="builder_id")
    headers = {"x_amz_target": f"{service}.GetUsageLimits", "content_type": RPC, "authorization": "Bearer a1"}
    assert (await call(simulator, "POST", "/", {"origin": "KIRO_CLI"}, **headers))[0] == status


USAGE = {
    "plan": "KIRO FREE",
    "type": "Q_DEVELOPER_STANDALONE_FREE",
    "used": 1280.59,
    "limit": 1000,
    "overage": "ENABLED",
}


@pytest.mark.parametrize("service", ["AmazonCodeWhispererService", "KiroControlPlaneBearerService", ""])
async def test_usage_is_told_in_every_spelling(simulator: Simulator, service: str) -> None:
    await alice(simulator, usage=USAGE | {"reset": 1_780_272_000, "trial": "ACTIVE", "email": "a@b.org"})
    query = "?origin=AI_EDITOR&resourceType=AGENTIC_REQUEST&isEmailRequired=true"
    headers = {"authorization": "Bearer a1"}
    if service:
        headers |= {"content_type": RPC, "x_amz_target": f"{service}.GetUsageLimits"}
    method, path = ("POST", f"/{query}") if service else ("GET", f"/getUsageLimits{query}")
    status, told = await call(simulator, method, path, {} if service else None, **headers)
    (credit,) = told["usageBreakdownList"]
    assert (status, told["nextDateReset"], told["userInfo"]["email"]) == (200, 1_780_272_000, "a@b.org")
    assert (credit["currentUsage"], credit["currentUsageWithPrecision"]) == (1280, 1280.59)
    assert (round(credit["currentOveragesWithPrecision"], 2), credit["overageCharges"]) == (280.59, 11.22)
    assert (credit["freeTrialInfo"]["freeTrialStatus"], credit["bonuses"][0]["usageLimit"]) == ("ACTIVE", 100)
    assert told["subscriptionInfo"]["subscriptionTitle"] == "KIRO FREE"


async def test_usage_dates_may_differ_and_be_milliseconds(simulator: Simulator) -> None:
    query, headers = "/getUsageLimits?origin=AI_EDITOR", {"authorization": "Bearer a1"}
    await alice(simulator, usage={"reset": 1_782_864_000, "answer_reset": 1_780_272_000, "days": 0})
    _, answer = await call(simulator, "GET", query, **headers)
    dates = answer["nextDateReset"], answer["usageBreakdownList"][0]["nextDateReset"], answer["daysUntilReset"]
    assert dates == (1_780_272_000, 1_782_864_000, 0)
    await alice(simulator, usage={"reset": 1_782_864_000, "milliseconds": True})
    _, answer = await call(simulator, "GET", query, **headers)
    assert answer["usageBreakdownList"][0]["nextDateReset"] == answer["nextDateReset"] == 1_782_864_000_000


async def test_usage_without_trial_bonus_email_or_origin(simulator: Simulator) -> None:
    await alice(simulator, usage={"trial_limit": 0, "bonus_limit": 0})
    headers = {"authorization": "Bearer a1"}
    _, told = await call(simulator, "GET", "/getUsageLimits?origin=AI_EDITOR", **headers)
    (credit,) = told["usageBreakdownList"]
    assert (credit["freeTrialInfo"], credit["bonuses"], told["daysUntilReset"]) == (None, [], 0)
    assert "email" not in told["userInfo"]
    assert (await call(simulator, "GET", "/getUsageLimits", **headers))[0] == 400
    assert (await call(simulator, "GET", f"/getUsageLimits?origin=CLI&profileArn={EU}", **headers))[0] == 400
