"""What Kiro has no member for, shown by Anthropic's own SDK, streamed and whole."""

import json
from typing import Any

import anthropic
import pytest
from pydantic import BaseModel

from tests.e2e.conftest import Rig
from tests.e2e.honoured import LONG, call_frames, sent_text, text_frames

MODEL = "claude-sonnet-4.5"
HELLO = [{"role": "user", "content": "Say hello."}]
STREAMED = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
TOOLS = [
    {"name": name, "description": name, "input_schema": {"type": "object", "properties": {}}}
    for name in ("look_up", "write_down")
]


class City(BaseModel):
    name: str
    people: int


def ask(client: anthropic.Anthropic, *, streamed: bool, **fields: Any) -> anthropic.types.Message:
    options = {"model": MODEL, "max_tokens": 500, "messages": HELLO, **fields}
    if not streamed:
        return client.messages.create(**options)
    with client.messages.stream(**options) as stream:
        return stream.get_final_message()


def text_of(message: anthropic.types.Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


@STREAMED
def test_a_stop_sequence_over_delta_borders_cuts_the_text(
    rig: Rig, claude: anthropic.Anthropic, streamed: bool
) -> None:
    rig.simulator.push({"frames": text_frames("one <", "st", "op> two")})
    message = ask(claude, streamed=streamed, stop_sequences=["never", "<stop>"])
    assert (text_of(message), message.stop_reason, message.stop_sequence) == ("one ", "stop_sequence", "<stop>")
    assert message.usage.input_tokens > 0 and message.usage.output_tokens > 0


@STREAMED
def test_the_cut_closes_the_upstream_at_once(rig: Rig, claude: anthropic.Anthropic, streamed: bool) -> None:
    first, *rest = text_frames("one <stop>", "two", "three")
    rig.simulator.push({"frames": [first, *({**frame, "gate": "never"} for frame in rest)]})
    assert text_of(ask(claude, streamed=streamed, stop_sequences=["<stop>"])) == "one "
    rig.simulator.wait("client_left")


@STREAMED
def test_max_tokens_cuts_a_long_answer_only(rig: Rig, claude: anthropic.Anthropic, streamed: bool) -> None:
    rig.simulator.push({"frames": text_frames(*LONG)}, {"frames": text_frames(*LONG)})
    cut = ask(claude, streamed=streamed, max_tokens=100)
    assert cut.stop_reason == "max_tokens" and "".join(LONG).startswith(text_of(cut))
    assert 125 <= cut.usage.output_tokens <= 140
    whole = ask(claude, streamed=streamed, max_tokens=5000)
    assert (whole.stop_reason, text_of(whole)) == ("end_turn", "".join(LONG))


@STREAMED
@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "look_up"}])
def test_a_demanded_tool_is_called(
    rig: Rig, claude: anthropic.Anthropic, streamed: bool, choice: dict[str, str]
) -> None:
    message = ask(claude, streamed=streamed, tools=TOOLS, tool_choice=choice)
    assert message.stop_reason == "tool_use" and message.content[-1].name == "look_up"
    current = rig.simulator.requests()[-1]["body"]["conversationState"]["currentMessage"]["userInputMessage"]
    assert len(current["userInputMessageContext"]["tools"]) == (2 if choice["type"] == "any" else 1)


@STREAMED
@pytest.mark.parametrize(("choice", "called"), [("none", False), ("auto", True)])
def test_none_offers_no_tool_and_auto_says_nothing(
    rig: Rig, claude: anthropic.Anthropic, streamed: bool, choice: str, called: bool
) -> None:
    prompt = [{"role": "user", "content": "Please look_up this"}]
    message = ask(claude, streamed=streamed, tools=TOOLS, messages=prompt, tool_choice={"type": choice})
    assert (message.stop_reason == "tool_use") is called
    assert sent_text(rig) == "Please look_up this"


def test_an_answer_without_the_demanded_call_says_so_in_a_header(rig: Rig, claude: anthropic.Anthropic) -> None:
    rig.simulator.push({"frames": text_frames("I will not.")})
    raw = claude.messages.with_raw_response.create(
        model=MODEL, max_tokens=500, messages=HELLO, tools=TOOLS, tool_choice={"type": "any"}
    )
    assert raw.headers["x-kiro-gateway-unmet"] == "tool_choice"
    assert text_of(raw.parse()) == "I will not."


@STREAMED
def test_one_call_at_a_time_is_one_call(rig: Rig, claude: anthropic.Anthropic, streamed: bool) -> None:
    frames = [*call_frames("look_up", "first"), *call_frames("write_down", "second")]
    rig.simulator.push({"frames": [*frames, *text_frames()]})
    one = {"type": "auto", "disable_parallel_tool_use": True}
    message = ask(claude, streamed=streamed, tools=TOOLS, tool_choice=one)
    assert [block.id for block in message.content if block.type == "tool_use"] == ["first"]
    assert message.stop_reason == "tool_use"


def test_structured_output_is_parsed_by_the_sdk(rig: Rig, claude: anthropic.Anthropic) -> None:
    rig.simulator.push({"frames": text_frames("```json\n", '{"name": "Ulm", ', '"people": 126000}\n', "```")})
    message = claude.messages.parse(model=MODEL, max_tokens=500, messages=HELLO, output_format=City)
    assert message.parsed_output == City(name="Ulm", people=126_000)
    assert "<json_schema>" in sent_text(rig)


def test_the_simulator_answers_by_the_schema_it_is_given(claude: anthropic.Anthropic) -> None:
    message = claude.messages.parse(
        model=MODEL, max_tokens=500, messages=[{"role": "user", "content": "name=Ulm people=3"}], output_format=City
    )
    assert message.parsed_output == City(name="Ulm", people=3)


@pytest.mark.parametrize("field", ["output_config", "output_format"])
def test_both_spellings_stream_the_json(rig: Rig, claude: anthropic.Anthropic, field: str) -> None:
    rig.simulator.push({"frames": text_frames('{"name": "Ulm",', '"people": 1}')})
    wanted = {"type": "json_schema", "schema": City.model_json_schema()}
    extra = {field: wanted if field == "output_format" else {"format": wanted}}
    with claude.messages.stream(model=MODEL, max_tokens=500, messages=HELLO, extra_body=extra) as stream:
        assert json.loads("".join(stream.text_stream)) == {"name": "Ulm", "people": 1}


@STREAMED
def test_an_answer_that_does_not_fit_is_an_error(rig: Rig, claude: anthropic.Anthropic, streamed: bool) -> None:
    rig.simulator.push({"frames": text_frames('{"name": "Ulm"}')})
    wanted = {"format": {"type": "json_schema", "schema": City.model_json_schema()}}
    with pytest.raises(anthropic.APIError, match=r"\$ is not valid by 'required'"):
        ask(claude, streamed=streamed, output_config=wanted)
    assert len(rig.simulator.requests()) == 1


def test_a_schema_that_is_none_is_refused_before_anything_is_sent(rig: Rig, claude: anthropic.Anthropic) -> None:
    wanted = {"format": {"type": "json_schema", "schema": {"type": "objekt"}}}
    with pytest.raises(anthropic.BadRequestError, match=r"output_config\.format\.schema"):
        ask(claude, streamed=False, output_config=wanted)
    assert rig.simulator.requests() == []
