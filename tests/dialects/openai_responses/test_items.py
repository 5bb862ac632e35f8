"""Input items in their place."""

from typing import Any

import pytest

from gateway.conversation import Document, Image, Message, RedactedThinking, Text, Thinking, ToolCall, ToolResult
from gateway.dialects.openai_responses.items import messages
from gateway.dialects.openai_responses.sealed import seal
from gateway.dialects.openai_responses.tools import Toolbox
from gateway.errors import GatewayError

PNG = "iVBORw0KGgoAAAAAAAAAAAAA"
TOOLS = {
    "tools": [
        {"type": "custom", "name": "apply_patch"},
        {"type": "namespace", "name": "fs", "tools": [{"type": "function", "name": "read"}]},
    ]
}


def read(*items: dict[str, Any]) -> list[Message | str]:
    return list(messages(items, Toolbox(TOOLS)))


def test_a_plain_text_is_the_users() -> None:
    assert list(messages("hi", Toolbox({}))) == [Message("user", (Text("hi"),))]


@pytest.mark.parametrize("role", ["user", "assistant"])
@pytest.mark.parametrize("typed", [{}, {"type": "message", "id": "msg_1", "status": "completed"}])
def test_messages_come_with_and_without_a_type(role: str, typed: dict[str, str]) -> None:
    parts = [{"type": "input_text", "text": "a"}, {"type": "output_text", "text": "b"}, {"type": "text", "text": "c"}]
    [message] = read({**typed, "role": role, "content": parts})
    assert message == Message(role, (Text("a"), Text("b"), Text("c")))  # type: ignore[arg-type]


@pytest.mark.parametrize("role", ["system", "developer"])
def test_a_system_message_is_its_text(role: str) -> None:
    parts = [{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}]
    assert read({"role": role, "content": parts}) == ["a\n\nb"]


def test_a_file_is_a_document() -> None:
    part = {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}
    [message] = read({"role": "user", "content": [part]})
    assert message == Message("user", (Text("a.pdf"), Document("JVBERi0=", "input.0.content.0.file_data")))


@pytest.mark.parametrize("image", [f"data:image/png;base64,{PNG}", {"url": f"data:image/png;base64,{PNG}"}])
def test_pictures_come_in_messages_and_in_results(image: object) -> None:
    part = {"type": "input_image", "image_url": image, "detail": "auto"}
    [message, result] = read(
        {"role": "user", "content": [part]}, {"type": "function_call_output", "call_id": "1", "output": [part]}
    )
    assert message == Message("user", (Image("png", PNG),))
    assert result == Message("user", (ToolResult("1", (Image("png", PNG),)),))


def test_calls_take_the_flat_names_and_json() -> None:
    calls = read(
        {"type": "function_call", "call_id": "1", "name": "read", "namespace": "fs", "arguments": '{"a":1}'},
        {"type": "custom_tool_call", "call_id": "2", "name": "apply_patch", "input": 'a"\n'},
        {"type": "function_call", "call_id": "3", "name": "gone", "arguments": ""},
    )
    assert [message.blocks[0] for message in calls if isinstance(message, Message)] == [
        ToolCall("1", "fs__read", '{"a":1}'),
        ToolCall("2", "apply_patch", '{"input":"a\\"\\n"}'),
        ToolCall("3", "gone", "{}"),
    ]


@pytest.mark.parametrize("kind", ["function_call_output", "custom_tool_call_output"])
@pytest.mark.parametrize("output", ["done", [{"type": "input_text", "text": "done"}]])
def test_results_are_the_users(kind: str, output: object) -> None:
    assert read({"type": kind, "call_id": "1", "output": output}) == [
        Message("user", (ToolResult("1", (Text("done"),)),))
    ]


@pytest.mark.parametrize("block", [Thinking("hm", "signed"), RedactedThinking("c2VjcmV0")])
def test_sealed_reasoning_is_kiros_again(block: Thinking | RedactedThinking) -> None:
    item = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": seal(block)}
    assert read(item) == [Message("assistant", (block,))]


def test_reasoning_without_a_seal_is_unsigned_and_foreign_reasoning_is_dropped() -> None:
    summary = [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}]
    foreign = {"type": "reasoning", "summary": summary, "encrypted_content": "gAAAA"}
    assert read({"type": "reasoning", "summary": summary}, foreign) == [Message("assistant", (Thinking("ab"),))]


def test_additional_tools_say_nothing() -> None:
    assert read({"type": "additional_tools", "role": "developer", "tools": []}) == []


@pytest.mark.parametrize("item", [{"type": "item_reference", "id": "msg_1"}, {"id": "msg_1"}])
def test_a_reference_to_what_is_not_kept_is_refused_at_its_place(item: dict[str, str]) -> None:
    with pytest.raises(GatewayError) as raised:
        read({"role": "user", "content": "hi"}, item)
    assert raised.value.path == "input.1.id"


@pytest.mark.parametrize(
    ("item", "path"),
    [
        (
            {"role": "user", "content": [{"type": "input_image", "image_url": "http://x/"}]},
            "input.0.content.0.image_url",
        ),
        (
            {
                "type": "function_call_output",
                "call_id": "1",
                "output": [{"type": "input_image", "image_url": "data:,"}],
            },
            "input.0.output.0.image_url",
        ),
        (
            {"role": "system", "content": [{"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"}]},
            "input.0.content.0",
        ),
    ],
)
def test_what_cannot_be_sent_is_refused_with_its_path(item: dict[str, Any], path: str) -> None:
    with pytest.raises(GatewayError) as raised:
        read(item)
    assert raised.value.path == path
