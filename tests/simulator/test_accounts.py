"""Accounts over the control endpoint: kinds, profiles, and every way to misbehave."""

import json
from typing import Any

import pytest

from gateway.kiro.profiles import SHARED
from gateway.simulator.server import Simulator
from tests.simulator.client import ask, body, call

OWN = "arn:aws:codewhisperer:eu-central-1:222222222222:profile/ALICE"
SSO_OIDC = {"tokentype": "SSO_OIDC"}
OTHER = "arn:aws:codewhisperer:us-east-1:1:profile/OTHER"


async def account(simulator: Simulator, **members: Any) -> None:
    status, _ = await call(simulator, "POST", "/_simulator/accounts", {"name": "alice", **members})
    assert status == 200


async def generated(simulator: Simulator, token: str, arn: str | None = OWN, **headers: str) -> int:
    sent = {name: value for name, value in body().items() if name != "profileArn"}
    sent |= {"profileArn": arn} if arn else {}
    return (await ask(simulator, sent, token=token, **headers)).status


async def test_two_accounts_are_told_apart_and_counted(simulator: Simulator) -> None:
    await account(simulator, access_tokens=["a1"], profiles=[OWN])
    await account(simulator, name="bob", access_tokens=["b1"], profiles=[OWN])
    assert [await generated(simulator, token) for token in ("a1", "b1", "b1")] == [200, 200, 200]
    _, shown = await call(simulator, "GET", "/_simulator/accounts")
    assert {one["name"]: one["counts"].get("generate") for one in shown} == {"default": None, "alice": 1, "bob": 2}
    assert [exchange.account for exchange in simulator.requests("generate")] == ["alice", "bob", "bob"]


@pytest.mark.parametrize(
    ("misdeed", "status", "words"),
    [
        ({"suspended": True}, 403, "TEMPORARILY_SUSPENDED"),
        ({"quota": "month"}, 402, "MONTHLY_REQUEST_COUNT"),
        ({"quota": "overage"}, 402, "OVERAGE_REQUEST_LIMIT_EXCEEDED"),
        ({"throttled": -1}, 429, "Too many requests"),
    ],
)
async def test_an_account_misbehaves_until_told_otherwise(
    simulator: Simulator, misdeed: dict[str, Any], status: int, words: str
) -> None:
    await account(simulator, access_tokens=["a1"], profiles=[OWN], **misdeed)
    answer = await ask(simulator, body() | {"profileArn": OWN}, token="a1")
    assert (answer.status, words in answer.raw.decode()) == (status, True)
    assert (await ask(simulator, body())).status == 200
    await account(simulator, suspended=False, quota="", throttled=0)
    assert await generated(simulator, "a1") == 200


@pytest.mark.parametrize(
    ("throttle", "asked", "status", "reason", "wait"),
    [
        ("user", None, 429, "USER_REQUEST_RATE_EXCEEDED", None),
        ("user", 7007, 429, "USER_REQUEST_RATE_EXCEEDED", 7007),
        ("credit", None, 429, "CREDIT_CONSUMPTION_RATE_EXCEEDED", 300_000),
        ("service", None, 429, "SERVICE_REQUEST_RATE_EXCEEDED", None),
        ("capacity", None, 429, "INSUFFICIENT_MODEL_CAPACITY", None),
        ("unavailable", 20_000, 503, "MODEL_TEMPORARILY_UNAVAILABLE", 20_000),
        ("day", None, 429, "DAILY_REQUEST_COUNT", None),
        ("month", None, 429, "MONTHLY_REQUEST_COUNT", None),
        ("hour", 45_000, 429, "HOURLY_REQUEST_COUNT", 45_000),
        ("unknown", None, 429, "SOME_NEW_LIMIT", None),
        ("soft_ban", None, 429, None, None),
    ],
)
async def test_throttling_names_its_reason_and_its_wait(
    simulator: Simulator, throttle: str, asked: int | None, status: int, reason: str | None, wait: int | None
) -> None:
    changes = {"throttled": 1, "throttle": throttle, "retry_after_ms": asked}
    await account(simulator, access_tokens=["a1"], profiles=[OWN], **changes)
    answer = await ask(simulator, body() | {"profileArn": OWN}, token="a1")
    told = json.loads(answer.raw)
    assert (answer.status, told["reason"], told.get("retryAfterMilliseconds")) == (status, reason, wait)
    assert await generated(simulator, "a1") == 200


async def test_capacity_may_lack_for_one_model_alone(simulator: Simulator) -> None:
    busy = {"throttled": -1, "throttle": "capacity", "busy_models": ["claude-haiku-4.5"]}
    await account(simulator, access_tokens=["a1"], profiles=[OWN], **busy)
    assert await generated(simulator, "a1") == 200
    await account(simulator, busy_models=["claude-sonnet-4.5"])
    assert await generated(simulator, "a1") == 429


@pytest.mark.parametrize(
    ("throttle", "expected"),
    [
        ("user", {"a1": 429, "b1": 200, "c1": 200}),
        ("service", {"a1": 429, "b1": 429, "c1": 200}),
        ("capacity", {"a1": 429, "b1": 429, "c1": 429}),
    ],
)
async def test_limit_of_a_profile_or_a_model_is_met_by_other_accounts_too(
    simulator: Simulator, throttle: str, expected: dict[str, int]
) -> None:
    await account(simulator, access_tokens=["a1"], profiles=[OWN], throttled=-1, throttle=throttle)
    await account(simulator, name="bob", access_tokens=["b1"], profiles=[OWN])
    await account(simulator, name="carol", access_tokens=["c1"], profiles=[OTHER])
    arns = {"a1": OWN, "b1": OWN, "c1": OTHER}
    assert {token: await generated(simulator, token, arn) for token, arn in arns.items()} == expected


