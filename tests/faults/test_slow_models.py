"""R20 with the default settings: answers that begin late are waited for; a request without an answer is sent once."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientTimeout

from gateway.simulator.server import start
from tests.fast_loop import run_fast, speed_up
from tests.faults.forms import FORMS, Form, Outcome
from tests.faults.kiro import HELLO
from tests.live import KEY, Live, gateway

SLOWEST = 140.0
"""Seconds to the first output in the 99th percentile of the slowest model (production figures of autumn 2026)."""

OPENING = {"event": "initial-response", "payload": {"conversationId": "c"}}
LATE_ANSWERS: dict[str, dict[str, Any]] = {
    "status line": {"frames": HELLO, "delay": SLOWEST},
    "first frame": {"frames": [{**HELLO[0], "delay": SLOWEST}, *HELLO[1:]]},
    "first output": {"frames": [OPENING, {**HELLO[0], "delay": SLOWEST}, *HELLO[1:]]},
}
SILENCES: dict[str, dict[str, Any]] = {
    "no status": {"stall": "headers"},
    "no frame": {"frames": [], "stall": True},
    "no output": {"frames": [OPENING], "stall": True},
}


async def ask_slow_kiro(
    answer: dict[str, Any], state: Path, *, message: str = "Say hello.", **changes: Any
) -> list[tuple[Form, Outcome, bytes]]:
    """The outcomes in all forms, with the bytes of each. AssertionError where Kiro was sent one of them twice."""
    simulator = await start()
    async with (
        gateway(simulator, state, **changes) as live,
        ClientSession(headers={"x-api-key": KEY}, timeout=ClientTimeout(None)) as client,
    ):
        await live.ask()  # everything that is loaded with the first request
        simulator.push({**answer, "times": len(FORMS)})
        live.client = client
        speed_up()
        found = await asyncio.gather(*(_asked(live, form, message) for form in FORMS))
        assert len(simulator.requests("generate")) == 1 + len(FORMS)
    await simulator.stop()
    return found


async def _asked(live: Live, form: Form, message: str) -> tuple[Form, Outcome, bytes]:
    async with live.post(form.path, **form.body(messages=[{"role": "user", "content": message}])) as response:
        raw = await response.read()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return form, form.read(response.status, headers, raw), raw


@pytest.mark.parametrize("late", LATE_ANSWERS.values(), ids=LATE_ANSWERS.keys())
def test_r20_answer_that_begins_after_140_seconds_arrives(late: dict[str, Any], tmp_path: Path) -> None:
    for form, outcome, raw in run_fast(ask_slow_kiro(late, tmp_path)):
        assert (outcome.text, outcome.error) == ("Hello", None)
        assert raw.startswith(b": waiting\n\n") == form.stream


@pytest.mark.parametrize("silence", SILENCES.values(), ids=SILENCES.keys())
def test_r20_silent_request_ends_after_300_seconds_and_is_sent_once(silence: dict[str, Any], tmp_path: Path) -> None:
    for form, outcome, raw in run_fast(ask_slow_kiro(silence, tmp_path)):
        assert "did not begin to answer within 300 s" in outcome.message
        if form.stream:
            assert 2 <= raw.count(b": waiting\n\n") <= 19  # at 15 s and then every 15 s, until the end at 300 s
        else:
            assert (outcome.status, outcome.headers["x-should-retry"]) == (504, "false")


def test_first_token_timeout_shortens_the_wait(tmp_path: Path) -> None:
    settings = {"upstream__first_token_timeout": 60.0}
    for _, outcome, _ in run_fast(ask_slow_kiro(SILENCES["no frame"], tmp_path, **settings)):
        assert "did not begin to answer within 60 s" in outcome.message


def test_large_request_waits_as_long_as_a_small_one(tmp_path: Path) -> None:
    for _, outcome, _ in run_fast(ask_slow_kiro(SILENCES["no frame"], tmp_path, message="word " * 80_000)):
        assert "did not begin to answer within 300 s" in outcome.message
