"""Arguments of one call in every form, and the queue of calls that wait."""

from typing import Any

import pytest

from gateway.kiro.parts import ReasoningPart, TextPart, ToolPart
from gateway.kiro.tool_calls import Call, Queue


def run(*inputs: str | dict[str, Any] | None, stopped: bool = True) -> tuple[str, bool]:
    """(arguments, complete) of a call with these inputs."""
    call = Call("id")
    text = "".join(call.feed(given) for given in inputs) + call.finish(stopped=stopped)
    return text, call.complete


@pytest.mark.parametrize(
    ("inputs", "arguments", "complete"),
    [
        ((), "{}", True),
        ((None, ""), "{}", True),
        (("{}",), "{}", True),
        (({},), "{}", True),
        (("  ",), "  {}", True),
        (('{"a"', ":1}"), '{"a":1}', True),
        (("{}", '{"a":1}'), '{"a":1}', True),
        (({}, '{"a"', ":1}"), '{"a":1}', True),
        (({"a": 1},), '{"a":1}', True),
        (({"a": 1}, {"a": 1, "b": 2}), '{"a":1,"b":2}', True),
        (({"a": 1}, '{"a": 1}'), '{"a": 1}', True),
        (({"a": 1}, '{"a"'), '{"a":1}', True),
        (('{"a":1}', {"a": 1}), '{"a":1}', True),
        (('{"a":"\ud83d', '\ude00"}'), '{"a":"😀"}', True),
        (('{"a":"x\ud83d',), '{"a":"x\ufffd', False),
        (('{"a":1',), '{"a":1', False),
        (("[1]",), "[1]", False),
        (('{"a":1}}',), '{"a":1}}', False),
        (("[" * 100_000,), "[" * 100_000, False),
    ],
)
def test_a_stopped_call(inputs: Any, arguments: str, complete: bool) -> None:
    assert run(*inputs) == (arguments, complete)


@pytest.mark.parametrize(
    ("inputs", "arguments", "complete"),
    [((), "", False), (("{}",), "", False), (('{"a":1}',), '{"a":1}', True), (({"a": 1},), '{"a":1}', True)],
)
def test_a_call_without_stop_is_complete_only_when_its_json_is(inputs: Any, arguments: str, complete: bool) -> None:
    assert run(*inputs, stopped=False) == (arguments, complete)


def test_fragments_pass_as_they_come() -> None:
    call = Call("id")
    assert [call.feed(piece) for piece in ('{"a', '":', "1}")] == ['{"a', '":', "1}"]
    assert call.finish(stopped=True) == ""


def test_the_queue_gathers_the_parts_of_a_call_and_keeps_the_order_of_first_arrival() -> None:
    queue = Queue()
    a1, a2, b1, b2 = (ToolPart(id, "f", text) for id, text in (("a", "1"), ("a", "2"), ("b", "1"), ("b", "2")))
    for part in (a1, TextPart("x"), ReasoningPart("y"), b1, a2, TextPart("z"), b2, TextPart("!")):
        queue.put(part)
    assert [queue.take() for _ in range(4)] == [
        [a1, a2],
        [TextPart("x"), ReasoningPart("y")],
        [b1, b2],
        [TextPart("z"), TextPart("!")],
    ]
    assert not queue


def test_a_run_that_was_taken_is_not_added_to() -> None:
    queue = Queue()
    queue.put(TextPart("x"))
    queue.take()
    queue.put(TextPart("y"))
    queue.put(ToolPart("a", "f"))
    assert queue.take() == [TextPart("y")]
    queue.take()
    queue.put(ToolPart("a", "f", "later"))
    assert queue.take() == [ToolPart("a", "f", "later")]
