"""Every dialect writes every turn: golden files, and what must hold of any turn at all."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.dialects import DIALECTS
from gateway.dialects.dialect import Dialect
from gateway.errors import GatewayError, Kind
from gateway.events import ArgumentsDelta, Event, Failure, Stop, TextDelta, ThinkingDelta
from gateway.reply import Reply
from tests.dialects.sse_reader import read
from tests.dialects.turns import OPENING, TURNS, turns
from tests.wellformed import check

GOLDEN = Path(__file__).parents[1] / "golden" / "turns"
BODY = {"stream_options": {"include_usage": True}}
EVERY_DIALECT = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)


def stream(dialect: Dialect, events: list[Event], body: dict[str, Any] = BODY) -> bytes:
    encoder = dialect.encoder(body, OPENING)
    return encoder.start() + b"".join(encoder.encode(event) for event in events)


def whole(dialect: Dialect, events: list[Event]) -> dict[str, Any]:
    reply = Reply()
    for event in events:
        reply.add(event)
    return dialect.render(reply, BODY, OPENING)


def said(events: list[Event], kind: type) -> str:
    return "".join(getattr(event, "json", getattr(event, "text", "")) for event in events if isinstance(event, kind))


def found(value: Any, field: str) -> str:
    """All strings under ``field`` anywhere in a JSON value, in order."""
    if isinstance(value, list):
        return "".join(found(item, field) for item in value)
    if not isinstance(value, dict):
        return ""
    own = value[field] if isinstance(value.get(field), str) else ""
    return own + "".join(found(item, field) for item in value.values())


def failure(data: Any) -> dict[str, Any] | None:
    """The error in an event's data, if it tells one."""
    told = data.get("response", data) if isinstance(data, dict) else {}
    return told.get("error")


ENDS = {"message_stop", "response.completed", "response.incomplete"}
FIELDS = {
    "anthropic": (("text", TextDelta), ("thinking", ThinkingDelta), ("partial_json", ArgumentsDelta)),
    "openai_chat": (("content", TextDelta), ("reasoning_content", ThinkingDelta), ("arguments", ArgumentsDelta)),
    "openai_responses": (
        ("response.output_text.delta", TextDelta),
        ("response.reasoning_summary_text.delta", ThinkingDelta),
        ("response.function_call_arguments.delta", ArgumentsDelta),
    ),
}


@pytest.mark.parametrize("name", TURNS)
def test_the_turns_of_this_folder_are_well_formed(name: str) -> None:
    check(TURNS[name])


@EVERY_DIALECT
@pytest.mark.parametrize("name", TURNS)
def test_a_streamed_turn_is_written_as_its_golden_file_says(dialect: Dialect, name: str) -> None:
    assert stream(dialect, TURNS[name]) == (GOLDEN / dialect.name / f"{name}.sse").read_bytes()


@EVERY_DIALECT
@pytest.mark.parametrize("name", [name for name, events in TURNS.items() if isinstance(events[-1], Stop)])
def test_a_whole_turn_is_written_as_its_golden_file_says(dialect: Dialect, name: str) -> None:
    golden = json.loads((GOLDEN / dialect.name / f"{name}.json").read_text(encoding="utf-8"))
    assert whole(dialect, TURNS[name]) == golden


@EVERY_DIALECT
@given(events=turns())
@settings(deadline=None, max_examples=60)
def test_any_turn_arrives_with_all_its_text_in_one_event_a_delta(dialect: Dialect, events: list[Event]) -> None:
    received = read(stream(dialect, events))
    for field, kind in FIELDS[dialect.name]:
        deltas = [data for name, data in received if name == field]
        told = found(deltas, "delta") if deltas else found([data for _, data in received], field)
        assert told == said(events, kind)


@EVERY_DIALECT
@given(events=turns())
@settings(deadline=None, max_examples=40)
def test_any_turn_has_exactly_one_terminal_event_and_it_is_the_last(dialect: Dialect, events: list[Event]) -> None:
    ends = [name in ENDS or data == "[DONE]" for name, data in read(stream(dialect, events))]
    assert ends.count(True) == 1
    assert ends[-1]


@EVERY_DIALECT
@given(events=turns(), cut=st.integers(0, 40))
@settings(deadline=None, max_examples=40)
def test_a_turn_that_breaks_anywhere_ends_with_its_error_alone(dialect: Dialect, events: list[Event], cut: int) -> None:
    broken = [*events[: min(cut, len(events) - 1)], Failure(GatewayError(Kind.UPSTREAM, "The answer broke off."))]
    received = read(stream(dialect, broken))
    assert (failure(received[-1][1]) or {})["message"] == "The answer broke off."
    assert not any(name in ENDS or data == "[DONE]" for name, data in received)
    assert sum(1 for _, data in received if failure(data)) == 1


@EVERY_DIALECT
def test_a_ping_between_any_two_events_changes_nothing(dialect: Dialect) -> None:
    encoder = dialect.encoder(BODY, OPENING)
    pinged = encoder.start() + b"".join(encoder.ping() + encoder.encode(event) for event in TURNS["two_calls"])
    plain = [data for name, data in read(pinged) if name != "ping"]
    assert plain == [data for name, data in read(stream(dialect, TURNS["two_calls"])) if name != "ping"]


@EVERY_DIALECT
@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_error_has_its_status_and_shape(dialect: Dialect, kind: Kind) -> None:
    status, body = dialect.error(GatewayError(kind, "Words for the client."), "req_1")
    assert 400 <= status <= 599
    assert "Words for the client." in body["error"]["message"]
    assert body["error"]["type"]


@EVERY_DIALECT
def test_an_error_with_a_status_of_its_own_keeps_it(dialect: Dialect) -> None:
    assert dialect.error(GatewayError(Kind.INVALID_REQUEST, "No.", status=415), "req_1")[0] == 415


def test_the_dialects_have_names_and_routes_of_their_own() -> None:
    assert len({dialect.name for dialect in DIALECTS}) == len(DIALECTS)
    routes = [route for dialect in DIALECTS for route in dialect.routes]
    assert len(set(routes)) == len(routes)
