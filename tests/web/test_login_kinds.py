"""What each kind of login asks Kiro for, and what it never does, over the whole life of a gateway."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway import jsontext
from gateway.simulator.accounts import Account
from gateway.simulator.record import Exchange
from gateway.simulator.server import Simulator, start
from tests.live import ADMIN, Live, gateway

US = "arn:aws:codewhisperer:us-east-1:111111111111:profile/US"
KEY = "ksk_invented0123456789"
COMPANY = {"clientId": "c", "clientSecret": "s", "startUrl": "https://d-1.awsapps.com/start"}
LOGINS: Mapping[str, Mapping[str, str]] = {
    "social": {"profileArn": US, "authMethod": "social"},
    "builder_id": {"clientId": "c", "clientSecret": "s", "provider": "BuilderId"},
    "idc": {**COMPANY, "profileArn": US},
    "external_idp": {
        "authMethod": "external_idp",
        "clientId": "c",
        "tokenEndpoint": "https://idp.example/token",
        "issuerUrl": "https://idp.example",
    },
    "api_key": {"kiroApiKey": KEY},
}


@asynccontextmanager
async def alice(
    folder: Path, kind: Any, members: Mapping[str, str] | None = None, **account: Any
) -> AsyncIterator[Live]:
    """A gateway with one login of this kind, which the simulator knows and nobody else's. members: of its file."""
    simulator = await start()
    profiles = (US,) if kind not in ("builder_id", "api_key") else ()
    logins = simulator.state.logins
    logins.accounts["alice"] = Account("alice", kind, profiles, **account)
    logins.give("alice", access_tokens=["a1", KEY], refresh_tokens=["r1"])
    tokens = {"accessToken": "a1", "refreshToken": "r1", "expiresAt": "2999-01-01T00:00:00Z"}
    path = folder / "login.json"
    path.write_bytes(jsontext.encode(tokens | dict(LOGINS[kind] if members is None else members)))
    nothing = {"credentials__refresh_token": None, "credentials__profile_arn": None}
    try:
        async with gateway(simulator, folder, credentials__file=str(path), **nothing) as live:
            yield live
    finally:
        await simulator.stop()


def types(simulator: Simulator, operation: str = "generate") -> list[str | None]:
    return [exchange.headers.get("tokentype") for exchange in simulator.requests(operation)]


async def usage(live: Live) -> Any:
    async with live.client.get(f"{live.url}/usage", headers={"x-api-key": ADMIN}) as answer:
        return (await answer.json())["accounts"][0]


async def test_a_403_of_an_identity_center_login_is_met_with_sso_oidc_once_and_that_is_remembered(
    tmp_path: Path,
) -> None:
    async with alice(tmp_path, "idc", token_type="SSO_OIDC") as live:
        assert [(await live.ask())[0] for _ in range(3)] == [200] * 3
        assert types(live.simulator) == [None, "SSO_OIDC", "SSO_OIDC", "SSO_OIDC"]
        assert live.simulator.requests("token") == []
        assert (await usage(live))["plan"]
        assert types(live.simulator, "usage") == ["SSO_OIDC"]


async def test_many_first_requests_at_once_send_at_most_one_more_each(tmp_path: Path) -> None:
    async with alice(tmp_path, "idc", token_type="SSO_OIDC") as live:
        answers = await asyncio.gather(*(live.ask() for _ in range(20)))
        assert {status for status, _ in answers} == {200}
        assert len(live.simulator.requests("generate")) <= 40
        assert live.simulator.requests("token") == []


async def test_an_identity_center_login_without_a_profile_learns_the_type_from_the_listing(tmp_path: Path) -> None:
    async with alice(tmp_path, "idc", COMPANY, token_type="SSO_OIDC") as live:
        assert (await live.ask())[0] == 200
        assert types(live.simulator) == ["SSO_OIDC"]
        assert live.sent()["profileArn"] == US


async def test_a_revoked_token_costs_one_trial_and_once_a_request_has_worked_none(tmp_path: Path) -> None:
    async with alice(tmp_path, "idc") as live:
        live.simulator.state.logins.revoke(["a1"])
        assert (await live.ask())[0] == 200
        live.simulator.state.logins.revoke_access()
        assert (await live.ask())[0] == 200
        assert types(live.simulator) == [None, "SSO_OIDC", None, None, None]
        assert len(live.simulator.requests("token")) == 2


@pytest.mark.parametrize("kind", ["social", "builder_id", "external_idp", "api_key"])
async def test_no_other_kind_is_sent_with_another_type_after_a_403(tmp_path: Path, kind: str) -> None:
    async with alice(tmp_path, kind) as live:
        live.simulator.push(
            {"status": 403, "body": {"message": "User is not authorized to make this call."}, "times": 9}
        )
        assert (await live.ask())[0] == 403
        assert "SSO_OIDC" not in types(live.simulator)


