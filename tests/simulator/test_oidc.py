"""AWS SSO OIDC over the socket, from registration to tokens."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest

from gateway.simulator.authorizations import challenge_of
from gateway.simulator.families import fingerprint
from gateway.simulator.oidc import BUILDER_ID_START, DEVICE_GRANT
from gateway.simulator.server import Simulator
from tests.simulator.client import ask, body, call

BACK = "http://127.0.0.1:3128/oauth/callback"


async def client(simulator: Simulator) -> dict[str, str]:
    asked = {"clientName": "Kiro CLI", "clientType": "public", "scopes": ["codewhisperer:completions"]}
    status, answer = await call(simulator, "POST", "/client/register", asked)
    assert (status, answer["clientSecretExpiresAt"] > answer["clientIdIssuedAt"]) == (200, True)
    return {"clientId": answer["clientId"], "clientSecret": answer["clientSecret"]}


class DeviceLogin:
    """One device login: poll it, decide it."""

    def __init__(self, simulator: Simulator, client: dict[str, str], started: dict[str, Any]) -> None:
        self._simulator = simulator
        self._asked = {**client, "grantType": DEVICE_GRANT, "deviceCode": started["deviceCode"]}
        self.user_code = started["userCode"]

    async def poll(self) -> tuple[int, Any]:
        return await call(self._simulator, "POST", "/token", self._asked)

    async def decide(self, decision: str) -> int:
        path = f"/_simulator/device/{self.user_code}/{decision}"
        return (await call(self._simulator, "POST", path))[0]


async def begun(simulator: Simulator, start: str = BUILDER_ID_START) -> DeviceLogin:
    mine = await client(simulator)
    status, answer = await call(simulator, "POST", "/device_authorization", {**mine, "startUrl": start})
    assert (status, answer["expiresIn"], answer["interval"]) == (200, 600, 1)
    assert answer["verificationUriComplete"].endswith(f"?user_code={answer['userCode']}")
    return DeviceLogin(simulator, mine, answer)


@pytest.mark.parametrize(
    ("start", "kind"), [(BUILDER_ID_START, "builder_id"), ("https://d-1.awsapps.com/start", "idc")]
)
async def test_a_newcomers_login_is_approved_by_itself_after_two_polls(
    simulator: Simulator, start: str, kind: str
) -> None:
    login = await begun(simulator, start)
    for _ in range(2):
        assert await login.poll() == (400, {"error": "authorization_pending", "error_description": None})
    status, tokens = await login.poll()
    assert (status, (await ask(simulator, body(), token=tokens["accessToken"])).status) == (200, 200)
    assert simulator.requests("generate")[0].account == kind
    assert (await login.poll())[1]["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("decision", "word"), [("deny", "access_denied"), ("expire", "expired_token"), ("slow_down", "slow_down")]
)
async def test_a_user_or_the_time_decides_otherwise(simulator: Simulator, decision: str, word: str) -> None:
    login = await begun(simulator)
    assert await login.decide(decision) == 200
    status, answer = await login.poll()
    assert (status, answer["error"]) == (400, word)


async def test_a_strict_simulators_login_waits_for_its_user(simulator: Simulator) -> None:
    login = await begun(simulator)
    await call(simulator, "POST", "/_simulator/logins", {"newcomer": False})
    for _ in range(4):
        assert (await login.poll())[1]["error"] == "authorization_pending"
    await login.decide("approve")
    status, tokens = await login.poll()
    assert status == 200
    _, ledger = await call(simulator, "GET", "/_simulator/ledger")
    assert (ledger[-1]["account"], ledger[-1]["refresh_token"]) == ("builder_id", fingerprint(tokens["refreshToken"]))


@pytest.mark.parametrize("path", ["device/NONE-NONE/approve", "device/{code}/wave", "device/{code}/approve?account=x"])
async def test_a_decision_that_makes_no_sense_is_refused(simulator: Simulator, path: str) -> None:
    login = await begun(simulator)
    assert (await call(simulator, "POST", "/_simulator/" + path.format(code=login.user_code)))[0] == 400


async def test_an_approval_may_name_the_account(simulator: Simulator) -> None:
    await call(simulator, "POST", "/_simulator/accounts", {"name": "alice", "kind": "builder_id"})
    login = await begun(simulator)
    await login.decide("approve?account=alice")
    await login.poll()
    assert (await call(simulator, "GET", "/_simulator/ledger"))[1][-1]["account"] == "alice"


async def code_for(simulator: Simulator, path: str, **query: str) -> tuple[int, dict[str, list[str]]]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{simulator.url}{path}?{urlencode(query)}", allow_redirects=False) as answer,
    ):
        return answer.status, parse_qs(urlsplit(answer.headers.get("location", "")).query)


def asked(client_id: str, **changes: str) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": BACK,
        "scopes": "codewhisperer:completions",
        "state": "s",
        "code_challenge": challenge_of("verifier"),
        "code_challenge_method": "S256",
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "status"),
    [({}, 200), ({"codeVerifier": "other"}, 400), ({"redirectUri": "http://127.0.0.1:1/x"}, 400), ({"code": "x"}, 400)],
)
async def test_a_browser_login_needs_its_verifier(simulator: Simulator, changes: dict[str, str], status: int) -> None:
    mine = await client(simulator)
    redirected, query = await code_for(simulator, "/authorize", **asked(mine["clientId"]))
    assert (redirected, query["state"]) == (302, ["s"])
    sent = {**mine, "grantType": "authorization_code", "code": query["code"][0]}
    sent |= {"codeVerifier": "verifier", "redirectUri": BACK, **changes}
    assert (await call(simulator, "POST", "/token", sent))[0] == status
    assert (await call(simulator, "POST", "/token", sent))[0] == 400


@pytest.mark.parametrize(
    "changes", [{"redirect_uri": "https://elsewhere.example/x"}, {"code_challenge_method": "plain"}, {"scopes": ""}]
)
async def test_a_browser_login_that_is_not_safe_is_refused(simulator: Simulator, changes: dict[str, str]) -> None:
    assert (await code_for(simulator, "/authorize", **asked("c", **changes)))[0] == 400


@pytest.mark.parametrize(
    ("path", "sent", "status", "error"),
    [
        ("/client/register", {"clientName": "x", "clientType": "confidential"}, 400, "invalid_client_metadata"),
        ("/device_authorization", {"startUrl": BUILDER_ID_START}, 401, "invalid_client"),
        ("/device_authorization", {"clientId": "c", "clientSecret": "s", "startUrl": "x"}, 400, "invalid_request"),
    ],
)
async def test_logins_that_are_not_asked_for_properly_are_refused(
    simulator: Simulator, path: str, sent: dict[str, str], status: int, error: str
) -> None:
    answered, answer = await call(simulator, "POST", path, sent)
    assert (answered, answer["error"]) == (status, error)
