"""What clients say about thinking."""

from typing import Any

import pytest

from gateway.conversation import Effort, ThinkingRequest
from gateway.dialects import effort


@pytest.mark.parametrize(
    ("thinking", "word", "request_"),
    [
        (None, None, ThinkingRequest()),
        (None, "high", ThinkingRequest(effort=Effort.HIGH)),
        ({"type": "enabled", "budget_tokens": 32_000}, None, ThinkingRequest(asked=True, budget=32_000)),
        ({"type": "adaptive", "display": "updates"}, "max", ThinkingRequest(asked=True, effort=Effort.MAX)),
        ({"type": "disabled"}, None, ThinkingRequest(asked=False)),
    ],
)
def test_the_thinking_object_says_whether_and_how_much(
    thinking: dict[str, Any] | None, word: str | None, request_: ThinkingRequest
) -> None:
    assert effort.THINKING(thinking) is None or thinking is None
    assert effort.from_thinking(thinking, word) == request_


def test_an_effort_word_asks_for_thinking_and_none_switches_it_off() -> None:
    assert effort.from_word("low", 500) == ThinkingRequest(asked=True, budget=500, effort=Effort.LOW)
    assert effort.from_word("none") == ThinkingRequest(asked=False)


def test_unknown_words_are_no_effort() -> None:
    assert effort.EFFORT("none") is not None
    assert effort.EFFORT_OR_NONE("none") is None
    assert effort.EFFORT_OR_NONE("gigantic") is not None
