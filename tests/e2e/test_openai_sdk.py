"""The official OpenAI SDK against the gateway process, with the simulator behind it over TLS."""

import json

import openai
import pytest

from tests.e2e.conftest import Rig
from tests.processes import KEY

MODEL = "claude-sonnet-4.5"
HELLO = [{"role": "user", "content": "Say hello."}]
PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
READ_FILE = {
    "type": "function",
    "function": {
        "name": "read_file",
        "description": "Read a file",
        "parameters": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
    },
}


def test_a_whole_answer_has_text_usage_and_a_request_id(gpt: openai.OpenAI) -> None:
    answer = gpt.chat.completions.create(model=MODEL, messages=HELLO)
    assert "simulator" in (answer.choices[0].message.content or "")
    assert answer.choices[0].finish_reason == "stop" and answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer._request_id and answer._request_id.startswith("req_")


def test_a_stream_gives_the_same_text_and_usage_only_when_asked(gpt: openai.OpenAI) -> None:
    whole = gpt.chat.completions.create(model=MODEL, messages=HELLO).choices[0].message.content
    plain = list(gpt.chat.completions.create(model=MODEL, messages=HELLO, stream=True))
    asked = list(
        gpt.chat.completions.create(model=MODEL, messages=HELLO, stream=True, stream_options={"include_usage": True})
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in plain) == whole
    assert all(chunk.usage is None for chunk in plain)
    assert asked[-1].choices == [] and asked[-1].usage is not None


async def test_the_async_client_streams_too(async_gpt: openai.AsyncOpenAI) -> None:
    stream = await async_gpt.chat.completions.create(model=MODEL, messages=HELLO, stream=True)
    pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
    assert len(pieces) > 3 and "simulator" in "".join(pieces)


def test_thinking_has_a_field_of_its_own(gpt: openai.OpenAI) -> None:
    answer = gpt.chat.completions.create(model=MODEL, messages=HELLO, reasoning_effort="high")
    message = answer.choices[0].message.model_dump()
    assert message["reasoning_content"] and "<thinking>" not in message["content"]


def test_a_tool_loop_brings_the_tools_own_words_back(gpt: openai.OpenAI) -> None:
    messages: list[object] = [{"role": "user", "content": "Use the tool read_file with path=`a.txt`"}]
    first = gpt.chat.completions.create(model=MODEL, messages=messages, tools=[READ_FILE]).choices[0]
    call = first.message.tool_calls[0]
    assert first.finish_reason == "tool_calls"
    assert json.loads(call.function.arguments) == {"path": "a.txt"}
    messages += [first.message, {"role": "tool", "tool_call_id": call.id, "content": "the word is plover"}]
    second = gpt.chat.completions.create(model=MODEL, messages=messages, tools=[READ_FILE])
    assert "the word is plover" in second.choices[0].message.content


def test_the_stream_helper_assembles_tool_calls(gpt: openai.OpenAI) -> None:
    ask = [{"role": "user", "content": "Use the tool read_file with path=`a/long/path/to/a/file.txt`"}]
    with gpt.chat.completions.stream(model=MODEL, messages=ask, tools=[READ_FILE]) as stream:
        for _ in stream:
            pass
        call = stream.get_final_completion().choices[0].message.tool_calls[0]
    assert json.loads(call.function.arguments) == {"path": "a/long/path/to/a/file.txt"}


def test_a_picture_arrives_where_kiro_wants_it(rig: Rig, gpt: openai.OpenAI) -> None:
    content = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": PNG}}]
    gpt.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": content}])
    current = rig.simulator.requests()[-1]["body"]["conversationState"]["currentMessage"]["userInputMessage"]
    assert current["images"][0]["source"]["bytes"] == PNG.partition(",")[2]


def test_models_come_in_openais_shape(gpt: openai.OpenAI) -> None:
    names = {model.id for model in gpt.models.list()}
    assert {"claude-sonnet-4.5", "auto-kiro"} <= names
    assert gpt.models.retrieve("claude-sonnet-4-5").id == "claude-sonnet-4-5"
    with pytest.raises(openai.NotFoundError, match=r"claude-sonnet-4\.5"):
        gpt.models.retrieve("claude-sonet-4.5")


@pytest.mark.parametrize(
    ("status", "body", "raised"),
    [
        (400, {"message": "Improperly formed request.", "reason": None}, openai.BadRequestError),
        (429, {"message": "Too many requests.", "reason": None}, openai.RateLimitError),
        (500, {"message": "high load", "reason": "MODEL_TEMPORARILY_UNAVAILABLE"}, openai.InternalServerError),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_kiros_refusals_raise_the_sdks_own_errors(
    rig: Rig, gpt: openai.OpenAI, status: int, body: object, raised: type[Exception], stream: bool
) -> None:
    rig.simulator.push({"status": status, "body": body, "times": 12})
    with pytest.raises(raised):
        gpt.chat.completions.create(model=MODEL, messages=HELLO, stream=stream)


@pytest.mark.parametrize(
    ("status", "body", "raised", "stream"),
    [
        (
            402,
            {"message": "You have reached the limit.", "reason": "MONTHLY_REQUEST_COUNT"},
            openai.RateLimitError,
            False,
        ),
        (403, {"message": "suspended", "reason": "TEMPORARILY_SUSPENDED"}, openai.PermissionDeniedError, True),
    ],
)
def test_an_account_that_is_out_raises_the_sdks_own_error_and_then_a_503_with_the_reason(
    rig: Rig, status: int, body: object, raised: type[Exception], stream: bool
) -> None:
    rig.simulator.push({"status": status, "body": body})
    with openai.OpenAI(base_url=f"{rig.url}/v1", api_key=KEY, max_retries=0) as client:
        with pytest.raises(raised):
            client.chat.completions.create(model=MODEL, messages=HELLO, stream=stream)
        with pytest.raises(openai.InternalServerError, match="No Kiro account can be used now") as caught:
            client.chat.completions.create(model=MODEL, messages=HELLO, stream=stream)
    assert (caught.value.status_code, len(rig.simulator.requests())) == (503, 1)


def test_a_fault_in_mid_stream_is_an_error_and_no_good_end(rig: Rig, gpt: openai.OpenAI) -> None:
    frames = [
        {"event": "assistantResponseEvent", "payload": {"content": "half"}},
        {"exception": "InternalServerException", "message": "boom"},
    ]
    rig.simulator.push({"frames": frames})
    seen: list[str] = []
    with pytest.raises(openai.APIError):
        for chunk in gpt.chat.completions.create(model=MODEL, messages=HELLO, stream=True):
            seen.append(chunk.choices[0].delta.content or "")
            assert chunk.choices[0].finish_reason is None
    assert "".join(seen) == "half"


def test_ignored_parameters_are_named(gpt: openai.OpenAI) -> None:
    answer = gpt.chat.completions.with_raw_response.create(model=MODEL, messages=HELLO, temperature=0.1, seed=7)
    assert {"temperature", "seed"} <= set(answer.headers["x-kiro-gateway-ignored"].split(", "))


def test_a_wrong_key_is_an_authentication_error(rig: Rig) -> None:
    with (
        openai.OpenAI(base_url=f"{rig.url}/v1", api_key="wrong", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.chat.completions.create(model=MODEL, messages=HELLO)
    assert rig.simulator.requests() == []
