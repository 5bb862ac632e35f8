"""The chat API's messages."""

import base64
from typing import Any

import pytest

from gateway.conversation import Document, Image, Message, Text, Thinking, ToolCall, ToolResult
from gateway.dialects.openai_chat.messages import messages
from gateway.errors import GatewayError

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(10)).decode()
PDF = "data:application/pdf;base64,JVBERi0="
URL = f"data:image/png;base64,{PNG}"
CALL = {"id": "c1", "type": "function", "function": {"name": "read", "arguments": '{"a": 1}'}}

CASES: list[tuple[dict[str, Any], Message | str]] = [
    ({"role": "system", "content": "s"}, "s"),
    ({"role": "developer", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "a\n\nb"),
    ({"role": "user", "content": "hi"}, Message("user", (Text("hi"),))),
    ({"role": "user", "content": None}, Message("user", ())),
    (
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": URL}}]},
        Message("user", (Text("a"), Image("png", PNG))),
    ),
    ({"role": "user", "content": [{"type": "input_image", "image_url": URL}]}, Message("user", (Image("png", PNG),))),
    (
        {"role": "user", "content": [{"type": "file", "file": {"filename": "a.pdf", "file_data": PDF}}]},
        Message("user", (Text("a.pdf"), Document("JVBERi0=", "messages.0.content.0.file.file_data"))),
    ),
    (
        {"role": "user", "content": [{"type": "input_file", "file_data": PDF}]},
        Message("user", (Document("JVBERi0=", "messages.0.content.0.file_data"),)),
    ),
    (
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        Message("assistant", (ToolCall("c1", "read", '{"a": 1}'),)),
    ),
    (
        {"role": "assistant", "content": "t", "reasoning_content": "r", "tool_calls": [CALL]},
        Message("assistant", (Thinking("r"), Text("t"), ToolCall("c1", "read", '{"a": 1}'))),
    ),
    (
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}], "refusal": "never"},
        Message("assistant", (Text("no"), Text("never"))),
    ),
    ({"role": "tool", "tool_call_id": "c1", "content": "out"}, Message("user", (ToolResult("c1", (Text("out"),)),))),
    ({"role": "tool", "tool_call_id": "c1", "content": None}, Message("user", (ToolResult("c1", ()),))),
    (
        {"role": "tool", "tool_call_id": "c1", "content": [{"type": "image_url", "image_url": URL}]},
        Message("user", (ToolResult("c1", (Image("png", PNG),)),)),
    ),
]


@pytest.mark.parametrize(("message", "parsed"), CASES)
def test_a_message_becomes_ours(message: dict[str, Any], parsed: Message | str) -> None:
    assert list(messages([message])) == [parsed]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [('{ "a" :1}', '{ "a" :1}'), ("", "{}"), (None, "{}"), ({"a": 1}, '{"a":1}'), ("{broken", "{broken")],
)
def test_arguments_pass_verbatim_and_absent_ones_are_an_empty_object(arguments: Any, text: str) -> None:
    call = {"id": "c", "function": {"name": "n", "arguments": arguments}}
    (found,) = messages([{"role": "assistant", "tool_calls": [call]}])
    assert found == Message("assistant", (ToolCall("c", "n", text),))


def test_the_first_tool_form_pairs_results_with_calls_by_name() -> None:
    call = {"role": "assistant", "content": None, "function_call": {"name": "read", "arguments": "{}"}}
    result = {"role": "function", "name": "read", "content": "out"}
    found = list(messages([call, result, call, result]))
    ids = [block.id if isinstance(block, ToolCall) else block.call_id for m in found for block in m.blocks]
    assert ids == ["call_function_0", "call_function_0", "call_function_2", "call_function_2"]


def test_a_function_result_without_its_call_still_has_an_id() -> None:
    (found,) = messages([{"role": "function", "name": "read", "content": "out"}])
    assert found == Message("user", (ToolResult("call_function_0", (Text("out"),)),))


@pytest.mark.parametrize(
    ("message", "path"),
    [
        ({"role": "user", "content": [{"type": "image_url", "image_url": "https://x.test"}]}, ".0.image_url"),
        ({"role": "tool", "tool_call_id": "c", "content": [{"type": "image_url", "image_url": "?"}]}, ".0.image_url"),
        ({"role": "system", "content": [{"type": "image_url", "image_url": URL}]}, ".0"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_its_path(message: dict[str, Any], path: str) -> None:
    with pytest.raises(GatewayError) as refused:
        list(messages([{"role": "user", "content": "a"}, message]))
    assert refused.value.path == f"messages.1.content{path}"
