"""Every stream of the corpus: what it means, and that no cut, split or flipped bit changes that meaning."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.conversation import RedactedThinking, Text, Thinking, ToolCall
from gateway.errors import GatewayError, Kind
from gateway.events import ArgumentsDelta, BlockEnd, Event, Failure, Stop, TextDelta, ThinkingDelta, Usage
from gateway.kiro.eventstream import FrameDecoder
from gateway.kiro.parts import ContextUsage, Metering, StopPart
from gateway.kiro.response import read
from gateway.reply import Reply
from tests.corpus import STREAMS, Stream, answer, events
from tests.corpus.frames import event as event_frame
from tests.wellformed import check

ALL = pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS.keys())
SPLITS = 1500
"""Two-way splits tried per stream; all of them but for the few long ones, where they are spread evenly."""


def joined(found: list[Event]) -> list[Any]:
    """Events with adjacent deltas of a block joined, in a form that compares."""
    out: list[Any] = []
    for event in found:
        match event:
            case TextDelta(index, text) | ThinkingDelta(index, text) | ArgumentsDelta(index, text):
                sort = type(event).__name__
                if out and out[-1][:2] == (sort, index):
                    out[-1] = (sort, index, out[-1][2] + text)
                else:
                    out.append((sort, index, text))
            case Failure(error):
                out.append(("Failure", error.kind, error.message))
            case _:
                out.append((type(event).__name__, event))
    return out


def summary(found: list[Event]) -> dict[str, Any]:
    reply = Reply()
    for event in found:
        if isinstance(event, Failure):
            reply.add(BlockEnd(0))  # what was delivered of the last block counts here
        reply.add(event)
    thoughts = [block for block in reply.blocks if isinstance(block, Thinking)]
    return {
        "text": "".join(block.text for block in reply.blocks if isinstance(block, Text)),
        "thinking": "".join(block.text for block in thoughts),
        "signatures": [block.signature for block in thoughts if block.signature is not None],
        "redacted": [block.data for block in reply.blocks if isinstance(block, RedactedThinking)],
        "calls": [[block.id, block.name, block.arguments] for block in reply.blocks if isinstance(block, ToolCall)],
        "blocks": [type(block).__name__ for block in reply.blocks],
        "stop": None if reply.error else reply.stop.reason.value,
        "failure": reply.error.kind.label if reply.error else None,
    }


EMPTY = {"text": "", "thinking": "", "signatures": [], "redacted": [], "calls": [], "blocks": [], "stop": None}


def test_the_corpus_is_large_enough() -> None:
    assert len(STREAMS) >= 26


@ALL
def test_a_stream_means_what_the_corpus_says(stream: Stream) -> None:
    found = events(stream)
    check(found)
    expected = EMPTY | {"failure": None} | {key: value for key, value in stream.expect.items() if key != "usage"}
    assert summary(found) == expected
    if "usage" in stream.expect:
        usages = [event for event in found if isinstance(event, Usage)]
        assert usages == [Usage(**stream.expect["usage"])]


def text_of(found: list[Event]) -> str:
    return "".join(event.text for event in found if isinstance(event, TextDelta))


@ALL
def test_no_split_changes_the_events(stream: Stream) -> None:
    body, whole = stream.body, joined(events(stream))
    for at in range(0, len(body) + 1, max(1, len(body) // SPLITS)):
        assert joined(events(stream, [body[:at], body[at:]])) == whole, at


@ALL
def test_byte_by_byte_gives_the_same_events(stream: Stream) -> None:
    body = stream.body
    found = events(stream, [body[at : at + 1] for at in range(len(body))])
    check(found)
    assert joined(found) == joined(events(stream))


def borders(stream: Stream) -> tuple[set[int], float]:
    """Where frames end, and how many bytes it takes for a completion signal (or the answer's own end) to have come."""
    ends, position, signal = set(), 0, float("inf")
    for frame in stream.frames:
        position += len(frame)
        ends.add(position)
        parts = read(FrameDecoder().feed(frame)[0])
        if any(isinstance(part, ContextUsage | Metering | StopPart) for part in parts):
            signal = min(signal, position)
    return ends, signal


@ALL
def test_a_body_cut_anywhere_is_never_a_good_end(stream: Stream) -> None:
    body = stream.body
    ends, signal = borders(stream)
    for at in range(0, len(body), max(1, len(body) // SPLITS)):
        decoder = answer(stream)
        found = decoder.feed(body[:at])
        ended = decoder.ended
        found += decoder.finish(delimited=False)
        check(found)
        if not ended and (at not in ends or at < signal):
            assert isinstance(found[-1], Failure), at


@ALL
def test_a_broken_transport_is_a_failure_wherever_it_breaks(stream: Stream) -> None:
    body = stream.body
    for at in range(0, len(body), max(1, len(body) // SPLITS)):
        decoder = answer(stream)
        found = decoder.feed(body[:at])
        over = [event for event in found if isinstance(event, Stop | Failure)]
        found += decoder.fail(GatewayError(Kind.TIMEOUT, "reset"))
        check(found)
        assert over or isinstance(found[-1], Failure), at


def test_a_model_without_signals_may_end_on_a_frame_border_only() -> None:
    stream = STREAMS["no signal needed"]
    for at in range(len(stream.body)):
        decoder = answer(stream)
        found = decoder.feed(stream.body[:at]) + decoder.finish()
        assert isinstance(found[-1], Failure), at
    decoder = answer(stream)
    found = decoder.feed(stream.body) + decoder.finish(delimited=False)
    assert isinstance(found[-1], Failure)


def test_every_flipped_bit_is_seen_and_no_altered_text_is_delivered() -> None:
    stream = STREAMS["text"]
    body, good = stream.body, text_of(events(stream))
    for bit in range(len(body) * 8):
        broken = bytearray(body)
        broken[bit // 8] ^= 1 << bit % 8
        found = events(stream, [bytes(broken)])
        check(found)
        assert isinstance(found[-1], Failure), bit
        assert good.startswith(text_of(found)), bit


def test_unknown_events_are_counted() -> None:
    stream = STREAMS["unknown and ignored events"]
    decoder = answer(stream)
    decoder.feed(stream.body)
    assert decoder.unknown == {"somethingNewEvent": 1, "binaryThingEvent": 1, "": 1}


def test_a_longer_stream_of_the_same_text_is_the_same_text_in_every_mode() -> None:
    piece = "漢字 <think \ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")
    plain = STREAMS["no signal needed"]
    stream = replace(plain, frames=(event_frame("assistantResponseEvent", {"content": piece}),) * 50)
    for tags in (False, True):
        found = events(replace(stream, plan=replace(stream.plan, tags=tags)))
        assert text_of(found) == piece * 50
