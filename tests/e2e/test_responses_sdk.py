"""The official OpenAI SDK on the Responses API, against the gateway process with the simulator behind it over TLS."""

import json
import urllib.error
import urllib.request
from typing import Any

import openai
import pytest
from openai.types.responses import Response
from pydantic import BaseModel

from gateway.kiro.recovery import NOTICE
from tests.e2e.conftest import Rig
from tests.processes import KEY

MODEL = "claude-sonnet-4.5"
NATIVE = "claude-opus-4-7"
PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
READ_FILE: Any = {
    "type": "function",
    "name": "read_file",
    "description": "Read a file",
    "parameters": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
    "strict": False,
}
GRAMMAR = {"type": "grammar", "syntax": "lark", "definition": "start: /.+/s"}
APPLY_PATCH: Any = {"type": "custom", "name": "apply_patch", "description": "Edit files", "format": GRAMMAR}
EXEC: Any = {"type": "custom", "name": "exec", "description": "Run JavaScript"}
CUT = [
    {"event": "assistantResponseEvent", "payload": {"content": "half"}},
    {"exception": "InternalServerException", "message": "boom"},
]


def sent(rig: Rig) -> dict[str, Any]:
    state: dict[str, Any] = rig.simulator.requests()[-1]["body"]["conversationState"]
    return state


def test_a_whole_answer_has_text_usage_and_the_sdks_own_shape(gpt: openai.OpenAI) -> None:
    answer = gpt.responses.create(model=MODEL, input="Say hello.", reasoning={"effort": "none"})
    assert "simulator" in answer.output_text and answer.status == "completed" and answer.usage
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens
    Response.model_validate(answer.model_dump())


def test_the_stream_helper_ends_with_the_same_answer(gpt: openai.OpenAI) -> None:
    whole = gpt.responses.create(model=MODEL, input="Say hello.").output_text
    with gpt.responses.stream(model=MODEL, input="Say hello.") as stream:
        pieces = [event.delta for event in stream if event.type == "response.output_text.delta"]
        final = stream.get_final_response()
    assert len(pieces) > 3
    assert "".join(pieces) == final.output_text == whole


async def test_the_async_client_streams_numbered_events(async_gpt: openai.AsyncOpenAI) -> None:
    stream = await async_gpt.responses.create(model=MODEL, input="Say hello.", stream=True)
    events = [event async for event in stream]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert [events[0].type, events[1].type] == ["response.created", "response.in_progress"]
    assert events[-1].type == "response.completed"


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_loop_brings_the_tools_own_words_back(gpt: openai.OpenAI, stream: bool) -> None:
    said: list[Any] = [{"role": "user", "content": "Use the tool read_file with path=`a.txt`"}]
    if stream:
        with gpt.responses.stream(model=MODEL, input=said, tools=[READ_FILE], store=False) as events:
            first: Any = events.get_final_response()
    else:
        first = gpt.responses.create(model=MODEL, input=said, tools=[READ_FILE], store=False)
    [call] = [item for item in first.output if item.type == "function_call"]
    assert json.loads(call.arguments) == {"path": "a.txt"}
    said += [item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in first.output]
    said.append({"type": "function_call_output", "call_id": call.call_id, "output": "the word is plover"})
    second = gpt.responses.create(model=MODEL, input=said, tools=[READ_FILE], store=False)
    assert "the word is plover" in second.output_text


def test_a_chat_goes_on_by_the_previous_responses_id(rig: Rig, gpt: openai.OpenAI) -> None:
    first = gpt.responses.create(model=MODEL, input="Use the tool read_file with path=`a.txt`", tools=[READ_FILE])
    [call] = [item for item in first.output if item.type == "function_call"]
    result: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "the word is plover"}]
    second = gpt.responses.create(model=MODEL, input=result, tools=[READ_FILE], previous_response_id=first.id)
    assert "the word is plover" in second.output_text
    assert any("a.txt" in str(message) for message in sent(rig)["history"])
    gpt.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError):
        gpt.responses.retrieve(first.id)
    assert gpt.responses.retrieve(second.id).output_text == second.output_text


