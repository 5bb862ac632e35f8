import asyncio
from typing import Any

import aiohttp
import pytest

from gateway.simulator.options import ACCESS_TOKEN, REFRESH_TOKEN
from gateway.simulator.server import Simulator
from tests.simulator.client import ask, body, call

HI = {"frames": [{"event": "assistantResponseEvent", "payload": {"content": "hi"}}]}


@pytest.mark.parametrize("script", [HI, [HI]])
async def test_a_script_pushed_over_http_answers_the_next_request(simulator: Simulator, script: Any) -> None:
    assert await call(simulator, "POST", "/_simulator/script", script) == (200, {"pending": 1})
    assert (await ask(simulator, body())).text() == "hi"


async def test_a_bad_script_is_refused_with_its_reason_and_pushes_nothing(simulator: Simulator) -> None:
    status, answer = await call(simulator, "POST", "/_simulator/script", [HI, {"frams": []}])
    assert (status, answer) == (400, {"error": "unknown members: frams"})
    assert simulator.state.script.pending() == 0


async def test_other_operations_can_be_scripted_too(simulator: Simulator) -> None:
    refused = {"error": "invalid_grant", "error_description": "Invalid refresh token provided"}
    simulator.push(
        {"on": "refresh", "status": 401, "body": refused},
        {"on": "token", "status": 500},
        {"on": "models", "status": 403, "body": "<html>"},
    )
    assert await call(simulator, "POST", "/refreshToken", {"refreshToken": "a"}) == (401, refused)
    assert (await call(simulator, "POST", "/token", {}))[0] == 500
    assert (await ask(simulator, body())).status == 200


async def test_the_record_shows_requests_with_secrets_masked(simulator: Simulator) -> None:
    await ask(simulator, body("what a day"), amz_sdk_request="attempt=1; max=3")
    await call(simulator, "POST", "/token", "refresh_token=hidden&a=b")
    await call(simulator, "POST", "/refreshToken", {"refreshToken": "hidden"})
    _, shown = await call(simulator, "GET", "/_simulator/requests")
    assert [request["operation"] for request in shown] == ["generate", "token", "refresh"]
    first = shown[0]
    assert (first["method"], first["path"], first["status"], first["ending"]) == ("POST", "/", 200, "completed")
    assert first["headers"]["amz-sdk-request"] == "attempt=1; max=3"
    assert first["headers"]["authorization"] == "Bearer ...oken"
    assert first["body"]["conversationState"]["currentMessage"]["userInputMessage"]["content"] == "what a day"
    assert first["sent"] > first["pieces"] > 3
    assert first["began"] <= first["ended"]
    assert "hidden" not in str(shown)
    assert ACCESS_TOKEN not in str(shown)


async def test_the_record_can_be_asked_for_one_operation(simulator: Simulator) -> None:
    await ask(simulator, body())
    await call(simulator, "GET", "/ListAvailableModels?origin=CLI")
    _, shown = await call(simulator, "GET", "/_simulator/requests?operation=models")
    assert [request["query"] for request in shown] == [{"origin": "CLI"}]


async def test_counts_and_the_reset(simulator: Simulator) -> None:
    simulator.push(HI | {"times": 3})
    await ask(simulator, body())
    _, counts = await call(simulator, "GET", "/_simulator/counts")
    assert counts == {"generate": 1, "completed": 1, "peak_generate": 1, "pending": 2}
    await call(simulator, "POST", "/_simulator/reset")
    assert await call(simulator, "GET", "/_simulator/counts") == (200, {"pending": 0})
    assert await call(simulator, "GET", "/_simulator/requests") == (200, [])


async def test_waiting_returns_when_the_count_is_reached_and_gives_up_in_time(simulator: Simulator) -> None:
    await ask(simulator, body())
    status, counts = await call(simulator, "GET", "/_simulator/wait?count=completed")
    assert (status, counts["completed"]) == (200, 1)
    assert (await call(simulator, "GET", "/_simulator/wait?count=client_rst&timeout=0.01"))[0] == 408
    assert (await call(simulator, "GET", "/_simulator/wait"))[0] == 400


async def test_a_gate_opens_over_http(simulator: Simulator) -> None:
    simulator.push({"frames": HI["frames"] * 3, "gate": "g"})
    await call(simulator, "POST", "/_simulator/open/g?times=2")
    assert (await ask(simulator, body())).text() == "hihihi"


@pytest.mark.parametrize("sent", [{"acces_tokens": []}, []])
async def test_logins_with_unknown_members_are_refused(simulator: Simulator, sent: Any) -> None:
    assert (await call(simulator, "POST", "/_simulator/logins", sent))[0] == 400


async def test_an_unknown_control_path_is_an_unknown_operation(simulator: Simulator) -> None:
    assert (await call(simulator, "GET", "/_simulator/nothing"))[0] == 404


async def refreshed(simulator: Simulator, token: str) -> tuple[int, Any]:
    return await call(simulator, "POST", "/refreshToken", {"refreshToken": token})


async def test_a_granted_answer_is_the_genuine_one_held_at_a_gate(simulator: Simulator) -> None:
    simulator.push({"on": "refresh", "granted": True, "gate": "late"})
    asked = asyncio.create_task(refreshed(simulator, REFRESH_TOKEN))
    await simulator.until("refresh")
    simulator.open("late")
    status, answer = await asked
    assert (status, answer["refreshToken"]) == (200, REFRESH_TOKEN)
    assert simulator.state.logins.ledger.shown()[0]["refreshes"] == 1


async def test_a_granted_answer_with_status_0_gets_lost(simulator: Simulator) -> None:
    simulator.push({"on": "refresh", "granted": True, "status": 0})
    with pytest.raises(aiohttp.ClientError):
        await refreshed(simulator, REFRESH_TOKEN)
    assert simulator.state.logins.ledger.shown()[0]["refreshes"] == 1


@pytest.mark.parametrize(("revoke", "status"), [(True, 400), (False, 200)])
async def test_what_was_exchanged_is_refused_or_still_taken(simulator: Simulator, revoke: bool, status: int) -> None:
    await call(simulator, "POST", "/_simulator/logins", {"rotate": True, "revoke_rotated": revoke})
    assert (await refreshed(simulator, REFRESH_TOKEN))[0] == 200
    assert (await refreshed(simulator, REFRESH_TOKEN))[0] == status
