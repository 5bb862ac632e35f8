"""R22, R23: an answer cut at any byte, in any way, is an error; one that only comes slowly is the same answer."""

import asyncio
from pathlib import Path

import anthropic
import openai
import pytest

from gateway.simulator.sending import CUTS
from gateway.simulator.server import Simulator
from tests.corpus import STREAMS
from tests.faults.cuts import at_random, cuts, wrong
from tests.faults.forms import FORMS, Form
from tests.faults.kiro import END, HEAD, HELLO_BYTES, Received, encoded, gateway_to, left, raw_kiro, said
from tests.live import KEY, Live


async def test_r23_a_cut_at_a_frames_border_or_beside_it_is_an_error(
    live: Live, simulator: Simulator, form: Form
) -> None:
    found = [await wrong(live, simulator, form, cut) for cut in cuts(["text"], ["borders"], randoms=0)]
    assert len(found) > 60 and not [words for words in found if words]


async def test_r23_a_cut_anywhere_is_an_error(live: Live, simulator: Simulator, form: Form) -> None:
    names = ["one tool", "interleaved tools", "full order"]
    found = [await wrong(live, simulator, form, cut) for cut in cuts(names, ["random"], randoms=12)]
    assert len(found) == 144 and not [words for words in found if words]


async def test_r23_text_that_came_before_the_cut_is_delivered(live: Live, simulator: Simulator) -> None:
    first = len(encoded(said("Hel")))
    for how in CUTS:
        simulator.push({"hex": HELLO_BYTES.hex(), "cut_at": first + 7, "how": how})
        outcome = await Form("anthropic", stream=True).ask(live)
        assert (outcome.text, outcome.error is not None) == ("Hel", True), how


def cut_hello(how: str) -> dict[str, object]:
    return {"hex": HELLO_BYTES.hex(), "cut_at": len(encoded(said("Hel"), said("lo"))), "how": how}


@pytest.mark.parametrize("how", CUTS)
async def test_r23_the_official_sdks_raise(live: Live, simulator: Simulator, how: str) -> None:
    hello = [{"role": "user", "content": "Say hello."}]
    async with anthropic.AsyncAnthropic(base_url=live.url, api_key=KEY, max_retries=0) as claude:
        simulator.push(cut_hello(how))
        with pytest.raises(anthropic.APIError):
            async with claude.messages.stream(model="claude-sonnet-4.5", max_tokens=99, messages=hello) as stream:
                await stream.get_final_message()
    async with openai.AsyncOpenAI(base_url=f"{live.url}/v1", api_key=KEY, max_retries=0) as gpt:
        simulator.push(cut_hello(how))
        with pytest.raises(openai.APIError):
            chunks = await gpt.chat.completions.create(model="claude-sonnet-4.5", messages=hello, stream=True)
            [chunk async for chunk in chunks]


async def test_r23_a_body_shorter_than_its_length_is_an_error_even_behind_the_signal(
    form: Form, tmp_path: Path
) -> None:
    async def talk(_received: Received, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % (len(HELLO_BYTES) + 1) + HELLO_BYTES)
        writer.close()

    async with raw_kiro(talk) as kiro, gateway_to(kiro.url, tmp_path) as live:
        assert (await form.ask(live)).error is not None


@pytest.mark.parametrize(
    ("ends", "whole"),
    [(b"Content-Length: %d\r\n" % len(encoded(said("Hello"))), True), (b"", False)],
    ids=["with a length", "close-delimited"],
)
async def test_r23_where_a_model_sends_no_signal_only_a_marked_end_makes_an_answer_whole(
    form: Form, tmp_path: Path, ends: bytes, whole: bool
) -> None:
    async def talk(_received: Received, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Connection: close\r\n" + ends + b"\r\n" + encoded(said("Hello")))
        writer.close()

    async with raw_kiro(talk) as kiro, gateway_to(kiro.url, tmp_path) as live:
        assert ((await form.ask(live, model="claude-opus-4.6")).error is None) is whole


async def test_r22_one_byte_at_a_time_is_the_same_answer(live: Live, simulator: Simulator, form: Form) -> None:
    for name in ("text", "emoji and CJK", "one tool", "full order"):
        body = STREAMS[name].body.hex()
        simulator.push({"hex": body}, {"hex": body, "chunk_sizes": [1]})
        at_once, slowly = await form.ask(live), await form.ask(live)
        assert (at_once.text, at_once.calls, at_once.stop) == (slowly.text, slowly.calls, slowly.stop)
        assert at_once.error is slowly.error is None


async def test_r22_any_split_is_the_same_answer(live: Live, simulator: Simulator, form: Form) -> None:
    stream = STREAMS["full order"]
    for at in at_random(stream, 25):
        simulator.push({"hex": stream.body.hex(), "chunk_sizes": [at, 3, len(stream.body)]})
        outcome = await form.ask(live)
        assert (outcome.text, len(outcome.calls), outcome.error) == ("Hello", len(stream.expect["calls"]), None)


async def test_r22_a_drip_slower_than_the_idle_time_out_needs_only_whole_frames_in_time(tmp_path: Path) -> None:
    frames = [encoded(said("Hel")), encoded(said("lo")), encoded(*END)]

    async def talk(_received: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % sum(map(len, frames)))
        for frame in frames:  # 0.4 s each, 1.2 s in all, where 1 s of silence is allowed
            for half in (frame[: len(frame) // 2], frame[len(frame) // 2 :]):
                await asyncio.sleep(0.2)
                writer.write(half)
        await left(reader)

    async with raw_kiro(talk) as kiro, gateway_to(kiro.url, tmp_path, upstream__read_timeout=1) as live:
        outcomes = await asyncio.gather(*(form.ask(live) for form in FORMS))
    assert [(outcome.text, outcome.error) for outcome in outcomes] == [("Hello", None)] * 4