def arns(exchanges: list[Exchange]) -> list[str]:
    """What of the calls with an API key names a profile, anywhere."""
    texts = [f"{one.path} {one.query} {one.headers} {one.body.decode()}" for one in exchanges]
    return [text for text in texts if "arn:aws" in text or "profilearn" in text.lower().replace("-", "")]


async def test_an_api_key_names_no_profile_and_its_region_is_asked_for_once(tmp_path: Path) -> None:
    async with alice(tmp_path, "api_key", {"kiroApiKey": KEY, "profileArn": US}) as live:
        assert {status for status, _ in await asyncio.gather(*(live.ask() for _ in range(20)))} == {200}
        assert (await live.ask())[0] == 200
        assert (await usage(live))["plan"]
        await live.get("/v1/models")
        assert [exchange.body for exchange in live.simulator.requests("profile")] == [b"{}"]
        assert arns(live.simulator.requests()) == []
        assert set(types(live.simulator)) == {"API_KEY"}
        assert {exchange.path for exchange in live.simulator.requests("generate")} == {"/"}


async def test_an_api_key_that_runtime_wants_a_profile_of_goes_to_the_older_host_from_then_on(tmp_path: Path) -> None:
    async with alice(tmp_path, "api_key", needs_profile=True) as live:
        assert [(await live.ask())[0] for _ in range(2)] == [200, 200]
        paths = [exchange.path for exchange in live.simulator.requests("generate")]
        assert paths == ["/", "/generateAssistantResponse", "/generateAssistantResponse"]


async def test_an_api_key_that_is_refused_everywhere_by_getprofile_serves_all_the_same(tmp_path: Path) -> None:
    async with alice(tmp_path, "api_key") as live:
        refusal = {"message": "User is not authorized to access this feature.", "reason": None}
        live.simulator.push({"on": "profile", "status": 403, "body": refusal, "always": True})
        assert [(await live.ask())[0] for _ in range(2)] == [200, 200]
        assert len(live.simulator.requests("profile")) == 2


async def test_a_refused_api_key_is_not_refreshed_and_says_what_to_do(tmp_path: Path) -> None:
    async with alice(tmp_path, "api_key") as live:
        live.simulator.state.logins.revoke([KEY])
        status, answer = await live.ask()
        assert (status, "cannot be refreshed" in str(answer)) == (401, True)
        assert len(live.simulator.requests("generate")) == 1
        assert (await live.ask())[0] in (401, 503)
        assert len(live.simulator.requests("generate")) == 1
        [row] = await live.accounts()
        assert (row["state"], "Kiro refused it" in row["reason"]) == ("parked", True)
        assert "Kiro refused it" in str(await usage(live))
        assert live.simulator.requests("usage") == []


TOOL = {"name": "get_weather", "description": "Weather", "input_schema": {"type": "object", "properties": {}}}
SEARCH = {"type": "web_search_20250305", "name": "web_search"}
EVERY_LOGIN = {"generate", "models", "usage", "mcp", "register", "device", "login_device"}
MORE = {
    "social": {"refresh"},
    "builder_id": {"token"},
    "idc": {"token", "profiles"},
    "external_idp": {"idp", "profiles"},
    "api_key": {"profile"},
}
"""What a kind of login needs besides: its token server, its profiles, its region."""


@pytest.mark.parametrize("kind", LOGINS)
async def test_a_whole_life_makes_no_call_that_can_only_fail_and_reports_nothing(tmp_path: Path, kind: str) -> None:
    async with alice(tmp_path, kind) as live:
        admin = {"x-api-key": ADMIN}
        await live.get("/v1/models")
        assert (await live.ask())[0] == 200
        await live.stream(tools=[TOOL], messages=[{"role": "user", "content": "Call get_weather."}])
        await live.ask(tools=[SEARCH], messages=[{"role": "user", "content": "Call web_search query=kiro"}])
        await live.ask("/v1/chat/completions")
        assert (await usage(live))["plan"]
        if kind != "api_key":
            async with live.client.post(f"{live.url}/accounts/0/refresh", headers=admin) as answer:
                assert answer.status == 200
        for body in ({}, {"social": "google"}):
            async with live.client.post(f"{live.url}/auth/login", json=body, headers=admin) as answer:
                assert answer.status == 201
        made = live.simulator.requests()
    operations = {exchange.operation for exchange in made}
    assert operations - {"login_poll"} <= EVERY_LOGIN | MORE[kind]
    assert {"generate", "models", "usage", "mcp"} <= operations
    assert [(one.operation, one.status) for one in made if (one.status or 0) >= 400] == []
