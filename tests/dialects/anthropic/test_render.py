"""Whole answers of the Anthropic API (most of them are in the golden files)."""

import pytest

from gateway.conversation import Text, ToolCall
from gateway.dialects.anthropic import ANTHROPIC
from gateway.events import Stop, StopReason
from gateway.reply import Reply
from tests.dialects.turns import OPENING


def rendered(reason: StopReason, *blocks: Text | ToolCall) -> list[dict[str, object]]:
    reply = Reply()
    reply.blocks.extend(blocks)
    reply.stop = Stop(reason)
    content: list[dict[str, object]] = ANTHROPIC.render(reply, {}, OPENING)["content"]
    return content


@pytest.mark.parametrize("arguments", ["", '{"a":', '{"a":"b'])
def test_a_call_that_was_cut_is_left_out_rather_than_given_an_invented_input(arguments: str) -> None:
    kept = rendered(StopReason.MAX_TOKENS, Text("a"), ToolCall("1", "n", arguments))
    assert kept == [{"type": "text", "text": "a"}]


def test_a_whole_call_before_the_cut_one_is_kept() -> None:
    kept = rendered(StopReason.MAX_TOKENS, ToolCall("1", "n", '{"a":1}'), ToolCall("2", "n", '{"a"'))
    assert kept == [{"type": "tool_use", "id": "1", "name": "n", "input": {"a": 1}}]


def test_integers_of_any_size_stay_exact() -> None:
    (call,) = rendered(StopReason.TOOL_USE, ToolCall("1", "n", f'{{"a":{2**70}}}'))
    assert call["input"] == {"a": 2**70}
