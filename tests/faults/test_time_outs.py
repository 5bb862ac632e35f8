"""R20, R21: how long Kiro may be silent, before its first frame and between frames; whole frames count, not bytes."""

import asyncio
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

from gateway.simulator.server import Simulator
from tests.faults.forms import FORMS, Form
from tests.faults.kiro import END, HEAD, HELLO, Received, encoded, gateway_to, raw_kiro, said
from tests.live import KEY, gateway

OPENING = {"event": "initial-response", "payload": {"conversationId": "c"}}
NO_FIRST_FRAME: dict[str, dict[str, Any]] = {
    "no status": {"stall": "headers"},
    "a status and no frame": {"frames": [], "stall": True},
    "only what opens a stream": {"frames": [OPENING], "stall": True},
    "half a frame": {"hex": encoded(said("Hel"))[:40].hex(), "stall": True},
}
EVERY_SILENCE = pytest.mark.parametrize("silence", NO_FIRST_FRAME.values(), ids=NO_FIRST_FRAME.keys())
IMPATIENT = {"upstream__first_token_timeout": 0.4}


async def test_r20_no_first_frame_in_time_is_a_504_and_the_prompt_was_sent_once(
    simulator: Simulator, tmp_path: Path, form: Form
) -> None:
    simulator.push(*NO_FIRST_FRAME.values())
    async with gateway(simulator, tmp_path, **IMPATIENT) as live:
        outcomes = await asyncio.gather(*(form.ask(live) for _ in NO_FIRST_FRAME))
    for outcome in outcomes:
        assert (outcome.status, outcome.headers["x-should-retry"]) == (504, "false")
        assert "did not begin to answer within" in outcome.message
    await simulator.until("client_left", len(outcomes))
    assert len(simulator.requests("generate")) == len(outcomes)


@pytest.mark.parametrize("allowed", [1, 2])
async def test_r20_a_stuck_request_is_sent_again_as_often_as_the_user_allows_and_that_is_told(
    simulator: Simulator, tmp_path: Path, form: Form, allowed: int
) -> None:
    simulator.push({"frames": [OPENING], "stall": True, "times": allowed}, {"frames": HELLO})
    settings = {**IMPATIENT, "upstream__first_token_max_retries": allowed}
    async with gateway(simulator, tmp_path, **settings) as live:
        outcome = await form.ask(live)
    assert (outcome.text, outcome.headers["x-kiro-gateway-attempts"]) == ("Hello", str(allowed + 1))
    assert outcome.headers["x-kiro-gateway-stuck"] == str(allowed)


@EVERY_SILENCE
async def test_r20_a_stream_that_waits_past_the_hold_has_comments_and_then_an_error(
    simulator: Simulator, tmp_path: Path, silence: dict[str, Any]
) -> None:
    simulator.push(silence, silence)
    waiting = {**IMPATIENT, "stream__hold": 0.02, "stream__ping_interval": 0.05}
    async with gateway(simulator, tmp_path, **waiting) as live:
        for form in (Form("anthropic", stream=True), Form("openai", stream=True)):
            async with live.post(form.path, **form.body()) as answer:
                raw = await answer.read()
            assert (answer.status, raw.startswith(b": waiting\n\n")) == (200, True)
            assert form.read(200, {"content-type": "text/event-stream"}, raw).error is not None


@pytest.mark.parametrize("frames", [1, 2])
@pytest.mark.parametrize("half", [False, True], ids=["on a border", "inside a frame"])
async def test_r21_silence_between_frames_is_pinged_and_ends_as_an_error(
    simulator: Simulator, tmp_path: Path, form: Form, frames: int, half: bool
) -> None:
    body = encoded(*HELLO[:frames]) + (encoded(HELLO[2])[:30] if half else b"")
    simulator.push({"hex": body.hex(), "stall": True})
    patience = {"upstream__read_timeout": 0.25, "stream__ping_interval": 0.06}
    async with gateway(simulator, tmp_path, **patience) as live, live.post(form.path, **form.body()) as answer:
        raw = await answer.read()
    outcome = form.read(answer.status, dict(answer.headers) | {"content-type": answer.headers["content-type"]}, raw)
    assert "sent nothing for 0.25 s" in outcome.message
    if form.stream:
        assert raw.count(b"ping") >= 2 and raw.rstrip().splitlines()[-1].startswith(b"data:")
    else:
        assert outcome.status == 504
    await simulator.until("client_left")


async def test_r21_bytes_of_an_unfinished_frame_are_no_sign_of_life(form: Form, tmp_path: Path) -> None:
    gone = asyncio.Event()

    async def drip(_received: Received, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: 9999\r\n\r\n" + encoded(said("Hel")))
        try:
            for byte in encoded(said("lo" * 50_000)):  # it takes half an hour
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.02)
        finally:  # the gateway hung up
            gone.set()

    async with raw_kiro(drip) as kiro, gateway_to(kiro.url, tmp_path, upstream__read_timeout=0.3) as live:
        assert "sent nothing for 0.3 s" in (await form.ask(live)).message
        await asyncio.wait_for(gone.wait(), 10)


async def test_r21_a_long_pause_within_the_limit_is_no_fault(simulator: Simulator, tmp_path: Path) -> None:
    slow = [said("Hel"), {**said("lo"), "delay": 0.3}, {**END[0], "delay": 0.3}, {**END[1], "delay": 0.3}]
    simulator.push({"frames": slow, "times": 4})
    async with gateway(simulator, tmp_path, upstream__read_timeout=2, stream__ping_interval=0.05) as live:
        outcomes = await asyncio.gather(*(form.ask(live) for form in FORMS))
    assert [(outcome.text, outcome.error) for outcome in outcomes] == [("Hello", None)] * 4


async def test_r21_the_official_sdks_see_the_error_of_a_stall(simulator: Simulator, tmp_path: Path) -> None:
    hello: Any = {"model": "claude-sonnet-4.5", "messages": [{"role": "user", "content": "Say hello."}]}
    simulator.push({"frames": [said("Hel")], "stall": True, "times": 2})
    async with gateway(simulator, tmp_path, upstream__read_timeout=0.2) as live:
        async with anthropic.AsyncAnthropic(base_url=live.url, api_key=KEY, max_retries=0) as claude:
            with pytest.raises(anthropic.APIError, match="sent nothing"):
                async with claude.messages.stream(**hello, max_tokens=99) as stream:
                    await stream.get_final_message()
        async with openai.AsyncOpenAI(base_url=f"{live.url}/v1", api_key=KEY, max_retries=0) as gpt:
            with pytest.raises(openai.APIError, match="sent nothing"):
                [chunk async for chunk in await gpt.chat.completions.create(**hello, stream=True)]
