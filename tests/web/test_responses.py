"""The routes beside ``POST /v1/responses``."""

from pathlib import Path
from typing import Any

import pytest

from gateway.simulator.server import Simulator
from tests.live import Live, gateway

PATH = "/v1/responses"
HELLO: dict[str, Any] = {"messages": None, "max_tokens": None, "input": "Say hello."}
BOOM = {"exception": "InternalServerException", "message": "boom"}
WEBSOCKET = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}


async def ask(live: Live, **changes: Any) -> tuple[int, Any]:
    return await live.ask(PATH, **{**HELLO, **changes})


async def test_an_upgrade_is_answered_426_and_its_connection_closed(simulator: Simulator, tmp_path: Path) -> None:
    async with (
        gateway(simulator, tmp_path) as live,
        live.client.get(f"{live.url}{PATH}", headers=WEBSOCKET) as answer,
    ):
        told = await answer.json()
    assert (answer.status, answer.headers["connection"]) == (426, "close")
    assert "POST" in told["error"]["message"]


async def test_a_plain_get_is_answered_405(simulator: Simulator, tmp_path: Path) -> None:
    async with gateway(simulator, tmp_path) as live:
        answer = await live.get(PATH)
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_can_be_had_again_until_it_is_deleted(
    simulator: Simulator, tmp_path: Path, stream: bool
) -> None:
    async with gateway(simulator, tmp_path) as live:
        if stream:
            told = (await live.stream(PATH, **HELLO)).split('"id":"resp_')[1]
            id_ = "resp_" + told.partition('"')[0]
        else:
            id_ = (await ask(live))[1]["id"]
        kept = await (await live.get(f"{PATH}/{id_}")).json()
        assert (kept["id"], kept["status"]) == (id_, "completed")
        async with live.client.delete(f"{live.url}{PATH}/{id_}") as answer:
            assert await answer.json() == {"id": id_, "object": "response", "deleted": True}
        assert (await live.get(f"{PATH}/{id_}")).status == 404
        assert (await live.client.delete(f"{live.url}{PATH}/{id_}")).status == 404


async def test_a_kept_answer_is_not_streamed(simulator: Simulator, tmp_path: Path) -> None:
    async with gateway(simulator, tmp_path) as live:
        assert (await live.get(f"{PATH}/resp_1?stream=true")).status == 400


async def test_with_store_off_nothing_can_be_had_again(simulator: Simulator, tmp_path: Path) -> None:
    async with gateway(simulator, tmp_path, responses__store=False) as live:
        _, answer = await ask(live, store=True)
        assert answer["store"] is False
        assert (await live.get(f"{PATH}/{answer['id']}")).status == 404
        status, refused = await ask(live, previous_response_id=answer["id"])
    assert (status, refused["error"]["code"]) == (400, "previous_response_not_found")


async def test_tokens_are_counted_with_all_that_came_before(simulator: Simulator, tmp_path: Path) -> None:
    async with gateway(simulator, tmp_path) as live:
        _, alone = await live.ask(f"{PATH}/input_tokens", **HELLO, model="claude-sonnet-4.5")
        _, answer = await ask(live)
        _, after = await live.ask(f"{PATH}/input_tokens", **HELLO, previous_response_id=answer["id"])
    assert alone["object"] == "response.input_tokens"
    assert 0 < alone["input_tokens"] < after["input_tokens"]


async def test_a_count_needs_no_model(simulator: Simulator, tmp_path: Path) -> None:
    async with (
        gateway(simulator, tmp_path) as live,
        live.client.post(f"{live.url}{PATH}/input_tokens", json={"input": "hi"}) as answer,
    ):
        assert answer.status == 200


async def test_a_failure_within_the_hold_is_a_status(simulator: Simulator, tmp_path: Path) -> None:
    simulator.push({"frames": [BOOM], "times": 9})
    async with gateway(simulator, tmp_path) as live, live.post(PATH, **HELLO, stream=True) as answer:
        assert answer.status >= 500
        assert "message" in (await answer.json())["error"]


async def test_a_failure_after_the_hold_is_an_event_of_a_stream_that_has_begun(
    simulator: Simulator, tmp_path: Path
) -> None:
    simulator.push({"frames": [{**BOOM, "gate": "go"}]}, {"frames": [BOOM], "times": 9})
    async with gateway(simulator, tmp_path, stream__hold=0.02) as live, live.post(PATH, **HELLO, stream=True) as answer:
        await answer.content.readuntil(b": waiting\n\n")
        simulator.open("go")
        rest = await answer.text()
    assert "event: response.created" in rest
    assert rest.rstrip().rpartition("\n\n")[2].startswith("event: response.failed")
