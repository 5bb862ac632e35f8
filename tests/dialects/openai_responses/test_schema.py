"""The shape of a request: what passes, and what is refused by its path."""

from typing import Any

import pytest
from marshmallow import ValidationError

from gateway.dialects.fields import refusal
from gateway.dialects.openai_responses.schema import SCHEMA


def problem(**body: Any) -> tuple[str | None, str] | None:
    try:
        SCHEMA.load({"model": "m", "input": "hi", **body})
    except ValidationError as error:
        found = refusal(error)
        return found.path, found.message
    return None


@pytest.mark.parametrize(
    "body",
    [
        {"client_metadata": {"a": 1}, "include": ["reasoning.encrypted_content"], "store": False, "conversation": None},
        {"reasoning": {"effort": None, "summary": "detailed", "context": "all_turns"}, "background": False},
        {"input": [{"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": None}]},
        {"input": [{"id": "msg_1"}, {"role": "user", "content": ""}]},
        {"tools": [{"type": "tool_search", "execution": "client"}, {"type": "a_new_one"}]},
        {"tools": [{"type": "function", "name": "f", "strict": None, "parameters": None, "defer_loading": True}]},
        {"tool_choice": {"type": "mcp", "server_label": "x"}},
    ],
)
def test_what_clients_send_passes(body: dict[str, Any]) -> None:
    assert problem(**body) is None


@pytest.mark.parametrize("kind", ["file_search_call", "compaction", "mcp_call", "local_shell_call", "computer_call"])
def test_items_of_hosted_tools_are_refused_by_name(kind: str) -> None:
    assert problem(input=[{"type": kind}]) == ("input.0.type", f"`{kind}` is not supported by this gateway")


def test_an_unknown_item_is_not_shown_back() -> None:
    path, message = problem(input=[{"type": "s3cret"}]) or (None, "")
    assert path == "input.0.type"
    assert "s3cret" not in message and "function_call_output" in message


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"model": None}, "model"),
        ({"input": 5}, "input"),
        ({"input": [5]}, "input.0"),
        ({"input": [{}]}, "input.0.role"),
        ({"input": [{"role": "tool", "content": ""}]}, "input.0.role"),
        ({"input": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "input.0.content.0.type"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}]},
            "input.0.content.0.file_data",
        ),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}]},
            "input.0.content.0.image_url",
        ),
        ({"input": [{"type": "function_call", "call_id": "1", "name": "n"}]}, "input.0.arguments"),
        ({"input": [{"type": "custom_tool_call_output", "call_id": "1"}]}, "input.0.output"),
        ({"input": [{"type": "additional_tools", "tools": [{"type": "function"}]}]}, "input.0.tools.0.name"),
        ({"tools": [{"type": "namespace", "name": "n", "tools": [{"type": "web"}]}]}, "tools.0.tools.0.type"),
        ({"tools": [{"name": "f"}]}, "tools.0.type"),
        ({"tool_choice": "some"}, "tool_choice"),
        ({"tool_choice": {"type": "function"}}, "tool_choice.name"),
        ({"tool_choice": {"type": "allowed_tools", "tools": []}}, "tool_choice.mode"),
        ({"text": {"format": {"type": "json_schema"}}}, "text.format.schema"),
        ({"background": True}, "background"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"prompt": {"id": "p"}}, "prompt"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
    ],
)
def test_what_is_wrong_is_refused_with_its_path(body: dict[str, Any], path: str) -> None:
    assert (problem(**body) or (None, ""))[0] == path
