"""What a refusal without a reason is explained by: number, name, path and cure of each broken rule."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.kiro.explanation import LARGEST, NOTHING_FOUND, SHOWN, TOO_LARGE, describe, explain, explain_body
from gateway.kiro.rules import RULES
from tests.kiro.breaches import BREACHES, GIVEN, PERMITTED, breach, talk

SAMPLES = json.loads((Path(__file__).parent / "samples" / "requests.json").read_text(encoding="utf-8"))
RULE = {rule.name: rule for rule in RULES}


@pytest.mark.parametrize(("name", "path", "change"), BREACHES, ids=[f"{row[0]}-{i}" for i, row in enumerate(BREACHES)])
def test_a_body_that_breaks_one_rule_gives_its_number_and_path_and_no_other(name: str, path: str, change: Any) -> None:
    found = explain(breach(change), **GIVEN)
    assert [(item.number, item.name, item.path) for item in found.broken] == [(RULE[name].number, name, path)]
    assert found.proven is RULE[name].on
    assert f"rule {RULE[name].number} ({name})" in found.message
    assert path in found.message


@pytest.mark.parametrize("body", [talk(), *SAMPLES.values()])
def test_a_valid_body_breaks_no_known_rule(body: Any) -> None:
    assert explain(body).message == NOTHING_FOUND
    assert "No known rule is broken" in NOTHING_FOUND and "DEBUG_MODE=errors" in NOTHING_FOUND


@pytest.mark.parametrize("change", PERMITTED)
def test_what_was_seen_to_pass_is_at_most_a_suspect(change: Any) -> None:
    assert not (explain(breach(change), **GIVEN).broken and explain(breach(change), **GIVEN).proven)


def test_two_broken_rules_are_both_told() -> None:
    body = breach({"profileArn": None, "conversationState.chatTriggerType": "AUTO"})
    told = explain(body).message
    assert "rule 1 (chat-trigger) at conversationState.chatTriggerType: send MANUAL" in told
    assert "rule 34 (null-member) at profileArn: leave a member out" in told


def test_a_proven_rule_hides_the_suspects() -> None:
    body = breach({"conversationState.history[0].userInputMessage.content": "a" * 620_000})
    assert [item.number for item in explain(body).broken] == [28]


def test_a_body_near_the_known_sizes_is_explained_by_its_size() -> None:
    content = "conversationState.currentMessage.userInputMessage.content"
    history = "conversationState.history[0].userInputMessage.content"
    large = explain(breach({content: "a" * 599_000, history: "b" * 20_000}))
    heavy = explain(breach({content: "語" * 168_000}))
    assert "the cause may be rule 31 (payload-bytes): the body has" in large.message
    assert "more than 615000 were refused once" in large.message
    assert "breaks rule 31 (payload-weight): the texts weigh 1344" in heavy.message
    assert "beyond ASCII weighs 8" in heavy.message


def test_many_findings_are_counted_and_not_all_told() -> None:
    names = {f"conversationState.history[{n}].assistantResponseMessage.toolUses[0].name": "" for n in (1, 3)}
    tools = [{"toolSpecification": {"name": "."}} for _ in range(4)]
    body = breach(names | {"conversationState.currentMessage.userInputMessage.userInputMessageContext.tools": tools})
    found = explain(body)
    assert found.message.count("rule ") == SHOWN
    assert found.message.endswith(f"; and {len(found.broken) - SHOWN} more.")


def test_a_path_through_a_clients_names_stays_on_one_line_and_short() -> None:
    schema = "conversationState.currentMessage.userInputMessage.userInputMessageContext.tools[0].toolSpecification"
    body = breach({f"{schema}.inputSchema.json": {"type": "object", "properties": {"a\n\x1b" + "b" * 500: None}}})
    told = describe(explain(body).broken[0])
    assert told.isprintable() and len(told) < 400


@pytest.mark.parametrize("body", [b"", b"[]", b"not json", b"\xff", b"null"])
def test_bytes_of_any_kind_give_an_explanation(body: bytes) -> None:
    assert explain_body(body).message


def test_a_body_too_large_to_look_into_says_so() -> None:
    largest = b'{"a":"' + b"x" * (LARGEST - 8) + b'"}'
    assert explain_body(largest).message != TOO_LARGE
    assert explain_body(largest + b" ").message == TOO_LARGE