async def test_throttle_without_a_scenario_is_an_error(simulator: Simulator) -> None:
    status, told = await call(simulator, "POST", "/_simulator/accounts", {"name": "alice", "throttle": "moon"})
    assert (status, "throttle is one of" in told["error"]) == (400, True)


async def test_throttling_ends_by_itself_after_so_many_requests(simulator: Simulator) -> None:
    await account(simulator, access_tokens=["a1"], profiles=[OWN], throttled=2)
    assert [await generated(simulator, "a1") for _ in range(3)] == [429, 429, 200]


async def test_a_suspended_account_still_sees_its_usage(simulator: Simulator) -> None:
    await account(simulator, access_tokens=["a1"], suspended=True)
    alice = {"authorization": "Bearer a1"}
    assert (await call(simulator, "GET", "/ListAvailableModels?origin=CLI", **alice))[0] == 403
    assert (await call(simulator, "GET", "/getUsageLimits?origin=AI_EDITOR", **alice))[0] == 200


@pytest.mark.parametrize(
    ("arn", "told", "status"),
    [
        (OWN, {}, 200),
        (OTHER, {}, 400),
        (OTHER, {"wrong_profile": 403}, 403),
        (SHARED["builder_id"], {}, 403),
        ("no arn", {}, 400),
    ],
)
async def test_a_profile_must_be_the_accounts(
    simulator: Simulator, arn: str, told: dict[str, Any], status: int
) -> None:
    await account(simulator, access_tokens=["a1"], profiles=[OWN], **told)
    assert await generated(simulator, "a1", arn) == status


async def test_an_account_without_profiles_has_the_shared_one_of_its_kind(simulator: Simulator) -> None:
    await account(simulator, kind="builder_id", access_tokens=["a1"])
    assert await generated(simulator, "a1", SHARED["builder_id"]) == 200
    assert await generated(simulator, "a1", SHARED["social"]) == 403


@pytest.mark.parametrize(
    ("kind", "header", "status"),
    [
        ("external_idp", "EXTERNAL_IDP", 200),
        ("external_idp", "", 403),
        ("api_key", "API_KEY", 200),
        ("api_key", "EXTERNAL_IDP", 403),
        ("social", "", 200),
        ("social", "EXTERNAL_IDP", 403),
    ],
)
async def test_the_token_type_header_must_fit_the_token(
    simulator: Simulator, kind: str, header: str, status: int
) -> None:
    await account(simulator, kind=kind, access_tokens=["a1"], profiles=[OWN])
    headers = {"tokentype": header} if header else {}
    assert await generated(simulator, "a1", None if kind == "api_key" else OWN, **headers) == status


async def test_an_identity_center_login_may_need_a_token_type_of_its_own(simulator: Simulator) -> None:
    await account(simulator, kind="idc", access_tokens=["a1"], profiles=[OWN])
    assert [await generated(simulator, "a1", **headers) for headers in ({}, SSO_OIDC)] == [200, 403]
    await account(simulator, token_type="SSO_OIDC")
    assert [await generated(simulator, "a1", **headers) for headers in ({}, SSO_OIDC)] == [403, 200]


async def test_an_api_key_has_no_profile_and_may_be_refused_for_that(simulator: Simulator) -> None:
    await account(simulator, kind="api_key", access_tokens=["a1"])
    assert [await generated(simulator, "a1", arn, tokentype="API_KEY") for arn in (None, OWN)] == [200, 400]
    await account(simulator, needs_profile=True)
    assert await generated(simulator, "a1", None, tokentype="API_KEY") == 400


@pytest.mark.parametrize(
    ("host", "status"),
    [("runtime.us-gov-west-1.kiro.dev", 200), ("runtime.us-east-1.kiro.dev", 403), ("127.0.0.1", 200)],
)
async def test_a_token_may_be_good_in_one_region_only(simulator: Simulator, host: str, status: int) -> None:
    await account(simulator, access_tokens=["a1"], profiles=[OWN], region="us-gov-west-1")
    assert await generated(simulator, "a1", host=host) == status


@pytest.mark.parametrize(
    ("path", "target"),
    [("/agents/activity", ""), ("/metrics", ""), ("/", "AmazonCodeWhispererService.SendTelemetryEvent")],
)
async def test_reports_on_the_user_are_refused_and_on_record(simulator: Simulator, path: str, target: str) -> None:
    headers = {"authorization": "Bearer simulator-access-token"} | ({"x_amz_target": target} if target else {})
    assert (await call(simulator, "POST", path, {}, **headers))[0] == 403
    assert [one.operation for one in simulator.requests()] == ["activity" if "activity" in path else "telemetry"]


@pytest.mark.parametrize("sent", [{}, {"name": "a", "kin": "social"}, {"name": "a", "kind": "other"}, [1]])
async def test_an_account_that_makes_no_sense_is_refused(simulator: Simulator, sent: Any) -> None:
    assert (await call(simulator, "POST", "/_simulator/accounts", sent))[0] == 400
