"""Native fields or tags, and how much."""

from typing import Any

import pytest

from gateway.conversation import Effort, ThinkingRequest
from gateway.kiro.model_table import KNOWN_MODELS
from gateway.kiro.models import Model, describe
from gateway.kiro.thinking_request import ThinkingPlan, ThinkingRules, plan

ASKED = ThinkingRequest(asked=True)
REFUSED = ThinkingRequest(asked=False)
SILENT = ThinkingRequest()
ON, OFF = ThinkingRules(default_on=True), ThinkingRules()
ADAPTIVE = {"type": "adaptive", "display": "summarized"}


def planned(
    model: str | Model, request: ThinkingRequest, rules: ThinkingRules = OFF, limit: int | None = None
) -> ThinkingPlan:
    return plan(request, describe(model, "client") if isinstance(model, str) else model, rules, limit)


def effort(level: Effort) -> ThinkingRequest:
    return ThinkingRequest(asked=True, effort=level)


@pytest.mark.parametrize(
    ("model", "request_", "rules", "fields"),
    [
        ("claude-opus-4.7", ASKED, OFF, {"thinking": ADAPTIVE}),
        ("claude-opus-4.7", SILENT, ON, {"thinking": ADAPTIVE}),
        ("claude-opus-4.7", SILENT, OFF, {}),
        ("claude-opus-4.7", REFUSED, ON, {"thinking": {"type": "disabled"}}),
        ("claude-opus-5.5", REFUSED, ON, {}),
        ("claude-opus-4.7", effort(Effort.XHIGH), OFF, {"thinking": ADAPTIVE, "output_config": {"effort": "xhigh"}}),
        ("claude-opus-4.6", effort(Effort.XHIGH), OFF, {"thinking": ADAPTIVE, "output_config": {"effort": "high"}}),
        ("claude-opus-4.6", effort(Effort.MINIMAL), OFF, {"thinking": ADAPTIVE, "output_config": {"effort": "low"}}),
        ("claude-opus-4.7", ThinkingRequest(effort=Effort.LOW), OFF, {"output_config": {"effort": "low"}}),
        ("gpt-5.6-sol", effort(Effort.MAX), OFF, {"reasoning": {"effort": "max"}}),
        ("gpt-5.6-sol", effort(Effort.MINIMAL), OFF, {"reasoning": {"effort": "low"}}),
        ("gpt-5.6-sol", REFUSED, ON, {"reasoning": {"effort": "none"}}),
        ("gpt-5.6-sol", ASKED, OFF, {}),
    ],
)
def test_native_fields_follow_the_models_schema(
    model: str, request_: ThinkingRequest, rules: ThinkingRules, fields: dict[str, Any]
) -> None:
    assert planned(model, request_, rules) == ThinkingPlan(fields)


@pytest.mark.parametrize(("limit", "sent"), [(20, 1024), (32_000, 32_000), (999_999, 64_000)])
def test_the_clients_limit_is_fitted_into_the_schema(limit: int, sent: int) -> None:
    assert planned("claude-opus-4.7", SILENT, limit=limit).fields == {"max_tokens": sent}


def test_a_limit_without_a_field_is_not_sent() -> None:
    assert planned("gpt-5.6-sol", SILENT, limit=100).fields == {}


def test_an_older_schema_with_enabled_thinking_is_served() -> None:
    schema = {"properties": {"thinking": {"properties": {"type": {"enum": ["enabled"]}}}}}
    assert planned(Model("m", "m", fields_schema=schema), ASKED).fields == {"thinking": {"type": "enabled"}}


@pytest.mark.parametrize("schema", [{}, {"properties": None}, {"properties": {"thinking": 1, "max_tokens": {}}}])
def test_an_odd_schema_gives_no_thinking_field(schema: dict[str, Any]) -> None:
    assert "thinking" not in planned(Model("m", "m", fields_schema=schema), ASKED, limit=5).fields


@pytest.mark.parametrize(
    ("request_", "rules", "length"),
    [
        (ASKED, OFF, 4000),
        (SILENT, ON, 4000),
        (SILENT, OFF, None),
        (REFUSED, ON, None),
        (ThinkingRequest(asked=True, budget=2000), OFF, 2000),
        (ThinkingRequest(asked=True, budget=32_000), OFF, 10_000),
        (ThinkingRequest(asked=True, budget=32_000), ThinkingRules(budget_cap=0), 32_000),
        (ThinkingRequest(asked=True, budget=0), OFF, 1),
        (effort(Effort.MINIMAL), OFF, 1000),
        (effort(Effort.MEDIUM), OFF, 4000),
        (effort(Effort.MAX), OFF, 10_000),
        (effort(Effort.HIGH), ThinkingRules(budget_cap=20_000), 16_000),
        (effort(Effort.HIGH), ThinkingRules(budget_cap=0), 8000),
    ],
)
def test_other_models_get_tags_with_a_length(
    request_: ThinkingRequest, rules: ThinkingRules, length: int | None
) -> None:
    tags = f"<thinking_mode>enabled</thinking_mode><max_thinking_length>{length}</max_thinking_length>\n"
    assert planned("claude-sonnet-4.5", request_, rules) == ThinkingPlan({}, tags if length else "")


@pytest.mark.parametrize("row", KNOWN_MODELS, ids=lambda row: row.id)
def test_no_field_is_sent_that_the_models_schema_lacks(row: Any) -> None:
    model = describe(row.id, "client")
    for level in Effort:
        fields = planned(model, effort(level), limit=5000).fields
        assert set(fields) <= set((model.fields_schema or {"properties": {}})["properties"])
