"""The official Anthropic SDK against the gateway process, with the simulator behind it over TLS."""

import base64

import anthropic
import pytest

from tests.e2e.conftest import Rig
from tests.processes import KEY

MODEL = "claude-sonnet-4.5"
HELLO = [{"role": "user", "content": "Say hello."}]
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
READ_FILE = {
    "name": "read_file",
    "description": "Read a file",
    "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
}


def text_of(message: anthropic.types.Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def test_a_whole_answer_has_text_usage_and_a_request_id(claude: anthropic.Anthropic) -> None:
    message = claude.messages.create(model=MODEL, max_tokens=300, messages=HELLO)
    assert "simulator" in text_of(message)
    assert (message.stop_reason, message.model) == ("end_turn", MODEL)
    assert message.usage.input_tokens > 0 and message.usage.output_tokens > 0
    assert message._request_id and message._request_id.startswith("req_")


def test_a_stream_gives_the_same_text_and_the_full_usage(claude: anthropic.Anthropic) -> None:
    whole = text_of(claude.messages.create(model=MODEL, max_tokens=300, messages=HELLO))
    with claude.messages.stream(model=MODEL, max_tokens=300, messages=HELLO) as stream:
        assert "".join(stream.text_stream) == whole
        final = stream.get_final_message()
    assert final.usage.input_tokens > 0 and final.stop_reason == "end_turn"


async def test_the_async_client_streams_too(async_claude: anthropic.AsyncAnthropic) -> None:
    async with async_claude.messages.stream(model=MODEL, max_tokens=300, messages=HELLO) as stream:
        pieces = [text async for text in stream.text_stream]
    assert len(pieces) > 3 and "simulator" in "".join(pieces)


def test_a_tool_loop_brings_the_tools_own_words_back(claude: anthropic.Anthropic) -> None:
    messages: list[dict[str, object]] = [{"role": "user", "content": "Use the tool read_file with path=`a.txt`"}]
    first = claude.messages.create(model=MODEL, max_tokens=300, messages=messages, tools=[READ_FILE])
    call = next(block for block in first.content if block.type == "tool_use")
    assert (first.stop_reason, call.name, call.input) == ("tool_use", "read_file", {"path": "a.txt"})
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "the word is plover"}
    messages += [{"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
    second = claude.messages.create(model=MODEL, max_tokens=300, messages=messages, tools=[READ_FILE])
    assert "the word is plover" in text_of(second)


def test_tool_arguments_stream_in_pieces(claude: anthropic.Anthropic) -> None:
    ask = [{"role": "user", "content": "Use the tool read_file with path=`a/long/path/to/a/file.txt`"}]
    with claude.messages.stream(model=MODEL, max_tokens=300, messages=ask, tools=[READ_FILE]) as stream:
        pieces = [event.partial_json for event in stream if event.type == "input_json"]
        call = stream.get_final_message().content[-1]
    assert len(pieces) > 1 and call.type == "tool_use"
    assert call.input == {"path": "a/long/path/to/a/file.txt"}


@pytest.mark.parametrize("model", ["claude-sonnet-4.5", "claude-opus-4-7"])
def test_thinking_comes_when_asked_and_goes_back_signed(rig: Rig, claude: anthropic.Anthropic, model: str) -> None:
    thinking = {"type": "enabled", "budget_tokens": 2000}
    first = claude.messages.create(model=model, max_tokens=4000, messages=HELLO, thinking=thinking)
    assert first.content[0].type == "thinking" and first.content[0].thinking and first.content[0].signature
    history = [*HELLO, {"role": "assistant", "content": first.content}, {"role": "user", "content": "And again."}]
    claude.messages.create(model=model, max_tokens=4000, messages=history, thinking=thinking)
    sent = rig.simulator.requests()[-1]["body"]["conversationState"]["history"][-1]["assistantResponseMessage"]
    native = model == "claude-opus-4-7"
    assert ("reasoningContent" in sent) is native
    if native:
        assert sent["reasoningContent"]["reasoningText"]["signature"] == first.content[0].signature


def test_thinking_that_nobody_asked_for_does_not_come(claude: anthropic.Anthropic) -> None:
    message = claude.messages.create(model="claude-opus-4-7", max_tokens=300, messages=HELLO)
    assert [block.type for block in message.content] == ["text"]


def test_a_picture_arrives_where_kiro_wants_it(rig: Rig, claude: anthropic.Anthropic) -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
    content = [image, {"type": "text", "text": "What is this?"}]
    claude.messages.create(model=MODEL, max_tokens=300, messages=[{"role": "user", "content": content}])
    current = rig.simulator.requests()[-1]["body"]["conversationState"]["currentMessage"]["userInputMessage"]
    assert base64.b64decode(current["images"][0]["source"]["bytes"]) == base64.b64decode(PNG)


def test_tokens_are_counted_without_asking_kiro(rig: Rig, claude: anthropic.Anthropic) -> None:
    counted = claude.messages.count_tokens(model=MODEL, system="You are terse.", messages=HELLO, tools=[READ_FILE])
    longer = claude.messages.count_tokens(model=MODEL, messages=[{"role": "user", "content": "word " * 500}])
    assert 0 < counted.input_tokens < 200 < longer.input_tokens
    assert rig.simulator.requests() == []


def test_models_come_in_anthropics_shape(claude: anthropic.Anthropic) -> None:
    page = claude.models.list(limit=1000)
    names = {model.id for model in page.data}
    assert {"claude-sonnet-4.5", "claude-sonnet-4-5-20250929"} <= names and not page.has_more
    assert claude.models.retrieve("claude-sonnet-4-5-20250929").display_name


@pytest.mark.parametrize(
    ("status", "body", "raised"),
    [
        (400, {"message": "Improperly formed request.", "reason": None}, anthropic.BadRequestError),
        (429, {"message": "Too many requests.", "reason": None}, anthropic.RateLimitError),
        (500, {"message": "high load", "reason": "MODEL_TEMPORARILY_UNAVAILABLE"}, anthropic.InternalServerError),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_kiros_refusals_raise_the_sdks_own_errors(
    rig: Rig, claude: anthropic.Anthropic, status: int, body: object, raised: type[Exception], stream: bool
) -> None:
    rig.simulator.push({"status": status, "body": body, "times": 12})
    with pytest.raises(raised) as caught:
        claude.messages.create(model=MODEL, max_tokens=300, messages=HELLO, stream=stream)
    assert isinstance(caught.value, anthropic.APIStatusError)
    assert caught.value.request_id


@pytest.mark.parametrize(
    ("status", "body", "raised", "stream"),
    [
        (
            402,
            {"message": "You have reached the limit.", "reason": "MONTHLY_REQUEST_COUNT"},
            anthropic.APIStatusError,
            False,
        ),
        (403, {"message": "suspended", "reason": "TEMPORARILY_SUSPENDED"}, anthropic.PermissionDeniedError, True),
    ],
)
def test_an_account_that_is_out_raises_the_sdks_own_error_and_then_a_503_with_the_reason(
    rig: Rig, status: int, body: object, raised: type[Exception], stream: bool
) -> None:
    rig.simulator.push({"status": status, "body": body})
    with anthropic.Anthropic(base_url=rig.url, api_key=KEY, max_retries=0) as client:
        with pytest.raises(raised):
            client.messages.create(model=MODEL, max_tokens=300, messages=HELLO, stream=stream)
        with pytest.raises(anthropic.InternalServerError, match="No Kiro account can be used now") as caught:
            client.messages.create(model=MODEL, max_tokens=300, messages=HELLO, stream=stream)
    assert (caught.value.status_code, len(rig.simulator.requests())) == (503, 1)


def test_a_fault_in_mid_stream_is_an_error_and_no_good_end(rig: Rig, claude: anthropic.Anthropic) -> None:
    frames = [
        {"event": "assistantResponseEvent", "payload": {"content": "half"}},
        {"exception": "InternalServerException", "message": "boom"},
    ]
    rig.simulator.push({"frames": frames})
    seen: list[str] = []
    with pytest.raises(anthropic.APIError), claude.messages.stream(model=MODEL, max_tokens=9, messages=HELLO) as stream:
        seen.extend(stream.text_stream)
    assert seen == ["half"]


def test_a_thread_is_refused_in_the_words_the_sdk_understands(claude: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.BadRequestError) as caught:
        claude.messages.create(model=MODEL, max_tokens=9, messages=HELLO, extra_body={"thread": {"type": "create"}})
    assert caught.value.body["error"]["details"]["error_code"] == "thread_unsupported_request"


def test_the_tool_runner_works_through_that_refusal(claude: anthropic.Anthropic) -> None:
    @anthropic.beta_tool
    def read_file(path: str) -> str:
        """Read a file.

        Args:
            path: which one
        """
        return f"the word in {path} is plover"

    ask = [{"role": "user", "content": "Use the tool read_file with path=`a.txt`"}]
    runner = claude.beta.messages.tool_runner(model=MODEL, max_tokens=300, messages=ask, tools=[read_file])
    final = runner.until_done()
    assert any("plover" in block.text for block in final.content if block.type == "text")
