"""The queue over HTTP, with the default settings where no other are named: who runs, who waits, who is refused."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.settings import Secret
from gateway.settings.accounts import AccountEntry
from gateway.simulator.options import PROFILE_ARN
from gateway.simulator.server import Simulator, start
from tests.faults.forms import FORMS, Form
from tests.faults.kiro import END, call, said
from tests.live import ADMIN, CEILING, Live, gateway

HELD = {"frames": [{**said("Hello"), "gate": "go"}, *END], "always": True}
"""An answer that begins when its gate is opened."""

ONE_PLACE = {"pool__max_concurrent_per_account": 1}
PATHS = ("/v1/messages", "/v1/chat/completions", "/v1/responses")


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    running = await start()
    yield running
    await running.stop()


def chat(number: int) -> dict[str, Any]:
    """A conversation of its own."""
    return {"messages": [{"role": "user", "content": f"Chat {number}."}]}


def account(name: str, **limits: Any) -> AccountEntry:
    """One of several accounts."""
    token = Secret(f"simulator-{name}")
    return AccountEntry(name=name, source="refresh_token", value=token, profile_arn=PROFILE_ARN, **limits)


async def waiting(live: Live, number: int) -> None:
    """Until so many requests wait."""
    async with asyncio.timeout(CEILING):
        while await shown(live, "waiting") != number:
            pass


async def shown(live: Live, member: str) -> Any:
    async with live.client.get(f"{live.url}/accounts", headers={"x-api-key": ADMIN}) as answer:
        return (await answer.json())[member]


def prompts(simulator: Simulator) -> list[str]:
    """What the user said last in each request that Kiro got."""
    bodies = [exchange.json() for exchange in simulator.requests("generate")]
    found = [body["conversationState"]["currentMessage"]["userInputMessage"]["content"] for body in bodies]
    return [text[text.index("Chat") :] if "Chat" in text else text for text in found]


async def test_four_requests_of_an_account_run_at_once_and_all_are_served(simulator: Simulator, tmp_path: Path) -> None:
    async with gateway(simulator, tmp_path) as live:
        simulator.push(HELD)
        asking = asyncio.gather(*(FORMS[number % 4].ask(live, **chat(number)) for number in range(30)))
        await waiting(live, 26)
        await simulator.until("generate", 4)
        simulator.open("go", 30)
        outcomes = await asking
        assert await shown(live, "waiting") == 0
    assert Counter(outcome.text for outcome in outcomes) == {"Hello": 30}
    assert simulator.state.record.peak["generate"] == 4


@pytest.mark.parametrize(
    ("accounts", "settings", "running"),
    [
        ([{}, {}], {}, [4, 4]),
        ([{"max_concurrent": 1}, {}], {}, [1, 4]),
        ([{"max_concurrent": 0}], {}, [30]),
        ([{"max_concurrent": 2}, {"max_concurrent": 3}], {"pool__max_concurrent": 4}, [2, 2]),
        ([{}, {}], {"pool__max_concurrent_per_account": 0, "pool__max_concurrent": 5}, [3, 2]),
        ([{}], {"pool__max_concurrent_per_account": 0}, [30]),
    ],
    ids=str,
)
async def test_limits_hold_for_each_account_and_over_all(
    simulator: Simulator, tmp_path: Path, accounts: list[dict[str, Any]], settings: dict[str, Any], running: list[int]
) -> None:
    entries = tuple(account(f"account-{number}", **limits) for number, limits in enumerate(accounts))
    async with gateway(simulator, tmp_path, accounts=entries, **settings) as live:
        simulator.push(HELD)
        asking = asyncio.gather(*(live.ask(**chat(number)) for number in range(30)))
        await waiting(live, 30 - sum(running))
        await simulator.until("generate", sum(running))
        assert [row["running"] for row in await shown(live, "accounts")] == running
        simulator.open("go", 30)
        assert {status for status, _ in await asking} == {200}
    assert simulator.state.record.peak["generate"] == sum(running)


async def test_of_a_thousand_clients_each_is_served_or_refused_with_a_reason(
    simulator: Simulator, tmp_path: Path
) -> None:
    async with gateway(simulator, tmp_path) as live:
        simulator.push(HELD)
        asking = [asyncio.create_task(FORMS[number % 4].ask(live, **chat(number))) for number in range(1000)]
        refused: set[Any] = set()
        while len(refused) < 740:
            done, _ = await asyncio.wait(set(asking) - refused, return_when=asyncio.FIRST_COMPLETED, timeout=CEILING)
            assert done
            refused |= done
        await waiting(live, 256)
        simulator.open("go", 260)
        outcomes = await asyncio.gather(*asking)
    assert Counter(outcome.status for outcome in outcomes) == {200: 260, 429: 740}
    for outcome in outcomes:
        if outcome.error is not None:
            assert "256 requests are waiting for a Kiro account already" in outcome.message
            assert 5 <= int(outcome.headers["retry-after"]) <= 30
            assert outcome.headers["x-should-retry"] == "true"
    assert (simulator.state.record.counts["generate"], simulator.state.record.peak["generate"]) == (260, 4)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("stream", [True, False])
async def test_wait_beyond_the_limit_is_a_429_in_the_shape_of_the_clients_api(
    simulator: Simulator, tmp_path: Path, path: str, stream: bool
) -> None:
    settings = {**ONE_PLACE, "pool__queue_timeout": 0.1, "stream__hold": 9.0}
    async with gateway(simulator, tmp_path, **settings) as live:
        simulator.push(HELD)
        first = asyncio.create_task(live.ask())
        await simulator.until("generate")
        more = {"input": "Hello"} if path == "/v1/responses" else {}
        async with live.post(path, stream=stream, **more) as answer:
            error = (await answer.json())["error"]
            assert (answer.status, answer.headers["x-should-retry"]) == (429, "true")
            assert 5 <= int(answer.headers["retry-after"]) <= 30
            assert float(answer.headers["x-kiro-gateway-queued"]) >= 0.1
        simulator.open("go")
        assert (await first)[0] == 200
    assert "No Kiro account took this request within 0.1 s" in error["message"]
    assert "rate_limit" in (error["type"], error.get("code")) or error["type"] == "rate_limit_error"
    assert simulator.state.record.counts["generate"] == 1


@pytest.mark.parametrize("path", PATHS)
async def test_stream_that_was_opened_while_it_waited_ends_with_the_refusal_in_its_protocol(
    simulator: Simulator, tmp_path: Path, path: str
) -> None:
    settings = {**ONE_PLACE, "pool__queue_timeout": 0.3, "stream__hold": 0.01, "stream__ping_interval": 0.05}
    async with gateway(simulator, tmp_path, **settings) as live:
        simulator.push(HELD)
        first = asyncio.create_task(live.ask())
        await simulator.until("generate")
        more = {"input": "Hello"} if path == "/v1/responses" else {}
        async with live.post(path, stream=True, **more) as answer:
            text = await answer.text()
            assert answer.status == 200
        simulator.open("go")
        await first
    assert text.startswith(": waiting\n\n")
    assert text.count("No Kiro account took this request within 0.3 s") == 1
    assert not any(end in text for end in ("message_stop", "[DONE]", "response.completed"))


async def test_queued_stream_gets_headers_and_comments_and_then_its_answer(
    simulator: Simulator, tmp_path: Path
) -> None:
    settings = {**ONE_PLACE, "stream__hold": 0.01, "stream__ping_interval": 0.01}
    async with gateway(simulator, tmp_path, **settings) as live:
        simulator.push(HELD)
        first = asyncio.create_task(live.ask())
        await simulator.until("generate")
        async with live.post(stream=True) as answer:
            assert answer.status == 200
            for _ in range(3):
                assert await answer.content.readuntil(b"\n\n") == b": waiting\n\n"
            assert simulator.state.record.counts["generate"] == 1
            simulator.open("go", 2)
            assert "message_stop" in await answer.text()
        await first


@pytest.mark.parametrize("form", [*FORMS, "opened"], ids=str)
async def test_client_that_leaves_the_queue_frees_its_place_and_is_never_sent(
    simulator: Simulator, tmp_path: Path, form: Form | str
) -> None:
    async with gateway(simulator, tmp_path, **ONE_PLACE, stream__hold=0.01 if form == "opened" else 9.0) as live:
        simulator.push(HELD)
        first = asyncio.create_task(live.ask())
        await simulator.until("generate")
        if isinstance(form, Form):
            leaving = asyncio.create_task(form.ask(live))
            await waiting(live, 1)
            leaving.cancel()
        else:
            answer = await live.post(stream=True)  # its headers have come
            answer.close()
        await waiting(live, 0)
        second = asyncio.create_task(live.ask(**chat(2)))
        await waiting(live, 1)
        simulator.open("go", 2)
        assert [status for status, _ in (await first, await second)] == [200, 200]
        [account] = await shown(live, "accounts")
    assert account["running"] == 0
    assert prompts(simulator)[1:] == ["Chat 2."]


async def test_queue_time_is_in_header_and_log_apart_from_the_waits_for_kiro(
    simulator: Simulator, tmp_path: Path
) -> None:
    with capture_logs() as lines:
        async with gateway(simulator, tmp_path, **ONE_PLACE, stream__hold=9.0) as live:
            simulator.push(HELD)
            first = asyncio.create_task(FORMS[0].ask(live))
            await simulator.until("generate")
            asking = [asyncio.create_task(form.ask(live, **chat(number))) for number, form in enumerate(FORMS)]
            await waiting(live, 4)
            simulator.open("go", 5)
            assert "x-kiro-gateway-queued" not in (await first).headers
            outcomes = await asyncio.gather(*asking)
            await live.get("/health")
    asked = [line for line in lines if line["event"] == "request" and line["path"].startswith("/v1")]
    queued = sorted(float(outcome.headers["x-kiro-gateway-queued"]) for outcome in outcomes)
    assert all(seconds > 0 for seconds in queued)
    assert sorted(line["queued_ms"] for line in asked if "queued_ms" in line) == [round(1000 * one) for one in queued]
    assert len(asked) == 5 and not [line for line in asked if "waited_ms" in line]


async def test_request_of_another_key_is_served_in_the_next_turn(simulator: Simulator, tmp_path: Path) -> None:
    async with gateway(simulator, tmp_path, **ONE_PLACE) as live:
        simulator.push(HELD)
        asking = [asyncio.create_task(live.ask(**chat(number))) for number in range(60)]
        await waiting(live, 59)
        body = {"model": "claude-sonnet-4.5", "max_tokens": 9, **chat(999)}
        single = live.client.post(f"{live.url}/v1/messages", json=body, headers={"x-api-key": ADMIN})
        other = asyncio.create_task(single.__aenter__())
        await waiting(live, 60)
        simulator.open("go", 61)
        assert (await other).status == 200
        await asyncio.gather(*asking)
    assert prompts(simulator).index("Chat 999.") == 2


async def test_another_session_of_the_same_key_is_served_in_the_next_turn(simulator: Simulator, tmp_path: Path) -> None:
    async with gateway(simulator, tmp_path, **ONE_PLACE) as live:
        simulator.push(HELD)
        asking = [asyncio.create_task(live.ask(**chat(1))) for _ in range(10)]
        await waiting(live, 9)
        asking.append(asyncio.create_task(live.ask(**chat(2))))
        await waiting(live, 10)
        simulator.open("go", 11)
        await asyncio.gather(*asking)
    assert prompts(simulator).index("Chat 2.") == 2


async def test_answer_that_goes_on_after_a_search_goes_before_requests_that_have_not_begun(
    simulator: Simulator, tmp_path: Path
) -> None:
    search = [*call("web_search", "tooluse_1", '{"query": "kiro"}'), *END]
    simulator.push({"frames": [{**said("I look."), "gate": "go"}, *search]}, HELD)
    async with gateway(simulator, tmp_path, **ONE_PLACE) as live:
        tools = [{"type": "web_search_20250305", "name": "web_search"}]
        searching = asyncio.create_task(live.ask(**chat(1), tools=tools))
        await simulator.until("generate")
        others = [asyncio.create_task(live.ask(**chat(2))), asyncio.create_task(live.ask(**chat(3)))]
        await waiting(live, 2)
        simulator.open("go")  # the search begins, and its place goes to the next
        await simulator.until("generate", 2)
        await simulator.until("mcp")
        await waiting(live, 2)
        simulator.open("go", 3)
        assert {status for status, _ in await asyncio.gather(searching, *others)} == {200}
    order = [text if text.startswith("Chat") else "continued" for text in prompts(simulator)]
    assert sorted(order[1:2]) in (["Chat 2."], ["Chat 3."]) and order[2] == "continued"


async def test_requests_that_wait_for_an_account_that_is_suspended_get_the_reason(
    simulator: Simulator, tmp_path: Path
) -> None:
    async with gateway(simulator, tmp_path, **ONE_PLACE) as live:
        simulator.push({**HELD, "always": False})
        first = asyncio.create_task(live.ask())
        await simulator.until("generate")
        asking = [asyncio.create_task(FORMS[number].ask(live, **chat(number))) for number in range(4)]
        await waiting(live, 4)
        simulator.state.logins.accounts["default"].suspended = True
        simulator.open("go")
        assert (await first)[0] == 200
        outcomes = await asyncio.gather(*asking)
    assert sorted(outcome.status for outcome in outcomes)[1:] == [503] * 3
    assert all("suspended" in outcome.message.lower() for outcome in outcomes)
    assert simulator.state.record.counts["generate"] == 2
