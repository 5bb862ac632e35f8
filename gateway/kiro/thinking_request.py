"""How Kiro is asked to think: native fields where the model publishes them, tags in the prompt where it does not."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from gateway.conversation import Effort, ThinkingRequest
from gateway.kiro.models import Model, dig

_ORDER: Final = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_SHARES: Final = (
    (Effort.MINIMAL, 10),
    (Effort.LOW, 20),
    (Effort.MEDIUM, 40),
    (Effort.HIGH, 80),
    (Effort.XHIGH, 90),
    (Effort.MAX, 100),
)
"""Effort → per cent of the cap, for models that are told a length."""

_UNCAPPED: Final = 10_000
"""The whole that efforts are shares of when the user set no cap."""


class ThinkingRules(Struct, frozen=True):
    """default_on: think when the client says nothing. max_tokens: length then. budget_cap: the most (0: none)."""

    default_on: bool = False
    max_tokens: int = 4000
    budget_cap: int = 10_000


class ThinkingPlan(Struct, frozen=True):
    """fields: for ``additionalModelRequestFields``, maybe empty. tags: what goes before the user's text, or ``""``."""

    fields: Mapping[str, Any]
    tags: str = ""


def plan(request: ThinkingRequest, model: Model, rules: ThinkingRules, max_tokens: int | None) -> ThinkingPlan:
    """``request.asked`` None leaves it to the rules. max_tokens: the client's limit for the whole answer, or None."""
    wanted = rules.default_on if request.asked is None else request.asked
    if model.fields_schema is not None:
        fields = {
            **_claude_fields(model.fields_schema, request, wanted=wanted),
            **_gpt_fields(model.fields_schema, request),
            **_length_field(model.fields_schema, max_tokens),
        }
        return ThinkingPlan(fields)
    if not wanted:
        return ThinkingPlan({})
    length = _budget(request, rules)
    tags = f"<thinking_mode>enabled</thinking_mode><max_thinking_length>{length}</max_thinking_length>\n"
    return ThinkingPlan({}, tags)


def effort_in(fields: Mapping[str, Any]) -> str | None:
    """The effort that ``additionalModelRequestFields`` name, None where the model's default holds."""
    found = (dig(fields, part, "effort") for part in ("output_config", "reasoning"))
    return next((effort for effort in found if isinstance(effort, str)), None)


def _budget(request: ThinkingRequest, rules: ThinkingRules) -> int:
    wanted = rules.max_tokens
    if request.budget is not None:
        wanted = request.budget
    elif request.effort is not None:
        wanted = (rules.budget_cap or _UNCAPPED) * dict(_SHARES)[request.effort] // 100
    return max(1, min(wanted, rules.budget_cap) if rules.budget_cap else wanted)


def _claude_fields(schema: Mapping[str, Any], request: ThinkingRequest, *, wanted: bool) -> dict[str, Any]:
    """Without ``display: summarized`` newer models return signatures only (upstream §3.4)."""
    fields: dict[str, Any] = {}
    thinking = dig(schema, "properties", "thinking", "properties")
    types = _enum(dig(thinking, "type"))
    if wanted and (kind := next((kind for kind in ("adaptive", "enabled") if kind in types), None)):
        shown = {"display": "summarized"} if "summarized" in _enum(dig(thinking, "display")) else {}
        fields["thinking"] = {"type": kind, **shown}
    elif request.asked is False and "disabled" in types:
        fields["thinking"] = {"type": "disabled"}
    effort = _clamped(request.effort, _enum(dig(schema, "properties", "output_config", "properties", "effort")))
    if effort:
        fields["output_config"] = {"effort": effort}
    return fields


def _gpt_fields(schema: Mapping[str, Any], request: ThinkingRequest) -> dict[str, Any]:
    efforts = _enum(dig(schema, "properties", "reasoning", "properties", "effort"))
    if request.asked is False:
        return {"reasoning": {"effort": "none"}} if "none" in efforts else {}
    effort = _clamped(request.effort, efforts)
    return {"reasoning": {"effort": effort}} if effort else {}


def _length_field(schema: Mapping[str, Any], max_tokens: int | None) -> dict[str, Any]:
    """The client's limit within what the schema allows; a model's own limit stands when the client set none."""
    field = dig(schema, "properties", "max_tokens")
    if max_tokens is None or not isinstance(field, Mapping):
        return {}
    low, high = field.get("minimum"), field.get("maximum")
    limit = min(max_tokens, high) if isinstance(high, int) else max_tokens
    return {"max_tokens": max(limit, low) if isinstance(low, int) else limit}


def _enum(field: Any) -> tuple[str, ...]:
    values = dig(field, "enum")
    return tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()


def _clamped(effort: Effort | None, allowed: tuple[str, ...]) -> str | None:
    """The strongest allowed level that is not above the wanted one, else the weakest that thinks at all."""
    levels = sorted((level for level in allowed if level in _ORDER and level != "none"), key=_ORDER.index)
    if effort is None or not levels:
        return None
    below = [level for level in levels if _ORDER.index(level) <= _ORDER.index(effort.value)]
    return below[-1] if below else levels[0]
