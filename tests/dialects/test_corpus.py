"""Kiro's recorded answers, bytes in, each client API's bytes out.

The golden files were written once and read by eye; when one changes, the commit says why. The long streams have none:
their expectations in the corpus say the same in a line.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.conversation import RedactedThinking, Thinking
from gateway.dialects import DIALECTS
from gateway.dialects.dialect import Dialect
from gateway.dialects.openai_responses.sealed import unseal
from gateway.dialects.signature import is_ours
from gateway.events import Event, Failure
from gateway.reply import Reply
from tests.corpus import STREAMS, Stream, answer, events
from tests.dialects import received
from tests.dialects.sse_reader import read
from tests.dialects.turns import OPENING

GOLDEN = Path(__file__).parents[1] / "golden"
BODY = {"stream_options": {"include_usage": True}}
LONG = 50
"""Frames from which a stream has no golden file and is not cut at every byte."""

STOPS = {
    "anthropic": {"context_full": "model_context_window_exceeded"},
    "openai_chat": {
        "end_turn": "stop",
        "tool_use": "tool_calls",
        "max_tokens": "length",
        "stop_sequence": "stop",
        "context_full": "length",
        "refusal": "content_filter",
    },
    "openai_responses": {
        "end_turn": "response.completed",
        "tool_use": "response.completed",
        "stop_sequence": "response.completed",
        "max_tokens": "response.incomplete",
        "context_full": "response.incomplete",
        "refusal": "response.incomplete",
    },
}

EVERY_DIALECT = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
EVERY_STREAM = pytest.mark.parametrize("stream", STREAMS.values(), ids=lambda stream: stream.name)
SHORT_ONES = pytest.mark.parametrize(
    "stream", [stream for stream in STREAMS.values() if len(stream.frames) < LONG], ids=lambda stream: stream.name
)


def golden(dialect: Dialect, stream: Stream, suffix: str) -> Path:
    return GOLDEN / dialect.name / f"{stream.name.replace(' ', '_')}.{suffix}"


def written(dialect: Dialect, turn: list[Event]) -> bytes:
    encoder = dialect.encoder(BODY, OPENING)
    return encoder.start() + b"".join(encoder.encode(event) for event in turn)


def folded(turn: list[Event]) -> Reply:
    reply = Reply()
    for event in turn:
        reply.add(event)
    return reply


def kiros(signatures: list[str]) -> list[str]:
    return [signature for signature in signatures if not is_ours(signature)]


@EVERY_DIALECT
@EVERY_STREAM
def test_a_client_receives_what_the_stream_means(dialect: Dialect, stream: Stream) -> None:
    found = getattr(received, dialect.name)(read(written(dialect, events(stream))))
    expect: dict[str, Any] = {"text": "", "thinking": "", "calls": [], "stop": None} | stream.expect
    assert (found.error is not None) == ("failure" in expect)
    if found.error is None:
        assert (found.text, found.thinking, found.calls) == (expect["text"], expect["thinking"], expect["calls"])
        assert found.stop == STOPS[dialect.name].get(expect["stop"], expect["stop"])
    if dialect.name == "anthropic" and found.error is None:
        assert kiros(found.signatures) == expect.get("signatures", [])
        assert found.redacted == expect.get("redacted", [])
    if dialect.name == "openai_responses" and found.error is None:
        sealed = [unseal(content) for content in found.signatures]
        assert [block.signature for block in sealed if isinstance(block, Thinking)] == expect.get("signatures", [])
        assert [block.data for block in sealed if isinstance(block, RedactedThinking)] == expect.get("redacted", [])


@EVERY_DIALECT
@SHORT_ONES
def test_a_streamed_answer_is_written_as_its_golden_file_says(dialect: Dialect, stream: Stream) -> None:
    assert written(dialect, events(stream)) == golden(dialect, stream, "sse").read_bytes()


@EVERY_DIALECT
@SHORT_ONES
def test_a_whole_answer_is_written_as_its_golden_file_says(dialect: Dialect, stream: Stream) -> None:
    reply = folded(events(stream))
    body = dialect.render(reply, BODY, OPENING) if reply.error is None else dialect.error(reply.error, "req_1")[1]
    assert body == json.loads(golden(dialect, stream, "json").read_text(encoding="utf-8"))


@EVERY_STREAM
def test_a_stream_gives_the_same_bytes_wherever_it_is_cut(stream: Stream) -> None:
    whole = [written(dialect, events(stream)) for dialect in DIALECTS]
    for chunks in cuts(stream):
        turn = events(stream, chunks)
        assert [written(dialect, turn) for dialect in DIALECTS] == whole


def cuts(stream: Stream) -> Iterator[list[bytes]]:
    """Every cut in two; a long stream in pieces of a few awkward sizes."""
    body = stream.body
    if len(stream.frames) < LONG:
        yield from ([body[:at], body[at:]] for at in range(1, len(body)))
    for size in (1, 7, 97, 4096):
        yield [body[at : at + size] for at in range(0, len(body), size)]


@EVERY_DIALECT
@SHORT_ONES
def test_a_connection_that_breaks_after_any_frame_ends_as_an_error_or_was_complete(
    dialect: Dialect, stream: Stream
) -> None:
    fold = getattr(received, dialect.name)
    for count in range(len(stream.frames)):
        decoder = answer(stream)
        turn = decoder.feed(b"".join(stream.frames[:count]))
        turn += decoder.finish(delimited=False)
        found = fold(read(written(dialect, turn)))
        assert (found.error is not None) == isinstance(turn[-1], Failure)
