"""Each rule has a hand-written body that breaks it alone; the observed requests break none."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.kiro.rules import RULES, check
from tests.kiro.breaches import BREACHES, GIVEN, MODELS, PERMITTED, breach, talk

SAMPLES = json.loads((Path(__file__).parent / "samples" / "requests.json").read_text(encoding="utf-8"))
OFF_BY_DEFAULT = {"tool-count", "payload-bytes", "server-tool"}


@pytest.mark.parametrize("name", SAMPLES)
def test_an_observed_request_breaks_no_rule(name: str) -> None:
    assert check(SAMPLES[name]) == []


def test_the_body_that_all_breaches_start_from_breaks_no_rule() -> None:
    assert check(talk(), **GIVEN) == []


@pytest.mark.parametrize(("name", "path", "change"), BREACHES, ids=[f"{row[0]}-{i}" for i, row in enumerate(BREACHES)])
def test_a_breach_is_found_alone_and_at_its_place(name: str, path: str, change: Any) -> None:
    found = check(breach(change), on=OFF_BY_DEFAULT & {name}, **GIVEN)
    assert [(violation.name, violation.path) for violation in found] == [(name, path)]


def test_every_rule_has_a_breach() -> None:
    assert {name for name, _, _ in BREACHES} == {rule.name for rule in RULES}


@pytest.mark.parametrize("change", PERMITTED)
def test_what_was_seen_to_pass_passes(change: Any) -> None:
    assert check(breach(change), **GIVEN) == []


@pytest.mark.parametrize(("name", "path", "change"), BREACHES)
def test_a_rule_can_be_switched_off_by_name(name: str, path: str, change: Any) -> None:
    assert check(breach(change), off={name}, on=OFF_BY_DEFAULT & {name}, **GIVEN) == []


def test_two_breaches_are_both_found_in_the_order_of_the_rules() -> None:
    body = talk()
    body["profileArn"] = None
    body["conversationState"]["chatTriggerType"] = "AUTO"
    assert [(found.number, found.path) for found in check(body)] == [
        (1, "conversationState.chatTriggerType"),
        (34, "profileArn"),
    ]


def test_the_rules_stand_by_number_and_under_names_of_their_own() -> None:
    numbers = [rule.number for rule in RULES]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(1, 39)) - {25}
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_what_nothing_proves_to_be_refused_is_off() -> None:
    assert {rule.name for rule in RULES if not rule.on} == OFF_BY_DEFAULT


def test_every_rule_names_its_evidence_and_its_trust() -> None:
    assert all(rule.evidence.endswith(("High.", "Medium.", "Low.")) for rule in RULES)


@pytest.mark.parametrize(
    ("rule", "message", "reason"),
    [
        ("alternation", "Improperly formed request.", "REQUEST_BODY_INVALID"),
        ("payload-weight", "Input is too long.", "CONTENT_LENGTH_EXCEEDS_THRESHOLD"),
        ("payload-tokens", "Input is too long.", "CONTENT_LENGTH_EXCEEDS_THRESHOLD"),
        ("unknown-model", "Invalid model. Please select a different model to continue.", "INVALID_MODEL_ID"),
        (
            "model-fields",
            "Invalid additionalModelRequestFields: property 'reasoning' is not defined in the schema",
            None,
        ),
    ],
)
def test_a_breach_earns_kiros_own_answer(rule: str, message: str, reason: str | None) -> None:
    change = next(change for name, _, change in BREACHES if name == rule)
    (found,) = check(breach(change), **GIVEN)
    assert (found.answer.message, found.answer.reason) == (message, reason)


def test_models_and_windows_are_judged_only_when_they_are_known() -> None:
    body = talk()
    body["conversationState"]["currentMessage"]["userInputMessage"]["modelId"] = "never-heard-of"
    body["additionalModelRequestFields"] = {"reasoning": {"effort": "high"}}
    assert check(body) == []
    assert [found.number for found in check(body, known_models=list(MODELS))] == [32]


def test_a_weight_that_was_seen_to_pass_passes_and_one_that_failed_fails() -> None:
    def weighed(text: str) -> list[str]:
        body = {"conversationState": deepcopy(SAMPLES["minimal_ide"]["conversationState"])}
        body["conversationState"]["currentMessage"]["userInputMessage"]["content"] = text
        return [found.name for found in check(body, off={"user-length"})]

    assert weighed("a" * 1_280_000) == weighed("語" * 165_000) == []
    assert weighed("a" * 1_361_920) == weighed("語" * 170_000) == ["payload-weight"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)


@settings(deadline=None)
@given(st.data())
def test_no_types_make_it_raise(data: st.DataObject) -> None:
    body = talk()
    for _ in range(data.draw(st.integers(1, 4))):
        spoil(body, data)
    check(body, on=OFF_BY_DEFAULT, **GIVEN)


def spoil(body: dict[str, Any], data: st.DataObject) -> None:
    """Put any JSON in the place of something in the body."""
    holder: Any = body
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if not isinstance(holder[key], dict | list) or data.draw(st.integers(0, 4)) == 0:
            holder[key] = data.draw(JSON)
            return
        holder = holder[key]


@settings(deadline=None)
@given(JSON)
def test_no_payload_makes_it_raise(payload: Any) -> None:
    check(payload, on=OFF_BY_DEFAULT, **GIVEN)
