"""R37, R38, R39: what Kiro said, in its order and to the letter; no call it did not make; one end and one only."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.dialects import DIALECTS
from gateway.dialects.dialect import Dialect
from gateway.events import Event, Failure
from gateway.reply import Reply
from gateway.simulator.server import Simulator
from tests.corpus import STREAMS, answer, events
from tests.corpus.frames import event
from tests.dialects.turns import OPENING
from tests.faults.forms import FORMS, Form
from tests.faults.kiro import END, call, said
from tests.live import Live
from tests.wellformed import check

SIGNALS = [event(frame["event"], frame["payload"]) for frame in END]
TEXTS = [
    "",
    "ha",
    "ha",
    "\n",
    "😀",
    "\ud83d",
    "\ude00",
    "<thinking>",
    '{"content":"x"}',
    "data: [DONE]\n\n",
    "\u2028\x00\ufeff",
    "[Called f with args: {}]",
]
pieces = st.lists(st.one_of(st.sampled_from(TEXTS), st.text(max_size=6)), min_size=1, max_size=12)
DIALECT = {"anthropic": "anthropic", "openai": "openai_chat"}


def dialect_of(form: Form) -> Dialect:
    return next(row for row in DIALECTS if row.name == DIALECT[form.api])


def written(form: Form, found: list[Event]) -> bytes:
    """The bytes that the form's client gets for these events."""
    dialect, body = dialect_of(form), form.body()
    if form.stream:
        encoder = dialect.encoder(body, OPENING)
        return encoder.start() + b"".join(encoder.encode(one) for one in found)
    reply = Reply()
    for one in found:
        reply.add(one)
    return json.dumps(dialect.render(reply, body, OPENING)).encode()


def outcome(form: Form, found: list[Event]) -> Any:
    kind = "text/event-stream" if form.stream else "application/json"
    return form.read(200, {"content-type": kind}, written(form, found))


def whole(texts: list[str]) -> str:
    """What they say together: halves of surrogate pairs that meet are one character, those that do not are U+FFFD."""
    return "".join(texts).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def chunks(body: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
    return [body[begin:end] for begin, end in pairwise(at)]


@given(texts=pieces, cuts=st.lists(st.integers(0, 4000), max_size=8))
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_r37_the_deltas_joined_are_kiros_own_however_they_came(form: Form, texts: list[str], cuts: list[int]) -> None:
    body = b"".join([*(event("assistantResponseEvent", {"content": text}) for text in texts), *SIGNALS])
    decoder = answer(STREAMS["text"])
    found = [one for chunk in chunks(body, cuts) for one in decoder.feed(chunk)] + decoder.finish()
    check(found)
    if whole(texts):
        assert outcome(form, found).text == whole(texts)
    else:
        assert isinstance(found[-1], Failure)


@given(fragments=st.lists(st.text(max_size=5), max_size=6), cuts=st.lists(st.integers(0, 3000), max_size=6))
@settings(deadline=None, max_examples=100)
def test_r38_arguments_are_kiros_own_to_the_letter(form: Form, fragments: list[str], cuts: list[int]) -> None:
    arguments = json.dumps({"a": fragments}, ensure_ascii=False)
    parts = [part.decode("utf-8", "ignore") for part in [arguments.encode()]] if not cuts else split(arguments, cuts)
    frames = [event(frame["event"], frame["payload"]) for frame in call("f", "t1", *parts)]
    found = events(STREAMS["text"], [b"".join([*frames, *SIGNALS])])
    [[_, name, told]] = outcome(form, found).calls
    assert name == "f"
    assert told == ({"a": fragments} if form == Form("anthropic", stream=False) else arguments)


def split(text: str, cuts: list[int]) -> list[str]:
    at = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[begin:end] for begin, end in pairwise(at)]


