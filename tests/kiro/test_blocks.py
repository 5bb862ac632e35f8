"""Blocks open and close in one place, one after another."""

from gateway.conversation import RedactedThinking, Text, Thinking, ToolCall
from gateway.events import ArgumentsDelta, BlockEnd, BlockStart, SignatureDelta, TextDelta, ThinkingDelta
from gateway.kiro.blocks import Blocks


def test_a_write_of_another_sort_closes_the_open_block() -> None:
    blocks = Blocks()
    blocks.thinking("a")
    blocks.signature("s")
    blocks.text("b")
    blocks.text("c")
    blocks.call(ToolCall("t", "f", ""))
    blocks.arguments("{}")
    blocks.close()
    blocks.close()
    assert blocks.take() == [
        BlockStart(0, Thinking("")),
        ThinkingDelta(0, "a"),
        SignatureDelta(0, "s"),
        BlockEnd(0),
        BlockStart(1, Text("")),
        TextDelta(1, "b"),
        TextDelta(1, "c"),
        BlockEnd(1),
        BlockStart(2, ToolCall("t", "f", "")),
        ArgumentsDelta(2, "{}"),
        BlockEnd(2),
    ]
    assert blocks.take() == []


def test_a_redacted_block_is_whole_at_once() -> None:
    blocks = Blocks()
    blocks.redacted("r")
    blocks.redacted("q")
    assert blocks.take() == [
        BlockStart(0, RedactedThinking("r")),
        BlockEnd(0),
        BlockStart(1, RedactedThinking("q")),
        BlockEnd(1),
    ]


def test_two_calls_in_a_row_are_two_blocks() -> None:
    blocks = Blocks()
    blocks.call(ToolCall("t", "f", ""))
    blocks.call(ToolCall("u", "f", ""))
    assert [type(event) for event in blocks.take()] == [BlockStart, BlockEnd, BlockStart]
