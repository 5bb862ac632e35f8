"""Kiro's own token server over the socket: the social flows."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest

from gateway.simulator.authorizations import challenge_of
from gateway.simulator.options import PROFILE_ARN
from gateway.simulator.server import Simulator
from tests.simulator.client import ask, body, call

BACK = "http://localhost:3128/oauth/callback"


async def code_for(simulator: Simulator, **changes: str) -> tuple[int, str]:
    query = {"idp": "Google", "redirect_uri": BACK, "state": "s", **changes}
    query = {"code_challenge": challenge_of("verifier"), "code_challenge_method": "S256", **query}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{simulator.url}/login?{urlencode(query)}", allow_redirects=False) as answer,
    ):
        given = parse_qs(urlsplit(answer.headers.get("location", "")).query)
        return answer.status, given.get("code", [""])[0]


async def test_a_browser_login_gives_tokens_with_a_profile(simulator: Simulator) -> None:
    status, code = await code_for(simulator)
    sent = {"code": code, "code_verifier": "verifier", "redirect_uri": BACK}
    answered, tokens = await call(simulator, "POST", "/oauth/token", sent)
    assert (status, answered, tokens["profileArn"], tokens["expiresIn"]) == (302, 200, PROFILE_ARN, 3600)
    assert (await ask(simulator, body(), token=tokens["accessToken"])).status == 200
    assert (await call(simulator, "POST", "/oauth/token", sent))[0] == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"idp": "Myspace"},
        {"redirect_uri": "kiro://kiro.kiroAgent/authenticate-success"},
        {"redirect_uri": "http://localhost:19876/oauth/callback"},
        {"redirect_uri": "http://localhost:3128/elsewhere"},
        {"redirect_uri": "http://192.0.2.1:3128/oauth/callback"},
        {"code_challenge_method": "plain"},
    ],
)
async def test_other_providers_and_places_are_refused(simulator: Simulator, changes: dict[str, str]) -> None:
    assert (await code_for(simulator, **changes))[0] == 400


async def test_ten_ports_are_registered(simulator: Simulator) -> None:
    for port in (3128, 4649, 6588, 8008, 9091, 49153, 50153, 51153, 52153, 53153):
        assert (await code_for(simulator, redirect_uri=f"http://127.0.0.1:{port}/oauth/callback"))[0] == 302


async def approved(simulator: Simulator, account: str) -> str:
    """The refresh token of a device login that this account's user has approved."""
    await call(simulator, "POST", "/_simulator/accounts", {"name": account})
    code, asked = await device(simulator)
    await call(simulator, "POST", f"/_simulator/device/{code}/approve?account={account}")
    token: str = (await call(simulator, "POST", "/oauth/device/poll", asked))[1]["refreshToken"]
    return token


async def test_a_second_user_of_the_device_flow_signs_out_the_first_but_not_one_of_the_browser(
    simulator: Simulator,
) -> None:
    code = (await code_for(simulator))[1]
    sent = {"code": code, "code_verifier": "verifier", "redirect_uri": BACK}
    by_browser = (await call(simulator, "POST", "/oauth/token", sent))[1]["refreshToken"]
    first, again, second = [await approved(simulator, name) for name in ("alice", "alice", "bob")]
    shown = (first, again, second, by_browser)
    answers = [(await call(simulator, "POST", "/refreshToken", {"refreshToken": token}))[0] for token in shown]
    assert answers == [400, 400, 200, 200]


async def device(simulator: Simulator) -> tuple[str, dict[str, str]]:
    sent = {"clientId": "kiro-cli", "loginProvider": "Github"}
    status, started = await call(simulator, "POST", "/oauth/device/authorization", sent)
    assert (status, started["intervalInMilliseconds"], started["expiresInMilliseconds"]) == (200, 1000, 600_000)
    return started["userCode"], {"clientId": "kiro-cli", "deviceCode": started["deviceCode"]}


async def test_a_device_login_says_pending_until_it_is_authorized(simulator: Simulator) -> None:
    _, asked = await device(simulator)
    answers = [(await call(simulator, "POST", "/oauth/device/poll", asked))[1] for _ in range(3)]
    assert [answer["status"] for answer in answers] == ["authorization_pending"] * 2 + ["authorized"]
    assert (answers[2]["identityProvider"], answers[2]["profileArn"]) == ("Github", PROFILE_ARN)
    refreshed = await call(simulator, "POST", "/refreshToken", {"refreshToken": answers[2]["refreshToken"]})
    assert refreshed[0] == 200


@pytest.mark.parametrize(("decision", "word"), [("deny", "access_denied"), ("expire", "expired_token")])
async def test_a_device_login_may_fail(simulator: Simulator, decision: str, word: str) -> None:
    code, asked = await device(simulator)
    await call(simulator, "POST", f"/_simulator/device/{code}/{decision}")
    assert await call(simulator, "POST", "/oauth/device/poll", asked) == (200, {"status": word})


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/oauth/device/authorization", {"clientId": "kiro-cli", "loginProvider": "Myspace"}),
        ("/oauth/device/poll", {"clientId": "kiro-cli", "deviceCode": "unknown"}),
        ("/oauth/token", {"code": "unknown"}),
        ("/refreshToken", {}),
    ],
)
async def test_what_makes_no_sense_is_refused(simulator: Simulator, path: str, sent: Any) -> None:
    assert (await call(simulator, "POST", path, sent))[0] == 400
