"""What Kiro has no member for, shown by OpenAI's own SDK, streamed and whole."""

import json
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletion
from pydantic import BaseModel

from tests.e2e.conftest import Rig
from tests.e2e.honoured import LONG, call_frames, sent_text, text_frames

MODEL = "claude-sonnet-4.5"
HELLO = [{"role": "user", "content": "Say hello."}]
STREAMED = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
    for name in ("look_up", "write_down")
]
NAMED = {"type": "function", "function": {"name": "look_up"}}


class City(BaseModel):
    name: str
    people: int


def ask(client: openai.OpenAI, *, streamed: bool, **fields: Any) -> ChatCompletion:
    options = {"model": MODEL, "messages": HELLO, **fields}
    if not streamed:
        return client.chat.completions.create(**options)
    with client.chat.completions.stream(**options, stream_options={"include_usage": True}) as stream:
        for _ in stream:
            pass
        return stream.get_final_completion()


@STREAMED
@pytest.mark.parametrize("stop", ["<stop>", ["never", "<stop>"]])
def test_a_stop_sequence_over_delta_borders_cuts_the_text(
    rig: Rig, gpt: openai.OpenAI, streamed: bool, stop: Any
) -> None:
    rig.simulator.push({"frames": text_frames("one <", "st", "op> two")})
    answer = ask(gpt, streamed=streamed, stop=stop)
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("one ", "stop")
    assert answer.usage is not None and answer.usage.completion_tokens > 0


@STREAMED
def test_the_cut_closes_the_upstream_at_once(rig: Rig, gpt: openai.OpenAI, streamed: bool) -> None:
    first, *rest = text_frames("one <stop>", "two", "three")
    rig.simulator.push({"frames": [first, *({**frame, "gate": "never"} for frame in rest)]})
    assert ask(gpt, streamed=streamed, stop="<stop>").choices[0].message.content == "one "
    rig.simulator.wait("client_left")


@STREAMED
@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_both_spellings_of_the_limit_cut_a_long_answer(
    rig: Rig, gpt: openai.OpenAI, streamed: bool, field: str
) -> None:
    if streamed:  # the SDK's helper takes a limited stream for an error
        rig.simulator.push({"frames": text_frames(*LONG)})
        chunks = list(gpt.chat.completions.create(model=MODEL, messages=HELLO, stream=True, **{field: 100}))
        assert [chunk.choices[0].finish_reason for chunk in chunks][-1] == "length"
        return
    rig.simulator.push({"frames": text_frames(*LONG)})
    answer = ask(gpt, streamed=False, **{field: 100})
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage is not None and 125 <= answer.usage.completion_tokens <= 140


@STREAMED
@pytest.mark.parametrize(("choice", "offered"), [("required", 2), (NAMED, 1)], ids=["required", "named"])
def test_a_demanded_tool_is_called(rig: Rig, gpt: openai.OpenAI, streamed: bool, choice: Any, offered: int) -> None:
    choices = ask(gpt, streamed=streamed, tools=TOOLS, tool_choice=choice).choices
    assert choices[0].finish_reason == "tool_calls" and choices[0].message.tool_calls is not None
    assert choices[0].message.tool_calls[0].function.name == "look_up"
    current = rig.simulator.requests()[-1]["body"]["conversationState"]["currentMessage"]["userInputMessage"]
    assert len(current["userInputMessageContext"]["tools"]) == offered


@STREAMED
@pytest.mark.parametrize(("choice", "reason"), [("none", "stop"), ("auto", "tool_calls")])
def test_none_offers_no_tool_and_auto_says_nothing(
    rig: Rig, gpt: openai.OpenAI, streamed: bool, choice: str, reason: str
) -> None:
    prompt = [{"role": "user", "content": "Please look_up this"}]
    answer = ask(gpt, streamed=streamed, tools=TOOLS, messages=prompt, tool_choice=choice, reasoning_effort="none")
    assert answer.choices[0].finish_reason == reason
    assert sent_text(rig) == "Please look_up this"


@STREAMED
def test_one_call_at_a_time_is_one_call(rig: Rig, gpt: openai.OpenAI, streamed: bool) -> None:
    frames = [*call_frames("look_up", "first"), *call_frames("write_down", "second")]
    rig.simulator.push({"frames": [*frames, *text_frames()]})
    choice = ask(gpt, streamed=streamed, tools=TOOLS, parallel_tool_calls=False).choices[0]
    assert [call.id for call in choice.message.tool_calls or ()] == ["first"]
    assert choice.finish_reason == "tool_calls"


def test_structured_output_is_parsed_by_the_sdk(rig: Rig, gpt: openai.OpenAI) -> None:
    rig.simulator.push({"frames": text_frames("```json\n", '{"name": "Ulm", ', '"people": 126000}\n', "```")})
    answer = gpt.chat.completions.parse(model=MODEL, messages=HELLO, response_format=City)
    assert answer.choices[0].message.parsed == City(name="Ulm", people=126_000)


def test_structured_output_streams_and_is_parsed(rig: Rig, gpt: openai.OpenAI) -> None:
    rig.simulator.push({"frames": text_frames("```json\n", '{"name": "Ulm", ', '"people": 126000}\n', "```")})
    with gpt.chat.completions.stream(model=MODEL, messages=HELLO, response_format=City) as stream:
        for _ in stream:
            pass
        assert stream.get_final_completion().choices[0].message.parsed == City(name="Ulm", people=126_000)


@STREAMED
def test_any_object_is_an_object(rig: Rig, gpt: openai.OpenAI, streamed: bool) -> None:
    rig.simulator.push({"frames": text_frames('{"a"', ": [1]}")}, {"frames": text_frames("[1]")})
    wanted = {"type": "json_object"}
    content = ask(gpt, streamed=streamed, response_format=wanted).choices[0].message.content
    assert json.loads(content or "") == {"a": [1]}
    with pytest.raises(openai.APIError, match="not a JSON object"):
        ask(gpt, streamed=streamed, response_format=wanted)


def test_the_simulator_answers_by_the_schema_it_is_given(gpt: openai.OpenAI) -> None:
    prompt = [{"role": "user", "content": "name=Ulm people=3"}]
    answer = gpt.chat.completions.parse(model=MODEL, messages=prompt, response_format=City)
    assert answer.choices[0].message.parsed == City(name="Ulm", people=3)


def test_more_than_one_choice_is_refused(gpt: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="Only one choice"):
        gpt.chat.completions.create(model=MODEL, messages=HELLO, n=2)
