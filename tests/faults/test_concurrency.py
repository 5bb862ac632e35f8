"""Many requests at once on one account: what one burst may do to it, and what it may not.

More than the default lets through, so there is no limit here; what the default makes of a burst is in
``tests/web/test_queue.py``. All else is the default.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.accounts.state import NAME
from gateway.simulator.options import REFRESH_TOKEN
from gateway.simulator.server import Simulator
from tests.faults.forms import FORMS, Form, Outcome
from tests.faults.kiro import END, HELLO, call, said
from tests.live import UNQUEUED, Live, gateway

THROTTLED = {"status": 429, "body": {"message": "Slow down.", "reason": None}}
GATED = {"message": "x", "gate": "failure"}
"""Exceptions in the first frame that wait until all requests of a burst are under way."""

SEARCH = {"type": "web_search_20250305", "name": "web_search"}


@pytest.fixture
async def live(simulator: Simulator, tmp_path: Path) -> AsyncIterator[Live]:
    async with gateway(simulator, tmp_path, **UNQUEUED) as made:
        yield made


def chat(number: int) -> dict[str, Any]:
    """A conversation of its own."""
    return {"messages": [{"role": "user", "content": f"Chat {number}."}]}


async def burst(live: Live, requests: int) -> list[Outcome]:
    """So many conversations at once, in all four forms."""
    return await asyncio.gather(*(FORMS[number % 4].ask(live, **chat(number)) for number in range(requests)))


async def failing_burst(live: Live, requests: int) -> list[Outcome]:
    """The same, with the first failure let through once all have been sent."""
    simulator = live.simulator
    sent = simulator.state.record.counts["generate"]
    asking = asyncio.create_task(burst(live, requests))
    await simulator.until("generate", sent + requests)
    simulator.open("failure", 6 * requests)
    return await asking


def kept(live: Live) -> dict[str, Any]:
    """What a restart would find of the accounts."""
    path = live.state / NAME
    accounts: dict[str, Any] = json.loads(path.read_text())["accounts"] if path.exists() else {}
    return accounts


@pytest.mark.parametrize(
    "exception", ["ThrottlingException", "AccessDeniedException", "InternalServerException"], ids=["429", "403", "500"]
)
async def test_burst_that_fails_together_leaves_the_account_usable(
    simulator: Simulator, tmp_path: Path, form: Form, exception: str
) -> None:
    async with gateway(simulator, tmp_path, **UNQUEUED) as live:
        simulator.push({"frames": [{"exception": exception, **GATED}], "always": True})
        outcomes = await failing_burst(live, 20)
        assert all(outcome.error is not None for outcome in outcomes)
        [account] = await live.accounts()
        assert (account["state"], account["failures"]) == ("ready", 1)
        simulator.state.script.reset()
        assert (await form.ask(live)).error is None
    assert kept(live) == {}


async def test_failures_of_one_burst_count_once_and_later_ones_open_the_circuit(
    live: Live, simulator: Simulator
) -> None:
    simulator.push({"frames": [{"exception": "ThrottlingException", **GATED}], "always": True})
    for failures in (1, 2, 3):
        simulator.state.gates.reset()
        await failing_burst(live, 8)
        assert (await live.accounts())[0]["failures"] == failures
    [account] = await live.accounts()
    assert account["state"] == "throttled"
    simulator.state.script.reset()
    refused = await FORMS[0].ask(live)
    if refused.status == 503:  # else a second has passed since, and this request was the probe
        assert refused.headers["x-should-retry"] == "true"
        assert int(refused.headers["retry-after"]) <= 5


@pytest.mark.parametrize("requests", [20, 100])
async def test_fail_over_to_the_next_endpoint_is_not_charged_to_the_retry_budget(
    live: Live, simulator: Simulator, requests: int
) -> None:
    exception = {"exception": "ThrottlingException", **GATED}
    simulator.push({"frames": [exception], "times": requests}, {"frames": HELLO, "always": True})
    outcomes = await failing_burst(live, requests)
    assert Counter(outcome.status for outcome in outcomes) == {200: requests}
    assert simulator.state.record.counts["generate"] == 2 * requests


@pytest.mark.parametrize(
    ("state", "shown"), [({"suspended": True}, "suspended"), ({"quota": "month"}, "month used up")]
)
async def test_answer_to_an_older_request_does_not_reactivate_a_refused_account(
    live: Live, simulator: Simulator, form: Form, state: dict[str, Any], shown: str
) -> None:
    simulator.push({"frames": [{**said("Hello"), "gate": "first frame"}, *END]})
    older = asyncio.create_task(form.ask(live, **chat(1)))
    await simulator.until("generate", 1)
    for name, value in state.items():
        setattr(simulator.state.logins.accounts["default"], name, value)
    assert (await form.ask(live, **chat(2))).error is not None
    simulator.open("first frame")
    assert (await older).text == "Hello"
    assert (await live.accounts())[0]["state"] == shown
    assert (await form.ask(live, **chat(3))).status == 503
    assert simulator.state.record.counts["generate"] == 2


async def test_requests_that_share_a_failed_refresh_get_errors_of_their_own(live: Live, simulator: Simulator) -> None:
    await FORMS[0].ask(live)
    logins = simulator.state.logins
    logins.revoke_access()
    logins.newcomer = False
    logins.revoke([REFRESH_TOKEN, *(family.current for family in logins.ledger._families)])
    outcomes = await burst(live, 3)
    ids = [re.findall(r"\(Kiro's request id: ([^)]+)\)", outcome.message) for outcome in outcomes]
    assert all(len(found) == 1 for found in ids)
    assert len({found[0] for found in ids}) == 3


@pytest.mark.parametrize("stream", [True, False])
async def test_web_search_adds_up_the_sends_of_its_upstream_calls(
    live: Live, simulator: Simulator, stream: bool
) -> None:
    query = call("web_search", "tooluse_1", '{"query": "kiro"}')
    simulator.push({"frames": [*query, *END]}, THROTTLED, {"frames": HELLO})
    with capture_logs() as lines:
        async with live.post(stream=stream, tools=[SEARCH]) as answer:
            await answer.read()
            headers = answer.headers
        await live.get("/health")
    [line] = [line for line in lines if line["event"] == "request" and line["path"] == "/v1/messages"]
    assert (line["attempts"], line.get("account_switches"), line["faults"]) == (3, None, ["rate_limit"])
    assert headers["x-kiro-gateway-attempts"] == ("1" if stream else "3")
