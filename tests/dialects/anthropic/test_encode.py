"""The event stream of the Anthropic API (its bytes are in the golden files)."""

import dataclasses

from gateway.conversation import Thinking
from gateway.dialects.anthropic import ANTHROPIC
from gateway.dialects.signature import mark
from gateway.events import BlockEnd, BlockStart, SignatureDelta, Stop, StopReason, ThinkingDelta
from tests.dialects.sse_reader import read
from tests.dialects.turns import OPENING, text


def test_a_stream_opens_with_its_message_and_a_ping() -> None:
    (first, opened), (second, _) = read(ANTHROPIC.encoder({}, OPENING).start())
    assert (first, second) == ("message_start", "ping")
    assert opened["message"]["usage"]["input_tokens"] == OPENING.input_tokens


def test_the_usage_at_the_end_is_whole_even_when_none_was_told() -> None:
    (_, delta), _ = read(ANTHROPIC.encoder({}, OPENING).encode(Stop(StopReason.END_TURN)))
    assert delta["usage"] == {
        "input_tokens": OPENING.input_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": 0,
    }


def test_thinking_without_a_signature_gets_ours_made_with_the_key_of_this_gateway() -> None:
    encoder = dataclasses.replace(ANTHROPIC, signing_key=b"its own").encoder({}, OPENING)
    events = [BlockStart(0, Thinking("")), ThinkingDelta(0, "a"), ThinkingDelta(0, "b"), BlockEnd(0)]
    signed = read(b"".join(encoder.encode(event) for event in events))[-2][1]
    assert signed["delta"] == {"type": "signature_delta", "signature": mark("ab", b"its own")}


def test_the_signature_of_one_block_is_not_carried_to_the_next() -> None:
    encoder = ANTHROPIC.encoder({}, OPENING)
    first = [BlockStart(0, Thinking("")), SignatureDelta(0, "Eq=="), BlockEnd(0)]
    second = [BlockStart(1, Thinking("")), ThinkingDelta(1, "b"), BlockEnd(1)]
    received = read(b"".join(encoder.encode(event) for event in [*first, *second]))
    signatures = [data["delta"]["signature"] for _, data in received if "signature" in data.get("delta", {})]
    assert signatures == ["Eq==", mark("b", ANTHROPIC.signing_key)]


def test_a_text_block_has_no_signature_after_a_thinking_block() -> None:
    encoder = ANTHROPIC.encoder({}, OPENING)
    thinking = [BlockStart(0, Thinking("")), BlockEnd(0)]
    received = b"".join(encoder.encode(event) for event in [*thinking, *text(1, "a")])
    assert received.count(b"signature_delta") == 1
