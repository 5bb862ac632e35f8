"""Answers that must be JSON: what passes, what fails, and what is said of it."""

from typing import Any

import pytest

from gateway.conversation import OutputFormat
from gateway.errors import GatewayError, Kind
from gateway.events import Event, Failure, Stop, StopReason
from gateway.honour.json_text import JsonText, complaint
from gateway.honour.unmet import Unmet
from tests.honour.turns import END, call, ended, passed, said, text, thinking

PERSON: dict[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"$ref": "#/$defs/age"}},
    "required": ["name"],
    "additionalProperties": False,
    "$defs": {"age": {"type": "integer", "minimum": 0}},
}


def judged(events: list[Event], schema: dict[str, Any] | None = PERSON) -> list[Event]:
    return passed(JsonText(OutputFormat(schema)), events)


def failure(events: list[Event]) -> Unmet:
    assert isinstance(events[-1], Failure) and isinstance(events[-1].error, Unmet)
    return events[-1].error


@pytest.mark.parametrize(
    "pieces",
    [['{"name": "Ada"', ', "age": 36}'], ["```json\n", '{"name": ', '"Ada"}', "\n``", "`"], [' {"name":"\\ud83d"} ']],
)
def test_json_that_fits_passes_without_its_fence(pieces: list[str]) -> None:
    events = judged(ended(thinking(0, "no JSON here"), text(1, *pieces)))
    assert events[-1] == END
    assert complaint(said(events), PERSON) is None


@pytest.mark.parametrize(
    ("whole", "words"),
    [
        ('{"age": 3}', "$ is not valid by 'required'"),
        ('{"name": "Ada", "age": -1}', "$.age is not valid by 'minimum'"),
        ('{"name": "Ada", "x": 1}', "$ is not valid by 'additionalProperties'"),
        ("[]", "$ is not valid by 'type'"),
        ("Sure! {}", "it is not JSON"),
        ('{"name": "Ada"', "it is not JSON"),
        ("", "it is not JSON"),
    ],
)
def test_a_turn_with_other_text_ends_as_a_failure_that_says_why(whole: str, words: str) -> None:
    events = judged(ended(text(0, whole)))
    error = failure(events)
    assert words in error.message and "Ada" not in error.message
    assert (error.kind, error.should_retry, error.said) == (Kind.UPSTREAM, False, whole)
    assert said(events) == whole


def test_any_object_will_do_without_a_schema_and_nothing_else() -> None:
    assert judged(ended(text(0, '{"anything": [1]}')), None)[-1] == END
    assert "not a JSON object" in failure(judged(ended(text(0, "[1]")), None)).message


def test_the_model_is_told_more_than_the_client() -> None:
    error = failure(judged(ended(text(0, '{"name": 5}'))))
    assert error.correction == "At $.name: 5 is not of type 'string'"


@pytest.mark.parametrize(
    "reason", [StopReason.MAX_TOKENS, StopReason.TOOL_USE, StopReason.REFUSAL, StopReason.STOP_SEQUENCE]
)
def test_only_an_answer_that_ended_by_itself_is_judged(reason: StopReason) -> None:
    events = ended(text(0, "not JSON"), call(1, "read", "{}"), stop=Stop(reason))
    assert judged(events) == events


def test_a_failure_of_kiro_stays_and_what_waited_is_said_before_it() -> None:
    broken = Failure(GatewayError(Kind.UPSTREAM, "cut"))
    events = judged([*text(0, "```")[:-1], broken])
    assert (said(events), events[-1]) == ("```", broken)


@pytest.mark.parametrize("schema", [{"$ref": "#/$defs/none"}, {"$ref": "#"}, {"pattern": "("}])
def test_a_schema_that_cannot_be_applied_fails_the_answer(schema: dict[str, Any]) -> None:
    assert "cannot be applied" in failure(judged(ended(text(0, '"x"')), schema)).message


def test_a_large_value_is_not_repeated_to_the_model() -> None:
    found = complaint('["' + "x" * 10_000 + '"]', {"items": {"type": "integer"}})
    assert found is not None and len(found[1]) == 500
