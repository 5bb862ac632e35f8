"""A request that is sent again under the ids of one that failed is refused, as by the real service."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from gateway.simulator.options import ACCESS_TOKEN, Options
from gateway.simulator.server import Simulator, start
from tests.simulator.client import RPC_HEADERS, ask, body

REFUSED = {"message": "Improperly formed request.", "reason": None}
EVENT = {"event": "assistantResponseEvent", "payload": {"content": "Hello"}}


def request(continuation: str | None = "t1", conversation: str = "c1") -> dict[str, Any]:
    made = body()
    made["conversationState"]["conversationId"] = conversation
    if continuation is not None:
        made["conversationState"]["agentContinuationId"] = continuation
    return made


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_the_same_ids_after_a_fault_are_refused(simulator: Simulator, status: int) -> None:
    simulator.push({"status": status, "body": {"message": "No."}})
    assert (await ask(simulator, request())).status == status
    refused = await ask(simulator, request())
    assert refused.status == 400
    assert {name: json.loads(refused.raw)[name] for name in REFUSED} == REFUSED
    assert simulator.requests("generate")[-1].refusals == ["resend"]


@pytest.mark.parametrize(("continuation", "conversation"), [("t2", "c1"), ("t1", "c2"), (None, "c1")])
async def test_other_ids_are_not(simulator: Simulator, continuation: str | None, conversation: str) -> None:
    simulator.push({"status": 429, "body": {"message": "No."}})
    await ask(simulator, request())
    assert (await ask(simulator, request(continuation, conversation))).status == 200


@pytest.mark.parametrize("answer", [{"status": 400, "body": {}}, {"status": 403, "body": {}}, {"frames": [EVENT]}])
async def test_the_same_ids_after_another_answer_are_not(simulator: Simulator, answer: dict[str, Any]) -> None:
    simulator.push(answer)
    await ask(simulator, request())
    assert (await ask(simulator, request())).status == 200


async def test_without_a_continuation_id_nothing_is_refused(simulator: Simulator) -> None:
    simulator.push({"status": 429, "body": {}})
    await ask(simulator, request(None))
    assert (await ask(simulator, request(None))).status == 200


@pytest.mark.parametrize("frames", [{"stall": "headers"}, {"frames": [], "stall": True}])
async def test_the_same_ids_after_the_client_timed_out_are_refused(
    simulator: Simulator, frames: dict[str, Any]
) -> None:
    simulator.push(frames)
    waiting = asyncio.create_task(ask(simulator, request()))
    await simulator.until("generate")
    waiting.cancel()
    await simulator.until("client_left")
    assert (await ask(simulator, request())).status == 400


async def test_a_client_that_left_in_the_middle_of_an_answer_may_ask_again(simulator: Simulator) -> None:
    simulator.push({"frames": [EVENT], "stall": True})
    headers = {**RPC_HEADERS, "authorization": f"Bearer {ACCESS_TOKEN}"}
    async with aiohttp.ClientSession() as session:
        answer = await session.post(f"{simulator.url}/", data=json.dumps(request()), headers=headers)
        await answer.content.readany()
        answer.close()
    await simulator.until("client_left")
    assert (await ask(simulator, request())).status == 200


async def test_a_reset_forgets_them(simulator: Simulator) -> None:
    simulator.push({"status": 429, "body": {}})
    await ask(simulator, request())
    simulator.state.reset()
    assert (await ask(simulator, request())).status == 200


async def test_the_check_can_be_off() -> None:
    running = await start(Options(off=frozenset({"resend"})))
    running.push({"status": 429, "body": {}})
    await ask(running, request())
    answered = await ask(running, request())
    await running.stop()
    assert answered.status == 200
