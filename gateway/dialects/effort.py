"""What the client APIs say about thinking, in their common words."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.conversation import Effort, ThinkingRequest
from gateway.dialects import shape

EFFORT: Final = shape.one_of(*(member.value for member in Effort))
"""Check of an effort word."""

EFFORT_OR_NONE: Final = shape.one_of("none", *(member.value for member in Effort))
"""OpenAI's APIs switch reasoning off with the word ``none``."""

THINKING: Final = shape.record(
    {"type": shape.one_of("enabled", "adaptive", "disabled")}, {"budget_tokens": shape.positive}
)
"""Check of the ``thinking`` object. A budget as large as max_tokens or larger passes: Qwen Code sends it so."""


def from_thinking(thinking: Mapping[str, Any] | None, effort: str | None) -> ThinkingRequest:
    """The ``thinking`` object beside an effort word.

    ``display`` has no effect: thinking is always shown, because Kiro wants signed thinking back with its text.
    """
    level = None if effort is None else Effort(effort)
    if thinking is None:
        return ThinkingRequest(effort=level)
    if thinking["type"] == "disabled":
        return ThinkingRequest(asked=False, effort=level)
    return ThinkingRequest(asked=True, budget=thinking.get("budget_tokens"), effort=level)


def from_word(effort: str, budget: int | None = None) -> ThinkingRequest:
    """``reasoning_effort``: naming an effort asks for thinking, ``none`` switches it off."""
    if effort == "none":
        return ThinkingRequest(asked=False)
    return ThinkingRequest(asked=True, budget=budget, effort=Effort(effort))
