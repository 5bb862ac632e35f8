"""Streams that are held back until the exact input tokens are known."""

from pathlib import Path
from typing import Any

import anthropic
import pytest

from gateway.dialects.dialect import Opening
from gateway.events import Event, TextDelta
from gateway.simulator.server import Simulator
from gateway.web.buffered import BATCH, Buffered
from gateway.web.pump import Source
from gateway.web.record import Record
from tests.live import HELLO, KEY, gateway
from tests.web.test_pump import BOOM, TEXT, events

CONTEXT = {"event": "contextUsageEvent", "payload": {"contextUsagePercentage": 12.5}}
HELD = "/cc/v1/messages"
WINDOW = 200_000


def usage_of(told: list[Any]) -> tuple[Any, Any]:
    """Of the first event and of the last that has any."""
    return told[0]["message"]["usage"], next(event["usage"] for event in reversed(told) if "usage" in event)


@pytest.mark.parametrize(("path", "buffered"), [(HELD, False), ("/v1/messages", True)])
async def test_the_first_event_has_the_exact_input(
    simulator: Simulator, tmp_path: Path, path: str, buffered: bool
) -> None:
    simulator.push({"frames": [TEXT, CONTEXT]})
    async with gateway(simulator, tmp_path, stream__buffered=buffered) as live:
        first, last = usage_of(events(await live.stream(path)))
    assert first["input_tokens"] == last["input_tokens"] == WINDOW // 8 - last["output_tokens"]


async def test_without_it_the_first_event_has_an_estimate(simulator: Simulator, tmp_path: Path) -> None:
    simulator.push({"frames": [TEXT, CONTEXT]})
    async with gateway(simulator, tmp_path) as live:
        first, last = usage_of(events(await live.stream()))
    assert 0 < first["input_tokens"] < 100 < last["input_tokens"]


async def test_the_client_gets_comments_until_the_answer_is_whole(simulator: Simulator, tmp_path: Path) -> None:
    simulator.push({"frames": [TEXT, {**CONTEXT, "gate": "go"}]})
    async with (
        gateway(simulator, tmp_path, stream__hold=0.05, stream__ping_interval=0.05) as live,
        live.post(HELD, stream=True) as answer,
    ):
        waiting = await answer.content.readuntil(b"\n\n") + await answer.content.readuntil(b"\n\n")
        simulator.open("go")
        told = events(await answer.text())
    assert waiting == b": waiting\n\n" * 2
    assert (told[0]["type"], told[-1]["type"]) == ("message_start", "message_stop")


async def test_a_fault_in_the_middle_is_still_a_status(simulator: Simulator, tmp_path: Path) -> None:
    simulator.push({"frames": [TEXT, BOOM]})
    async with gateway(simulator, tmp_path) as live, live.post(HELD, stream=True) as answer:
        told = await answer.json()
    assert (answer.status, told["type"]) == (502, "error")


async def test_after_comments_a_fault_is_an_event_and_told_once(simulator: Simulator, tmp_path: Path) -> None:
    simulator.push({"frames": [TEXT, {**BOOM, "gate": "go"}]})
    async with gateway(simulator, tmp_path, stream__hold=0.02) as live, live.post(HELD, stream=True) as answer:
        await answer.content.readuntil(b": waiting\n\n")
        simulator.open("go")
        told = events(await answer.text())
    assert (answer.status, [event["type"] for event in told]) == (200, ["error"])
    assert told[0]["error"]["message"].count("boom") == 1


async def test_it_counts_tokens_under_the_same_address(simulator: Simulator, tmp_path: Path) -> None:
    async with gateway(simulator, tmp_path) as live:
        status, told = await live.ask(f"{HELD}/count_tokens")
    assert status == 200 and told["input_tokens"] > 0


@pytest.mark.parametrize("base", ["", "/cc"])
async def test_the_sdk_reads_streams_that_are_held_and_pings_that_tell_usage(
    simulator: Simulator, tmp_path: Path, base: str
) -> None:
    words = [{**TEXT, "payload": {"content": "word " * 500}} for _ in range(5)]
    simulator.push({"frames": [*words, {**CONTEXT, "gate": "go"}]})
    async with (
        gateway(simulator, tmp_path, stream__usage_pings=True, stream__ping_interval=0.05) as live,
        anthropic.AsyncAnthropic(base_url=f"{live.url}{base}", api_key=KEY, max_retries=0) as claude,
        claude.messages.stream(model=HELLO["model"], max_tokens=9000, messages=HELLO["messages"]) as stream,
    ):
        simulator.open("go")
        final = await stream.get_final_message()
    assert final.content[0].text == "word " * 2500
    assert final.usage.input_tokens + final.usage.output_tokens == WINDOW // 8


async def test_a_ping_tells_the_running_usage(simulator: Simulator, tmp_path: Path) -> None:
    simulator.push({"frames": [{**TEXT, "payload": {"content": "word " * 2000}}, CONTEXT]})
    async with gateway(simulator, tmp_path, stream__usage_pings=True) as live:
        told = events(await live.stream(max_tokens=4000))
    assert [event["usage"]["output_tokens"] for event in told if event["type"] == "ping" and "usage" in event] == [2500]


async def test_a_held_answer_is_encoded_in_batches_between_which_others_have_a_turn() -> None:
    said: list[Event] = [TextDelta(0, str(number)) for number in range(3 * BATCH + 1)]

    async def opened() -> Source:
        return Chunks([said[:2], [], said[2:5], *([event] for event in said[5:])])

    held = Buffered(lambda _: None, Opening("id", "m", 0, 1), opened, Record("req_1", b""))  # type: ignore[arg-type]  # encodes nothing here
    source = await held.open()
    batches = [source.events]
    while not source.ended:
        batches.append(await source.read())
    assert [event for batch in batches for event in batch] == said
    assert max(map(len, batches)) == BATCH and len(batches) == 4


class Chunks:
    """A source that gives these events, chunk by chunk."""

    def __init__(self, chunks: list[list[Event]]) -> None:
        self.events, *self._rest = chunks

    @property
    def ended(self) -> bool:
        return not self._rest

    async def read(self) -> list[Event]:
        return self._rest.pop(0)

    async def close(self) -> None:
        pass
