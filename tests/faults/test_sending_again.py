"""R30, R31, R33: what is sent again, how often, after which wait; and what is never sent again."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.kiro.endpoints import ENDPOINTS
from gateway.simulator.options import Options
from gateway.simulator.server import Simulator, start
from gateway.upstream.attempts import ChargeRetry, Policy, Route, Send, Wait, attempts
from tests.faults.forms import FORMS, Form
from tests.faults.kiro import END, HELLO, Received, answered, gateway_to, raw_kiro, routes_sent, said
from tests.live import UNQUEUED, Live
from tests.upstream.test_attempts import fault

BUSY = {"status": 503, "body": {"__type": "ServiceUnavailableException", "message": "Busy."}}
THROTTLED = {"status": 429, "body": {"message": "Slow down.", "reason": None}}
BROKEN = {"status": 500, "body": {"__type": "InternalServerException", "message": "Broken."}}
EXPIRED = {"status": 403, "body": {"message": "The bearer token included in the request is invalid."}}
OPENED = [{"event": "initial-response", "payload": {"conversationId": "c"}}]
METERED, THOUGHT = END[1], {"event": "reasoningContentEvent", "payload": {"text": "Hm."}}
HELLO_AGAIN = {"frames": HELLO}
ROUTES = tuple(Route("A", endpoint) for endpoint in ENDPOINTS)


@pytest.mark.parametrize(
    ("fault", "sends"),
    [
        (BUSY, 2),
        (THROTTLED, 2),
        (BROKEN, 2),
        (EXPIRED, 2),
        ({"frames": [{"exception": "ThrottlingException", "message": "x"}]}, 2),
        ({"frames": [*OPENED, {"exception": "InternalServerException", "message": "x"}]}, 2),
    ],
    ids=["503", "429", "500", "expired", "throttled in a frame", "broken behind the opening"],
)
async def test_r30_a_fault_before_the_answer_is_mended_without_the_client_noticing(
    live: Live, simulator: Simulator, form: Form, fault: dict[str, Any], sends: int
) -> None:
    simulator.push(fault, HELLO_AGAIN)
    outcome = await form.ask(live)
    assert (outcome.text, outcome.headers["x-kiro-gateway-attempts"]) == ("Hello", str(sends))
    assert len(simulator.requests("generate")) == sends


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 0, "how": "rst"},
        {"status": 0, "how": "fin"},
        {"status": 502, "body": "<html>Bad Gateway</html>"},
        {"status": 504, "body": ""},
        {"status": 500, "body": "oops", "headers": {"content-type": "text/plain"}},
        {"status": 400, "body": {"message": "Improperly formed request.", "reason": None}},
        {"frames": [said("Hel"), {"exception": "ThrottlingException", "message": "x"}]},
        {"frames": [METERED, {"exception": "ThrottlingException", "message": "x"}]},
        {"frames": [THOUGHT, {"exception": "ExpiredTokenException", "message": "x"}]},
        {"frames": [said("Hel")], "how": "rst", "cut_at": 40},
        {"frames": [said("Hel")], "how": "fin", "cut_at": 40},
        {"frames": []},
    ],
)
async def test_r30_what_may_have_been_worked_on_is_sent_once(
    live: Live, simulator: Simulator, form: Form, fault: dict[str, Any]
) -> None:
    simulator.push(fault, HELLO_AGAIN)
    outcome = await form.ask(live)
    assert outcome.error is not None
    assert outcome.headers.get("x-should-retry", "false") == "false"
    assert len(simulator.requests("generate")) == 1


@pytest.mark.parametrize("fault", [BUSY, THROTTLED, BROKEN], ids=["503", "429", "500"])
async def test_r30_one_request_alone_is_sent_six_times_at_most(
    live: Live, simulator: Simulator, form: Form, fault: dict[str, Any]
) -> None:
    simulator.push({**fault, "always": True})
    outcome = await form.ask(live)
    assert outcome.error is not None and outcome.headers["x-kiro-gateway-attempts"] == "6"
    sent = simulator.requests("generate")
    targets = [(exchange.path, exchange.headers.get("x-amz-target")) for exchange in sent]
    assert len(targets) == 6 and max(map(targets.count, targets)) <= 3


@pytest.mark.parametrize(("fault", "parallel"), [(THROTTLED, 500), (BUSY, 100)], ids=["500 × 429", "100 × 503"])
async def test_r30_parallel_failures_repeat_a_fifth_of_the_requests_on_one_route_at_most(
    fault: dict[str, Any], parallel: int, tmp_path: Path
) -> None:
    simulator = await start(Options(kept=6 * parallel))
    async with gateway_to(simulator.url, tmp_path, **UNQUEUED) as live:
        simulator.push({**fault, "always": True, "delay": 0.5})
        outcomes = await asyncio.gather(*(FORMS[number % 4].ask(live) for number in range(parallel)))
    sends = routes_sent(simulator)
    await simulator.stop()
    assert all(outcome.error is not None for outcome in outcomes)
    assert sum(sends.values()) == simulator.state.record.counts["generate"]
    assert sum(sends.values()) - len(sends) <= 0.2 * parallel
    requests = Counter(request for request, _ in sends.elements())
    assert max(requests.values()) <= 6


async def test_r30_a_hundred_requests_with_a_dead_token_are_all_sent_again_after_one_refresh(
    simulator: Simulator, tmp_path: Path
) -> None:
    async with gateway_to(simulator.url, tmp_path, **UNQUEUED) as live:
        await FORMS[0].ask(live)
        simulator.state.logins.revoke_access()
        outcomes = await asyncio.gather(*(FORMS[number % 4].ask(live) for number in range(100)))
    assert [outcome.error for outcome in outcomes if outcome.error] == []
    assert simulator.state.record.counts["refresh"] == 1


@pytest.mark.parametrize("limits", [{}, UNQUEUED], ids=["queued by default", "all at once"])
async def test_r30_a_storm_on_a_few_requests_in_a_hundred_is_mended(
    simulator: Simulator, tmp_path: Path, limits: dict[str, Any]
) -> None:
    simulator.push({**THROTTLED, "times": 10}, {**HELLO_AGAIN, "always": True})
    async with gateway_to(simulator.url, tmp_path, **limits) as live:
        outcomes = await asyncio.gather(*(FORMS[number % 4].ask(live) for number in range(100)))
    assert [outcome.error for outcome in outcomes if outcome.error] == []


def waits(words: str, dice: float) -> list[float]:
    """The waits of a plan for these faults."""
    plan, found = attempts(1, Policy(), lambda: dice), list[float]()
    coming = [fault(word) for word in words.split()]
    next(plan)
    step = plan.send(ROUTES)
    while True:
        if isinstance(step, Wait):
            found.append(step.seconds)
        if isinstance(step, Send) and not coming:
            return found
        step = plan.send(coming.pop(0) if isinstance(step, Send) else isinstance(step, ChargeRetry) or None)


def test_r31_the_wait_is_spread_by_more_than_a_fifth() -> None:
    spread = [waits("retry retry", dice / 100) for dice in range(100)]
    for round_number in (0, 1):
        of_round = [each[round_number] for each in spread]
        assert (max(of_round) - min(of_round)) / max(of_round) > 0.2


def in_seconds(seconds: float) -> dict[str, str]:
    now = datetime(2030, 1, 1, tzinfo=UTC)
    return {"date": stamp(now), "retry-after": stamp(now + timedelta(seconds=seconds))}


def stamp(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


ASKED: list[tuple[dict[str, str], str]] = [
    ({"retry-after": "42"}, "42"),
    ({"retry-after": "0.04"}, "1"),
    (in_seconds(90), "90"),
    ({"retry-after": "86400"}, "3600"),
    (in_seconds(-90), "5"),
    ({"retry-after": "-1"}, "5"),
    ({"retry-after": "1e9"}, "5"),
    ({"retry-after": "1000000000"}, "5"),
    ({"retry-after": "soon"}, "5"),
    ({}, "5"),
]
"""Headers of Kiro's 429, and the wait that the client is told."""


