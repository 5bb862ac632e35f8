"""Calls and results stay together, and what has no partner stays readable."""

import pytest

from gateway.conversation import Block, Image, Message, Text, ToolCall, ToolResult
from gateway.kiro.pairing import CANCELLED, answer_calls, distinct_ids, pair_results, safe_ids, without_tools

PICTURE = Image("png", "AAAA")


def user(*blocks: Block) -> Message:
    return Message("user", blocks)


def model(*blocks: Block) -> Message:
    return Message("assistant", blocks)


def call(id: str) -> ToolCall:
    return ToolCall(id, "read", '{"a":1}')


def result(id: str, text: str = "done", *, is_error: bool = False) -> ToolResult:
    return ToolResult(id, (Text(text),), is_error)


def cancelled(id: str) -> ToolResult:
    return ToolResult(id, (Text(CANCELLED),), is_error=True)


def test_without_tools_calls_and_results_become_text_and_pictures_stay() -> None:
    messages = (user(Text("hi")), model(call("a")), user(ToolResult("a", (Text("x"), PICTURE), is_error=True)))
    flat = without_tools(messages)
    assert flat[1:] == (
        model(Text('Tool call read: {"a":1}')),
        user(Text("Tool result (error):\nx"), PICTURE),
    )


def test_without_tools_a_plain_chat_is_not_touched() -> None:
    messages = (user(Text("hi")),)
    assert without_tools(messages) is messages


@pytest.mark.parametrize("bad", ["", "a.b", "x" * 65, "a\nb", "a\n", "ä", "\ud800"])
def test_a_foreign_id_becomes_the_same_safe_one_in_call_and_result(bad: str) -> None:
    said, answered = safe_ids((model(call(bad)), user(result(bad))))
    assert isinstance(said.blocks[0], ToolCall)
    assert isinstance(answered.blocks[0], ToolResult)
    assert said.blocks[0].id == answered.blocks[0].call_id
    assert len(said.blocks[0].id) <= 64
    assert said.blocks[0].id.replace("_", "").isalnum()


@pytest.mark.parametrize("good", ["toolu_01", "call-1", "x" * 64])
def test_a_good_id_stays(good: str) -> None:
    messages = (model(call(good)),)
    assert safe_ids(messages) is messages


def test_two_calls_under_one_id_are_parted_and_so_are_their_results() -> None:
    arranged = distinct_ids((model(call("a"), call("a")), user(result("a", "1"), result("a", "2"))))
    calls = [block.id for block in arranged[0].blocks if isinstance(block, ToolCall)]
    results = [block.call_id for block in arranged[1].blocks if isinstance(block, ToolResult)]
    assert calls == results
    assert len(set(calls)) == 2
    assert calls[0] == "a"


def test_a_third_result_for_two_calls_keeps_its_id() -> None:
    arranged = distinct_ids((model(call("a"), call("a")), user(result("a"), result("a"), result("a", "3"))))
    assert arranged[1].blocks[2] == result("a", "3")


@pytest.mark.parametrize(
    ("messages", "last"),
    [
        ((user(result("a")),), user(Text("Tool result:\ndone"))),
        ((model(call("b")), user(result("a"), result("b"))), user(Text("Tool result:\ndone"), result("b"))),
        ((model(call("a")), user(result("a"), result("a"))), user(result("a"))),
        ((model(call("a")), user(result("a"), result("a", "two"))), user(result("a"), Text("Tool result:\ntwo"))),
        ((model(call("a")), user(Text("no")), model(Text("ok")), user(result("a"))), user(Text("Tool result:\ndone"))),
    ],
)
def test_a_result_without_an_open_call_becomes_text(messages: tuple[Message, ...], last: Message) -> None:
    assert pair_results(messages)[-1] == last


def test_a_hundred_thousand_results_beside_a_strange_one_cost_linear_time() -> None:
    ids = [f"t{number}" for number in range(100_000)]
    results = (result("strange"), *map(result, ids))
    _, answered = pair_results((model(*map(call, ids)), user(*results)))
    assert answered.blocks[1:] == results[1:]


@pytest.mark.parametrize(
    ("answer", "completed"),
    [
        (user(Text("stop")), user(cancelled("a"), cancelled("b"), Text("stop"))),
        (user(result("b")), user(cancelled("a"), result("b"))),
        (user(result("a"), result("b")), user(result("a"), result("b"))),
    ],
)
def test_a_call_without_a_result_is_answered_as_cancelled(answer: Message, completed: Message) -> None:
    assert answer_calls((model(call("a"), call("b")), answer))[-1] == completed
