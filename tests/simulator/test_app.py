from typing import Any

import pytest

from gateway.simulator.options import ACCESS_TOKEN, PROFILE_ARN, Options
from gateway.simulator.server import Simulator, start
from tests.simulator.client import ask, body, call, tool, with_tools

RPC = "application/x-amz-json-1.0"
TARGET = "AmazonCodeWhispererStreamingService.GenerateAssistantResponse"


async def test_the_rpc_style_streams_frames_that_botocore_accepts(simulator: Simulator) -> None:
    answer = await ask(simulator, body())
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/vnd.amazon.eventstream"
    assert len(answer.headers["x-amzn-requestid"]) == 36
    assert answer.kinds()[:2] == ["initial-response", "messageMetadataEvent"]
    assert answer.text().startswith("Hello!")


async def test_the_rest_style_has_no_opening_frames(simulator: Simulator) -> None:
    answer = await ask(simulator, body(origin="AI_EDITOR"), rpc=False)
    assert (answer.status, answer.kinds()[0]) == (200, "assistantResponseEvent")


@pytest.mark.parametrize(
    ("service", "operation", "origin"),
    [
        ("AmazonCodeWhispererStreamingService", "SendMessage", "KIRO_CLI"),
        ("AmazonQDeveloperStreamingService", "SendMessage", "CLI"),
    ],
)
async def test_send_message_is_the_same_operation(
    simulator: Simulator, service: str, operation: str, origin: str
) -> None:
    answer = await ask(simulator, body(origin=origin), x_amz_target=f"{service}.{operation}")
    assert answer.status == 200
    assert simulator.requests("generate")


async def test_a_path_with_a_target_too_counts_as_rest(simulator: Simulator) -> None:
    answer = await ask(simulator, body(origin="AI_EDITOR"), rpc=False, content_type=RPC, x_amz_target=TARGET)
    assert answer.kinds()[0] == "assistantResponseEvent"


async def test_a_dry_run_only_says_that_it_would_work(simulator: Simulator) -> None:
    assert (await ask(simulator, body() | {"dryRun": True})).kinds() == ["dryRunSucceedEvent"]


@pytest.mark.parametrize(
    ("method", "path", "target"),
    [
        ("GET", "/ListAvailableModels?origin=AI_EDITOR", ""),
        ("GET", "/List-Available-Models?origin=KIRO_CLI", ""),
        ("POST", "/", "AmazonCodeWhispererService.ListAvailableModels"),
        ("POST", "/", "KiroControlPlaneBearerService.ListAvailableModels"),
    ],
)
async def test_models_are_listed_in_every_spelling(simulator: Simulator, method: str, path: str, target: str) -> None:
    headers = {"x_amz_target": target, "content_type": RPC} if target else {}
    sent = {"origin": "KIRO_CLI"} if target else None
    status, listing = await call(simulator, method, path, sent, **headers)
    assert status == 200
    assert listing["defaultModel"] == {"modelId": "auto"}
    assert len(listing["models"]) > 15


@pytest.mark.parametrize("query", ["", "?origin=CLI&maxResults=x", "?origin=CLI&nextToken=x"])
async def test_a_listing_without_origin_or_with_odd_numbers_is_improper(simulator: Simulator, query: str) -> None:
    status, answer = await call(simulator, "GET", f"/ListAvailableModels{query}")
    assert (status, answer["message"]) == (400, "Improperly formed request.")


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/ListAvailableProfiles", ""),
        ("/List-Available-Profiles", ""),
        ("/", "AmazonCodeWhispererService.ListAvailableProfiles"),
    ],
)
async def test_profiles_are_listed(simulator: Simulator, path: str, target: str) -> None:
    headers = {"x_amz_target": target, "content_type": RPC} if target else {}
    company = {"name": "c", "kind": "idc", "profiles": [PROFILE_ARN], "access_tokens": ["c1"]}
    await call(simulator, "POST", "/_simulator/accounts", company)
    status, listing = await call(simulator, "POST", path, {}, authorization="Bearer c1", **headers)
    assert status == 200
    assert [profile["arn"] for profile in listing["profiles"]] == [PROFILE_ARN]