async def test_r31_the_clients_wait_is_kiros_own_where_that_makes_sense(
    live: Live, simulator: Simulator, form: Form
) -> None:
    for headers, told in ASKED:
        simulator.push({**THROTTLED, "headers": headers, "times": 6})
        outcome = await form.ask(live)
        assert (outcome.status, outcome.headers["retry-after"]) == (429, told), headers
        assert outcome.headers["x-should-retry"] == "true"
        simulator.state.script.reset()
        await live.enable()


@pytest.mark.parametrize("fault", [BUSY, THROTTLED], ids=["503", "429"])
async def test_r31_a_short_wait_that_kiro_asks_for_is_waited(
    live: Live, simulator: Simulator, fault: dict[str, Any]
) -> None:
    asked = {**fault, "headers": {"retry-after": "0.3"}, "times": 3 if fault is THROTTLED else 1}
    simulator.push(asked, HELLO_AGAIN)
    assert (await FORMS[0].ask(live)).text == "Hello"
    last, again = [exchange.began for exchange in simulator.requests("generate")][-2:]
    assert again - last >= 0.3


async def test_r33_a_connection_that_kiro_closed_while_it_was_idle_costs_no_request(form: Form, tmp_path: Path) -> None:
    async def once(_received: Received, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answered(writer)
        writer.close()  # without a word of it in the headers

    async with raw_kiro(once) as kiro, gateway_to(kiro.url, tmp_path) as live:
        outcomes = [await form.ask(live) for _ in range(100)]
    assert [outcome.error for outcome in outcomes if outcome.error] == []
    assert len(kiro.requests) == 100


async def test_r33_a_connection_is_used_again(form: Form, tmp_path: Path) -> None:
    async def again(_received: Received, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answered(writer)

    async with raw_kiro(again) as kiro, gateway_to(kiro.url, tmp_path) as live:
        for _ in range(20):
            assert (await form.ask(live)).text == "Hello"
    assert len({request.connection for request in kiro.requests}) <= 2  # the list of models may hold the first


@pytest.mark.parametrize("reset", [False, True])
async def test_r33_a_request_that_kiro_read_before_it_closed_is_not_sent_again(
    form: Form, tmp_path: Path, reset: bool
) -> None:
    async def read_and_close(received: Received, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if "second" not in received.prompt:
            await answered(writer)
        elif reset:
            writer.transport.abort()
        else:
            writer.close()

    second = [{"role": "user", "content": "The second one."}]
    async with raw_kiro(read_and_close) as kiro, gateway_to(kiro.url, tmp_path) as live:
        assert (await form.ask(live)).text == "Hello"
        outcome = await form.ask(live, messages=second)
    assert (outcome.status, outcome.headers["x-should-retry"], len(kiro.requests)) == (502, "false", 2)
