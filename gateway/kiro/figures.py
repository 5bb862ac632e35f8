"""Percent, credits and token counts out of an event's payload: they may ride along on any event, at any depth."""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.kiro.parts import MOST, ContextUsage, Metering, Part, TokenUsage

_TOKENS: Final = frozenset(
    {"uncachedInputTokens", "inputTokens", "outputTokens", "cacheReadInputTokens", "cacheWriteInputTokens"}
)
"""Token counts; where none of them is, which is nearly everywhere, none need be looked for one by one."""

_PERCENT: Final = "contextUsagePercentage"
_KIROS_OWN: Final = "tokenUsage"
"""Kiro's own place for the counts of a turn: it decides where others in the same payload differ."""

_FOREIGN: Final = frozenset({"input", "content", "toolUses", "toolResult", "normalizedTokenUsage"})
"""Members with what the model or the user wrote, where the same names mean other things, and with counts that are
weighted by price."""

_DEEPEST: Final = 8
"""Levels that are searched; figures were seen on the first three."""

_MOST_SEARCHED: Final = 1000
"""Objects and lists that are searched in one payload, which may be 16 MiB long."""


def figures(body: Mapping[str, Any], *, metering: bool) -> list[Part]:
    """All figures of a payload. ``metering``: it is a metering event's, whose credits are one sum among several."""
    parts: list[Part] = []
    holders = list(_holders(body))
    percents = (number(holder.get(_PERCENT)) for holder in holders)
    percent = next((found for found in percents if found is not None), None)
    if percent is not None:
        parts.append(ContextUsage(percent))
    spent = number(body.get("usage"))
    if spent is not None:
        parts.append(Metering(spent, beside=not metering))
    return [*parts, *_counts(holders)]


def token_counts(body: Mapping[str, Any]) -> list[Part]:
    """The token counts alone, of an event that is not read for anything else."""
    return _counts(list(_holders(body)))


def number(value: object) -> float | None:
    """A figure, or None for what is none (a bool, NaN, below zero, out of range)."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST:
        return None
    return value


def _holders(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The objects in a payload, the outer ones first, ``tokenUsage`` last."""
    waiting: deque[tuple[str, Any, int]] = deque([("", body, 1)])
    last: list[Mapping[str, Any]] = []
    searched = 0
    while waiting and searched < _MOST_SEARCHED:
        name, value, depth = waiting.popleft()
        searched += 1
        if isinstance(value, Mapping):
            if name == _KIROS_OWN:
                last.append(value)
            else:
                yield value
        if depth < _DEEPEST:
            waiting.extend((key, inner, depth + 1) for key, inner in _inner(name, value))
    yield from last


def _inner(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Objects and lists within one of either; a list's items go by the list's name."""
    named = value.items() if isinstance(value, Mapping) else ((name, item) for item in value[:_MOST_SEARCHED])
    return ((key, inner) for key, inner in named if isinstance(inner, Mapping | list) and key not in _FOREIGN)


def _counts(holders: list[Mapping[str, Any]]) -> list[Part]:
    found = (_tokens(holder) for holder in holders if not _TOKENS.isdisjoint(holder))
    return [usage for usage in found if usage != TokenUsage()]


def _tokens(holder: Mapping[str, Any]) -> TokenUsage:
    fresh = _count(holder, "uncachedInputTokens")
    return TokenUsage(
        _count(holder, "inputTokens") if fresh is None else fresh,
        _count(holder, "outputTokens"),
        _count(holder, "cacheReadInputTokens"),
        _count(holder, "cacheWriteInputTokens"),
    )


def _count(holder: Mapping[str, Any], key: str) -> int | None:
    found = number(holder.get(key))
    return None if found is None else round(found)
