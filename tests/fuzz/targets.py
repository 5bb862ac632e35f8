"""What is fuzzed: each target is a hypothesis test whose examples are drawn anew for every seed."""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final

from botocore.eventstream import EventStreamBuffer, ParserError
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects import DIALECTS
from gateway.errors import GatewayError, Kind
from gateway.events import Failure
from gateway.kiro import parts
from gateway.kiro.answer import Answer, ReasoningMode
from gateway.kiro.call_reader import DeclaredTools
from gateway.kiro.eventstream import Frame, FrameDecoder
from gateway.kiro.refusal import read_exception, read_response
from gateway.kiro.response import read
from gateway.kiro.turn import Turn
from tests.corpus import STREAMS, answer, plan
from tests.corpus.frames import frame
from tests.dialects.test_mutations import answers_any_change
from tests.wellformed import check

Test = Callable[[], None]

NAMES: Final = (
    *("assistantResponseEvent", "reasoningContentEvent", "toolUseEvent", "contextUsageEvent", "meteringEvent"),
    *("metadataEvent", "messageStopEvent", "initial-response", "invalidStateEvent", "novelEvent", ""),
)
KEYS: Final = (
    *("content", "toolUseId", "name", "input", "stop", "text", "signature", "redactedContent", "usage", "unit"),
    *("contextUsagePercentage", "tokenUsage", "stopReason", "_type", "__type", "type", "message", "reason", "toolUses"),
    *("assistantResponseEvent", "toolUseEvent", "Output", "error"),
)

texts = st.text(st.characters(), max_size=12)
names = st.text(st.characters(codec="utf-8"), max_size=12)
"""What a header can hold: the decoder lets nothing else through."""

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=8,
)
payloads = st.one_of(
    st.binary(max_size=60),
    json_values.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(KEYS), json_values, max_size=5).map(lambda value: json.dumps(value).encode()),
)
headers = st.fixed_dictionaries(
    {},
    optional={
        ":event-type": st.sampled_from(NAMES) | names,
        ":message-type": st.sampled_from(["event", "exception", "error", "novel"]),
        ":exception-type": st.sampled_from(["ThrottlingException", "ValidationException", "x#y", ""]),
        ":error-code": names,
        ":error-message": names,
    },
)
frames = st.builds(frame, headers, payloads)
streams = st.sampled_from(list(STREAMS.values()))


def cut(body: bytes, at: list[int]) -> list[bytes]:
    """The body in pieces."""
    borders = sorted({0, len(body), *(place % (len(body) + 1) for place in at)})
    return [body[begin:end] for begin, end in pairwise(borders)]


@given(st.binary(max_size=200) | st.lists(frames, max_size=4).map(b"".join), st.lists(st.integers(0, 999), max_size=6))
def decoder_on_bytes(body: bytes, at: list[int]) -> None:
    """Any bytes, cut anywhere: no crash, the same frames as at once, and the ones botocore sees as long as both do."""
    at_once, pieces = FrameDecoder(), FrameDecoder()
    whole = at_once.feed(body)
    assert [found for piece in cut(body, at) for found in pieces.feed(piece)] == whole
    assert (at_once.fault is None) is (pieces.fault is None)
    oracle = EventStreamBuffer()
    oracle.add_data(body)
    theirs: list[bytes] = []
    try:
        theirs += [message.payload for message in oracle]
    except (ParserError, UnicodeDecodeError, KeyError):
        assert at_once.fault is not None
    ours = [found.payload for found in whole]
    assert ours == (theirs if at_once.fault is None else theirs[: len(ours)])


@given(streams, st.data())
def answer_of_mutated_stream(stream: Any, data: st.DataObject) -> None:
    """A stream of the corpus with bytes changed, taken out or put in: well-formed events."""
    body = bytearray(stream.body[:3000])
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        if not body:
            return
    decoder = answer(stream)
    found = [
        one
        for piece in cut(bytes(body), data.draw(st.lists(st.integers(0, 9999), max_size=4)))
        for one in decoder.feed(piece)
    ]
    check(found + decoder.finish(delimited=data.draw(st.booleans())))


