"""Pings with usage."""

import pytest

from gateway.conversation import Text
from gateway.dialects.anthropic import Anthropic
from gateway.dialects.anthropic.usage_pings import EVERY
from gateway.events import ArgumentsDelta, BlockStart, Event, TextDelta, ThinkingDelta
from tests.dialects.sse_reader import read
from tests.dialects.turns import OPENING

PINGING = Anthropic(usage_pings=True)
LONG = "x" * EVERY


def output_in(ping: bytes) -> int:
    [(name, data)] = read(ping)
    assert (name, data["usage"]["input_tokens"]) == ("ping", OPENING.input_tokens)
    return int(data["usage"]["output_tokens"])


def test_a_ping_tells_what_was_written_so_far() -> None:
    encoder = PINGING.encoder({}, OPENING)
    assert output_in(encoder.ping()) == 0
    encoder.encode(BlockStart(0, Text("")))
    encoder.encode(TextDelta(0, "x" * 401))
    assert output_in(encoder.ping()) == 101


@pytest.mark.parametrize("delta", [TextDelta(0, LONG), ThinkingDelta(0, LONG), ArgumentsDelta(0, LONG)])
def test_a_flowing_stream_has_one_every_so_many_characters(delta: Event) -> None:
    encoder, plain = PINGING.encoder({}, OPENING), Anthropic().encoder({}, OPENING)
    assert encoder.encode(TextDelta(0, "a")) == plain.encode(TextDelta(0, "a"))
    ping = encoder.encode(delta).removeprefix(plain.encode(delta))
    assert output_in(ping) == EVERY // 4 + 1
    assert encoder.encode(TextDelta(0, "a")) == plain.encode(TextDelta(0, "a"))
