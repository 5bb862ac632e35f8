"""Which reasoning is kept, for whom, and for how long."""

import pytest

from gateway.conversation import Conversation, Message, RedactedThinking, Text, Thinking, ToolCall, ToolResult
from gateway.kiro.signed_reasoning import Reasoning
from gateway.web.reasoning_vault import LIFETIME, ReasoningVault

SIGNED = Thinking("because", "Eq==")
ME, YOU = b"me", b"you"


class Clock:
    """Seconds that grow when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def chat(*calls: str, model: str = "m") -> Conversation:
    said = Message("assistant", tuple(ToolCall(call, "f", "{}") for call in calls))
    results = Message("user", tuple(ToolResult(call, ()) for call in calls))
    return Conversation(model, (Message("user", (Text("go"),)), said, results))


def found(vault: ReasoningVault, *calls: str, owner: bytes = ME, model: str = "m") -> bool:
    return SIGNED in vault.restored(owner, chat(*calls, model=model)).messages[1].blocks


@pytest.mark.parametrize("reasoning", [SIGNED, RedactedThinking("c2Vj")])
def test_it_comes_back_with_any_of_its_calls(reasoning: Reasoning) -> None:
    vault = ReasoningVault(Clock())
    vault.keep(ME, "m", ["a", "b"], reasoning)
    assert vault.restored(ME, chat("b")).messages[1].blocks[0] == reasoning
    assert vault.restored(ME, chat("a", "b")).messages[1].blocks[:2] == (reasoning, ToolCall("a", "f", "{}"))


def test_it_belongs_to_one_key_and_one_model() -> None:
    vault = ReasoningVault(Clock())
    vault.keep(ME, "m", ["a"], SIGNED)
    assert found(vault, "a") and not found(vault, "b")
    assert not found(vault, "a", owner=YOU) and not found(vault, "a", model="another")


def test_a_conversation_that_gets_nothing_stays_the_same_object() -> None:
    vault, conversation = ReasoningVault(Clock()), chat("a")
    assert vault.restored(ME, conversation) is conversation
    vault.keep(ME, "m", ["b"], SIGNED)
    assert vault.restored(ME, conversation) is conversation


def test_it_is_forgotten_an_hour_after_its_last_use() -> None:
    clock = Clock()
    vault = ReasoningVault(clock)
    vault.keep(ME, "m", ["a", "b"], SIGNED)
    clock.now = LIFETIME - 1
    assert found(vault, "a")
    clock.now = LIFETIME + 1
    assert found(vault, "a") and not found(vault, "b")
    clock.now = 3 * LIFETIME
    assert not found(vault, "a")


def test_the_longest_unused_makes_room() -> None:
    vault = ReasoningVault(Clock(), most=2)
    vault.keep(ME, "m", ["a", "b"], SIGNED)
    assert found(vault, "a")
    vault.keep(ME, "m", ["c"], SIGNED)
    assert [call for call in "abc" if found(vault, call)] == ["a", "c"]


def test_bytes_are_bounded_and_a_call_counts_once() -> None:
    large = Thinking("x" * 1000, "Eq==")
    vault = ReasoningVault(Clock(), most_bytes=2500)
    for call in "aaab":
        vault.keep(ME, "m", [call], large)
    assert vault.restored(ME, chat("a")).messages[1].blocks[0] == large
    vault.keep(ME, "m", ["c"], large)
    assert vault.restored(ME, chat("b")).messages[1].blocks[0] == ToolCall("b", "f", "{}")