@given(headers, payloads)
def response_reader(given_headers: dict[str, str], payload: bytes) -> None:
    """Any frame: parts, never an exception."""
    read(Frame(given_headers, payload))


@given(
    st.lists(frames, max_size=8),
    st.booleans(),
    st.sampled_from(list(ReasoningMode)),
)
def answer_of_any_frames(given_frames: list[bytes], tags: bool, reasoning: ReasoningMode) -> None:
    """Any frames with right sums: well-formed events."""
    decoder = Answer(plan(tags=tags, reasoning=reasoning.value), len)
    found = decoder.feed(b"".join(given_frames))
    check(found + decoder.finish())


pieces = st.sampled_from(
    [
        *("<think", "ing>", "<thinking>", "</think", "ing>", "</thinking>", "\n\n", "`", "\ud83d", "\ude00"),
        *('[Called f with args: {"a"', ": 1}]", '[{"name": "f", "arguments": {"a": "\\"', '"}}]', "\n", "</invoke>"),
        *('<invoke name="f">', '<parameter name="a">1</parameter>', '<tool_call>{"name": "f", ', "</tool_call>"),
    ]
)
"""Of what the turn looks for in a text: tags, calls, halves of characters."""

DECLARED: Final = DeclaredTools({"f": {"type": "object"}}, {"f": "own"}, "seed")

any_part = st.one_of(
    st.builds(parts.TextPart, texts | pieces | st.lists(pieces, min_size=2, max_size=4).map("".join)),
    st.builds(parts.ReasoningPart, texts, texts, texts),
    st.builds(
        parts.ToolPart,
        st.sampled_from(["", "t1", "t2"]),
        st.sampled_from(["", "f"]),
        st.none() | texts | st.just({"a": 1}),
        st.booleans(),
    ),
    st.builds(parts.ContextUsage, st.floats(0, 200)),
    st.builds(parts.Metering, st.floats(0, 9)),
    st.builds(parts.StopPart, st.sampled_from(["", "end_turn", "max_tokens", "novel"])),
    st.builds(lambda: parts.Fault(GatewayError(Kind.UPSTREAM, "x"), limit=True)),
)


@given(st.lists(any_part, max_size=15), st.sampled_from(list(ReasoningMode)), st.data())
def turn_of_any_parts(given_parts: list[Any], reasoning: ReasoningMode, data: st.DataObject) -> None:
    """Any parts in any order: well-formed events."""
    names = ("tags", "needs_signal", "after_tool_results")
    choices: dict[str, Any] = {name: data.draw(st.booleans(), label=name) for name in names}
    declared = data.draw(st.sampled_from([None, DECLARED]))
    turn = Turn(plan(reasoning=reasoning.value, declared=declared, **choices), len)
    for part in given_parts:
        turn.add(part)
    turn.finish(delimited=True, pending=0)
    found = turn.take()
    check(found)
    assert turn.ended and (not isinstance(found[-1], Failure) or found[-1].error.message)


@given(st.sampled_from(DIALECTS), st.data())
def dialect_parsers(dialect: Any, data: st.DataObject) -> None:
    """A good request with anything in the place of some of its parts: a conversation, or a 400 that shows no input."""
    answers_any_change(dialect, data)


@given(
    st.integers(100, 599),
    st.dictionaries(st.sampled_from(["retry-after", "date", "content-type", "x-amzn-errortype"]), texts),
    payloads,
    texts,
)
def refusals(status: int, given_headers: dict[str, str], body: bytes, name: str) -> None:
    """Any refusal, any exception: readable words, a sensible wait, never an exception of ours."""
    refusal = read_response(status, given_headers, body)
    assert refusal.text.isprintable() and (refusal.retry_after is None or refusal.retry_after >= 0)
    assert read_exception(name, body).text.isprintable()


TARGETS: Final[dict[str, Test]] = {
    "decoder": decoder_on_bytes,
    "mutated streams": answer_of_mutated_stream,
    "response reader": response_reader,
    "frames": answer_of_any_frames,
    "turn": turn_of_any_parts,
    "dialect parsers": dialect_parsers,
    "refusals": refusals,
}
