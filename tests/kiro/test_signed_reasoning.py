"""Signed reasoning: gathered from a turn, and put back before its calls."""

import pytest

from gateway.conversation import Block, Message, RedactedThinking, Text, Thinking, ToolCall, ToolResult
from gateway.kiro.parts import ReasoningPart
from gateway.kiro.signed_reasoning import Reasoned, Reasoning, with_reasoning

KEPT = Thinking("kept", "Eq==")
CALL, OTHER = ToolCall("c1", "f", "{}"), ToolCall("c2", "f", "{}")


def part(text: str = "", *, signature: str = "", redacted: str = "") -> ReasoningPart:
    return ReasoningPart(text=text, signature=signature, redacted=redacted)


@pytest.mark.parametrize(
    ("parts", "sealed"),
    [
        ([], None),
        ([part("never signed")], None),
        ([part("a"), part("b"), part(signature="E"), part(signature="q==")], Thinking("ab", "Eq==")),
        ([part("a", signature="1"), part("b", signature="2")], Thinking("b", "2")),
        ([part("a", signature="1"), part("left open")], Thinking("a", "1")),
        ([part("a", signature="1"), part(redacted="c2Vj")], RedactedThinking("c2Vj")),
        ([part(redacted="c2Vj"), part("a", signature="1")], Thinking("a", "1")),
        ([part("half \ud83d"), part("\ude00 é", signature="1")], Thinking("half 😀 é", "1")),
    ],
)
def test_the_last_that_was_sealed_goes_back(parts: list[ReasoningPart], sealed: Reasoning | None) -> None:
    reasoned = Reasoned()
    for piece in parts:
        reasoned.add(piece)
    assert reasoned.sealed == sealed


def restored(*messages: Message) -> tuple[Message, ...]:
    return with_reasoning(messages, {"c1": KEPT}.get)


def says(*blocks: Block) -> Message:
    return Message("assistant", blocks)


ASKED = Message("user", (Text("go"),))
RESULT = Message("user", (ToolResult("c1", (Text("done"),)),))


@pytest.mark.parametrize("before", [(), (Text("I look"),), (Thinking("unsigned"),), (OTHER,)])
def test_it_stands_before_the_answer_that_made_the_call(before: tuple[Block, ...]) -> None:
    assert restored(ASKED, says(*before, CALL), RESULT) == (ASKED, says(KEPT, *before, CALL), RESULT)


@pytest.mark.parametrize(
    "messages",
    [
        (ASKED,),
        (ASKED, says(OTHER), RESULT),
        (ASKED, says(Thinking("own", "Own="), CALL), RESULT),
        (ASKED, says(RedactedThinking("c2Vj"), CALL), RESULT),
        (ASKED, says(Thinking("own", "Own=")), says(Text("so")), says(CALL), RESULT),
        (Message("user", (CALL,)),),
    ],
)
def test_nothing_is_put_where_nothing_is_known_or_missing(messages: tuple[Message, ...]) -> None:
    assert with_reasoning(messages, {"c1": KEPT}.get) is messages


def test_an_answer_of_several_messages_gets_it_once_and_the_next_answer_anew() -> None:
    assert restored(says(CALL), says(CALL), RESULT, says(CALL)) == (
        says(KEPT, CALL),
        says(CALL),
        RESULT,
        says(KEPT, CALL),
    )