def test_references_stand_for_kept_items(rig: Rig, gpt: openai.OpenAI) -> None:
    first = gpt.responses.create(model=MODEL, input="Say hello.", reasoning={"effort": "none"})
    items: Any = [
        {"role": "user", "content": "Say hello."},
        {"type": "item_reference", "id": first.output[0].id},
        {"role": "user", "content": "And now?"},
    ]
    gpt.responses.create(model=MODEL, input=items)
    said = [entry["assistantResponseMessage"]["content"] for entry in sent(rig)["history"][1::2]]
    assert first.output_text in said


def test_an_unknown_previous_response_is_a_bad_request(gpt: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        gpt.responses.create(model=MODEL, input="hi", previous_response_id="resp_unknown")
    assert raised.value.code == "previous_response_not_found"


def test_a_freeform_tool_gets_plain_text_and_its_result_comes_back(rig: Rig, gpt: openai.OpenAI) -> None:
    said: list[Any] = [{"role": "user", "content": 'Use the tool apply_patch with input="*** Begin 日本"'}]
    stream = gpt.responses.create(model=MODEL, input=said, tools=[APPLY_PATCH], stream=True, store=False)
    events = list(stream)
    deltas = [event.delta for event in events if event.type == "response.custom_tool_call_input.delta"]
    [call] = [event.item for event in events if event.type == "response.output_item.done" and "call" in event.item.type]
    assert (call.type, call.input) == ("custom_tool_call", "*** Begin 日本") and "".join(deltas) == call.input
    said += [call.model_dump(exclude_none=True)]
    said += [{"type": "custom_tool_call_output", "call_id": call.call_id, "output": "patched plover"}]
    second = gpt.responses.create(model=MODEL, input=said, tools=[APPLY_PATCH], store=False)
    assert "patched plover" in second.output_text
    assert "lark grammar" in str(sent(rig)["currentMessage"])


@pytest.mark.parametrize("place", ["tools", "additional_tools"])
def test_namespaces_come_back_in_both_of_codexs_layouts(gpt: openai.OpenAI, place: str) -> None:
    spaces: Any = [{"type": "namespace", "name": "functions", "description": "all", "tools": [EXEC, READ_FILE]}]
    said: list[Any] = [{"role": "user", "content": 'Use functions__exec with input="1 + 1"'}]
    if place == "additional_tools":
        said.insert(0, {"type": "additional_tools", "role": "developer", "tools": spaces})
    answer = gpt.responses.create(model=MODEL, input=said, tools=spaces if place == "tools" else openai.omit)
    [call] = [item for item in answer.output if item.type == "custom_tool_call"]
    assert (call.namespace, call.name, call.input) == ("functions", "exec", "1 + 1")


@pytest.mark.parametrize("stream", [False, True])
def test_signed_reasoning_goes_both_ways(rig: Rig, gpt: openai.OpenAI, stream: bool) -> None:
    said: list[Any] = [{"role": "user", "content": "Use the tool read_file with path=`a.txt`"}]
    asked: Any = {"model": NATIVE, "tools": [READ_FILE], "store": False, "reasoning": {"summary": "auto"}}
    if stream:
        with gpt.responses.stream(input=said, **asked) as events:
            first: Any = events.get_final_response()
    else:
        first = gpt.responses.create(input=said, **asked)
    reasoning, *_, call = first.output
    assert reasoning.type == "reasoning" and reasoning.summary[0].text and reasoning.encrypted_content
    said += [item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in first.output]
    said.append({"type": "function_call_output", "call_id": call.call_id, "output": "done"})
    gpt.responses.create(input=said, **asked)
    thought = sent(rig)["history"][-1]["assistantResponseMessage"]["reasoningContent"]["reasoningText"]
    assert thought["text"] == reasoning.summary[0].text and thought["signature"]


def test_pictures_arrive_where_kiro_wants_them(rig: Rig, gpt: openai.OpenAI) -> None:
    content: Any = [
        {"type": "input_text", "text": "What?"},
        {"type": "input_image", "image_url": PNG, "detail": "auto"},
    ]
    gpt.responses.create(model=MODEL, input=[{"role": "user", "content": content}])
    current = sent(rig)["currentMessage"]["userInputMessage"]
    assert current["images"][0]["source"]["bytes"] == PNG.partition(",")[2]


def test_a_fault_in_mid_stream_is_response_failed_and_the_last_event(rig: Rig, gpt: openai.OpenAI) -> None:
    rig.simulator.push({"frames": CUT})
    events = list(gpt.responses.create(model=MODEL, input="Say hello.", stream=True))
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == "half"
    last = events[-1]
    assert last.type == "response.failed" and last.response.error is not None
    assert last.response.error.code == "server_error" and last.response.status == "failed"


@pytest.mark.parametrize("tool", [APPLY_PATCH, READ_FILE])
def test_a_cut_call_ends_as_incomplete_and_the_model_is_told(rig: Rig, gpt: openai.OpenAI, tool: Any) -> None:
    frames = [
        {"event": "toolUseEvent", "payload": {"toolUseId": "t1", "name": tool["name"], "input": '{"input": "half'}},
        {"event": "meteringEvent", "payload": {"unit": "credit", "unitPlural": "credits", "usage": 0.1}},
    ]
    rig.simulator.push({"frames": frames})
    with gpt.responses.stream(model=MODEL, input="Say hello.", tools=[tool]) as stream:
        last = list(stream)[-1]
    assert last.type == "response.incomplete" and last.response.incomplete_details is not None
    assert last.response.incomplete_details.reason == "max_output_tokens"
    kind = "custom_tool_call_output" if tool["type"] == "custom" else "function_call_output"
    result: Any = {"type": kind, "call_id": "t1", "output": "invalid"}
    gpt.responses.create(model=MODEL, previous_response_id=last.response.id, input=[result], tools=[tool])
    assert NOTICE in sent(rig)["currentMessage"]["userInputMessage"]["content"]


def test_a_fault_in_a_whole_answer_is_a_status(rig: Rig, gpt: openai.OpenAI) -> None:
    rig.simulator.push({"frames": CUT, "times": 12})
    with pytest.raises(openai.InternalServerError):
        gpt.responses.create(model=MODEL, input="Say hello.")


@pytest.mark.parametrize(
    ("status", "body", "raised", "code"),
    [
        (402, {"message": "Limit.", "reason": "MONTHLY_REQUEST_COUNT"}, openai.RateLimitError, "insufficient_quota"),
        (
            400,
            {"message": "x", "reason": "CONTENT_LENGTH_EXCEEDS_THRESHOLD"},
            openai.BadRequestError,
            "context_length_exceeded",
        ),
        (429, {"message": "Too many requests.", "reason": None}, openai.RateLimitError, "rate_limit_exceeded"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_kiros_refusals_have_the_codes_that_codex_knows(
    rig: Rig,
    gpt: openai.OpenAI,
    status: int,
    body: object,
    raised: type[openai.APIStatusError],
    code: str,
    stream: bool,
) -> None:
    rig.simulator.push({"status": status, "body": body, "times": 12})
    with pytest.raises(raised) as caught:
        gpt.responses.create(model=MODEL, input="Say hello.", stream=stream)
    assert caught.value.code == code


def test_tokens_are_counted(gpt: openai.OpenAI) -> None:
    short = gpt.responses.input_tokens.count(model=MODEL, input="Say hello.")
    longer = gpt.responses.input_tokens.count(model=MODEL, input="Say hello.", instructions="word " * 500)
    assert short.object == "response.input_tokens"
    assert 0 < short.input_tokens < longer.input_tokens - 400


def test_a_parsed_answer_demands_its_schema(rig: Rig, gpt: openai.OpenAI) -> None:
    class City(BaseModel):
        name: str

    frames = [
        {"event": "assistantResponseEvent", "payload": {"content": '{"name": "Oslo"}'}},
        {"event": "meteringEvent", "payload": {"unit": "credit", "unitPlural": "credits", "usage": 0.1}},
    ]
    rig.simulator.push({"frames": frames})
    answer = gpt.responses.parse(model=MODEL, input="Which city?", text_format=City, reasoning={"effort": "none"})
    assert answer.output_parsed == City(name="Oslo")


def test_codexs_large_headers_are_taken(rig: Rig, gpt: openai.OpenAI) -> None:
    headers = {"x-codex-turn-metadata": "m" * 16_000, "session-id": "s", "thread-id": "t", "originator": "codex_exec"}
    assert gpt.responses.create(model=MODEL, input="Say hello.", extra_headers=headers).status == "completed"


def test_a_websocket_is_refused_at_once(rig: Rig) -> None:
    headers = {"Authorization": f"Bearer {KEY}", "Connection": "Upgrade", "Upgrade": "websocket"}
    request = urllib.request.Request(f"{rig.url}/v1/responses", headers=headers)
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(request)
    with raised.value as refused:
        assert refused.code == 426