LOOKS_LIKE_CALLS = [
    '[Called read with args: {"path": "a"}]',
    '[{"name": "read", "arguments": {"path": "a"}}]',
    '<invoke name="read"><parameter name="path">a</parameter></invoke>',
    '<tool_call>{"name": "read", "arguments": {}}</tool_call>',
    '```json\n{"toolUseId": "t1", "name": "read", "input": "{}", "stop": true}\n```',
    "assistant to=functions.read <|channel|>commentary<|message|>{}",
]
READ = {"name": "read", "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}}}
READ_FUNCTION = {"type": "function", "function": {"name": "read", "parameters": READ["input_schema"]}}


@pytest.mark.parametrize("text", LOOKS_LIKE_CALLS)
async def test_r38_text_that_looks_like_a_call_is_text(live: Live, simulator: Simulator, form: Form, text: str) -> None:
    simulator.push({"frames": [*(said(letter) for letter in text[:8]), said(text[8:]), *END]})
    outcome = await form.ask(live, tools=[READ if form.api == "anthropic" else READ_FUNCTION])
    assert (outcome.text, outcome.calls, outcome.error) == (text, [], None)
    assert outcome.stop in ("end_turn", "stop")


@pytest.mark.parametrize("stop", [True, False])
async def test_r38_arguments_that_did_not_come_whole_are_never_taken_for_an_empty_object(
    live: Live, simulator: Simulator, form: Form, stop: bool
) -> None:
    simulator.push({"frames": [*call("read", "t1", '{"path": "a', stop=stop), *END]})
    outcome = await form.ask(live)
    assert outcome.stop in ("max_tokens", "length")
    expected = [] if form == Form("anthropic", stream=False) else [["t1", "read", '{"path": "a']]
    assert outcome.calls == expected  # what is no JSON cannot stand in Anthropic's whole answer


async def test_r38_arguments_that_are_no_object_are_never_taken_for_an_empty_one(
    live: Live, simulator: Simulator, form: Form
) -> None:
    payload = {"input": ["a"], "name": "read", "stop": True, "toolUseId": "t1"}
    simulator.push({"frames": [{"event": "toolUseEvent", "payload": payload}, *END]})
    outcome = await form.ask(live)
    assert outcome.stop in ("max_tokens", "length")
    assert outcome.calls == ([] if form == Form("anthropic", stream=False) else [["t1", "read", '["a"]']])


async def test_r38_a_call_that_is_cut_off_with_the_stream_is_an_error(
    live: Live, simulator: Simulator, form: Form
) -> None:
    simulator.push({"frames": call("read", "t1", '{"path": "a', stop=False)})
    outcome = await form.ask(live)
    assert outcome.error is not None


async def test_r38_two_calls_that_interleave_come_one_after_the_other(
    live: Live, simulator: Simulator, form: Form
) -> None:
    first, second = call("read", "t1", '{"pa', 'th": 1}'), call("list", "t2", '{"d": ', "2}")
    mixed = [frame for pair in zip(first, second, strict=True) for frame in pair]
    simulator.push({"frames": [*mixed, *END]})
    calls = [
        (id, name, json.loads(told) if isinstance(told, str) else told)
        for id, name, told in (await form.ask(live)).calls
    ]
    assert calls == [("t1", "read", {"path": 1}), ("t2", "list", {"d": 2})]


@pytest.mark.parametrize("name", STREAMS)
def test_r39_every_stream_of_the_corpus_has_one_end_in_every_form(name: str) -> None:
    found = events(STREAMS[name])
    for form in FORMS:
        if form.stream or not isinstance(found[-1], Failure):
            told = outcome(form, found)
            assert (told.error is not None) is isinstance(found[-1], Failure)


@pytest.mark.parametrize("name", ["text", "full order", "five tools", "redacted reasoning", "interleaved tools"])
def test_r39_an_answer_that_breaks_at_any_byte_has_one_end(name: str) -> None:
    stream = STREAMS[name]
    for at in range(0, len(stream.body), 7):
        decoder = answer(stream)
        found = decoder.feed(stream.body[:at])
        found += decoder.finish(delimited=False)
        check(found)
        for form in FORMS[::2]:
            outcome(form, found)


async def test_r39_nothing_is_sent_after_the_end(live: Live, simulator: Simulator, form: Form) -> None:
    late = [said("late"), *call("late", "t9", "{}"), {"exception": "InternalServerException", "message": "late"}]
    fatal = {"exception": "InternalServerException", "message": "x"}
    simulator.push({"frames": [said("Hello"), fatal, *late]})
    outcome = await form.ask(live)
    assert outcome.error is not None and (outcome.text, outcome.calls) == ("Hello" if form.stream else "", [])


async def test_r39_an_answer_without_figures_has_counted_usage(live: Live, simulator: Simulator, form: Form) -> None:
    stop = {"event": "metadataEvent", "payload": {"stopReason": "end_turn"}}
    simulator.push({"frames": [said("Hello"), stop]})
    outcome = await form.ask(live)
    assert outcome.usage is not None
    assert all(outcome.usage[key] > 0 for key in outcome.usage.keys() & {"output_tokens", "completion_tokens"})