@pytest.mark.parametrize(
    ("method", "path", "target"),
    [
        ("POST", "/", "AmazonCodeWhispererService.Nothing"),
        ("POST", "/", ""),
        ("GET", "/generateAssistantResponse", ""),
        ("POST", "/elsewhere", TARGET),
    ],
)
async def test_what_nobody_serves_is_an_unknown_operation(
    simulator: Simulator, method: str, path: str, target: str
) -> None:
    status, answer = await call(simulator, method, path, {}, x_amz_target=target, content_type=RPC)
    assert status == 404
    assert answer["Output"]["__type"] == "com.amazon.coral.service#UnknownOperationException"


async def test_the_desktop_refresh_keeps_the_refresh_token_and_its_token_works(simulator: Simulator) -> None:
    status, grant = await call(simulator, "POST", "/refreshToken", {"refreshToken": "aorAAAAA"})
    assert status == 200
    assert list(grant) == ["accessToken", "refreshToken", "expiresIn", "profileArn"]
    assert (grant["refreshToken"], grant["expiresIn"], grant["profileArn"]) == ("aorAAAAA", 3600, PROFILE_ARN)
    assert (await ask(simulator, body(), token=grant["accessToken"])).status == 200


OIDC = {"clientId": "c", "clientSecret": "s", "grantType": "refresh_token", "refreshToken": "aorAAAAA"}


async def test_the_oidc_refresh_gives_a_new_refresh_token_and_its_token_works(simulator: Simulator) -> None:
    status, grant = await call(simulator, "POST", "/token", OIDC)
    assert (status, grant["expiresIn"], grant["tokenType"]) == (200, 3600, "Bearer")
    assert grant["refreshToken"] != "aorAAAAA"
    assert (await ask(simulator, body(), token=grant["accessToken"])).status == 200


@pytest.mark.parametrize(
    ("sent", "content_type", "status", "error"),
    [
        ("grant_type=refresh_token&refresh_token=a", "application/x-www-form-urlencoded", 400, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "a"}, "application/json", 400, "invalid_request"),
        (OIDC, "text/plain", 400, "invalid_request"),
        (OIDC | {"grantType": "password"}, "application/json", 400, "unsupported_grant_type"),
        (OIDC | {"clientId": ""}, "application/json", 401, "invalid_client"),
        (OIDC | {"refreshToken": ""}, "application/json", 400, "invalid_grant"),
        ("{", "application/json", 400, "invalid_request"),
    ],
)
async def test_other_spellings_of_an_oidc_refresh_are_refused(
    simulator: Simulator, sent: Any, content_type: str, status: int, error: str
) -> None:
    answered, answer = await call(simulator, "POST", "/token", sent, content_type=content_type)
    assert (answered, answer["error"]) == (status, error)


async def test_a_refresh_token_nobody_was_told_of_is_an_invalid_grant() -> None:
    strict = await start(Options(newcomer=False))
    status, answer = await call(strict, "POST", "/refreshToken", {"refreshToken": "other"})
    await strict.stop()
    assert status == 400
    assert answer == {"error": "invalid_grant", "error_description": "Invalid refresh token provided"}


async def test_a_tool_loop_runs_to_its_end(simulator: Simulator) -> None:
    read = tool("read_file", {"path": {"type": "string"}}, ["path"])
    first = await ask(simulator, with_tools("read_file path=notes.txt", read))
    part = first.payloads("toolUseEvent")[0]
    assert first.calls() == {"read_file": {"path": "notes.txt"}}
    use = {"toolUseId": part["toolUseId"], "name": part["name"], "input": first.calls()["read_file"]}
    result = {"toolUseId": part["toolUseId"], "content": [{"text": "the notes — ✓"}], "status": "success"}
    second = body("", userInputMessageContext={"toolResults": [result], "tools": [read]})
    second["conversationState"]["history"] = [
        {"userInputMessage": {"content": "read_file path=notes.txt"}},
        {"assistantResponseMessage": {"content": first.text(), "toolUses": [use]}},
    ]
    answer = await ask(simulator, second)
    assert (answer.status, "the notes — ✓" in answer.text()) == (200, True)


async def test_a_pace_spreads_the_frames_and_changes_none() -> None:
    slow = await start(Options(pace=0.001))
    answer = await ask(slow, body())
    await slow.stop()
    assert answer.text().startswith("Hello!")


async def test_the_newcomers_login_is_the_known_one() -> None:
    assert ACCESS_TOKEN == "simulator-access-token"
    assert PROFILE_ARN == "arn:aws:codewhisperer:us-east-1:123456789012:profile/SIMULATOR"
