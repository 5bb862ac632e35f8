"""Every member of a request that holds words: they reach the model, or the request is refused with the member's path.

Written from the public descriptions of the three APIs, member by member. ``W`` stands for the words.
"""

from typing import Any

import pytest
from marshmallow import ValidationError

from gateway import jsontext
from gateway.conversation import Conversation, Document, Text, Thinking, ToolCall, ToolResult
from gateway.dialects import DIALECTS
from gateway.dialects.fields import refusal
from gateway.errors import GatewayError
from tests.pdfs import pdf_base64

W = "words-that-must-not-be-lost"
CARRIED = "carried"
PDF = pdf_base64("a page")
PDF_URL = f"data:application/pdf;base64,{PDF}"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
SCHEMA = {"type": "object", "properties": {"a": {"type": "string", "description": W}}}
HI = {"role": "user", "content": "hi"}
TEXT_BLOCK = {"type": "text", "text": W}

Row = tuple[dict[str, Any], str]
"""(members of the body, CARRIED or the path that is refused)"""


def user(*blocks: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(blocks)}]}


def assistant(*blocks: Any) -> dict[str, Any]:
    return {"messages": [HI, {"role": "assistant", "content": list(blocks)}]}


def result(content: Any) -> dict[str, Any]:
    call = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
    answer = {"type": "tool_result", "tool_use_id": "t", "content": content}
    return {"messages": [HI, {"role": "assistant", "content": [call]}, {"role": "user", "content": [answer]}]}


def document(source: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "document", "source": source, **more}


FOUND = {"type": "search_result", "source": "s", "title": "t", "content": [{"type": "text", "text": "x"}]}
PDF_SOURCE = {"type": "base64", "media_type": "application/pdf", "data": PDF}

ANTHROPIC: dict[str, Row] = {
    "messages.content": ({"messages": [{"role": "user", "content": W}]}, CARRIED),
    "messages.content: an object": ({"messages": [{"role": "user", "content": TEXT_BLOCK}]}, "messages.0.content"),
    "messages.content: texts": (user(W), "messages.0.content.0"),
    "messages.role system": ({"messages": [HI, {"role": "system", "content": W}]}, CARRIED),
    "messages.role developer": ({"messages": [{"role": "developer", "content": W}]}, "messages.0.role"),
    "system": ({"system": W}, CARRIED),
    "system: blocks": ({"system": [TEXT_BLOCK]}, CARRIED),
    "system: texts": ({"system": [W]}, "system.0"),
    "system: one block": ({"system": TEXT_BLOCK}, "system"),
    "instructions (Responses)": ({"instructions": W}, CARRIED),
    "input (Responses)": ({"input": W}, "input"),
    "prompt (text completions)": ({"prompt": W}, "prompt"),
    "text": (user(TEXT_BLOCK), CARRIED),
    "image: file": (user({"type": "image", "source": {"type": "file", "file_id": W}}), "messages.0.content.0.source"),
    "document: text": (user(document({"type": "text", "media_type": "text/plain", "data": W})), CARRIED),
    "document: content": (user(document({"type": "content", "content": W})), CARRIED),
    "document: blocks": (user(document({"type": "content", "content": [TEXT_BLOCK]})), CARRIED),
    "document: title": (user(document(PDF_SOURCE, title=W)), CARRIED),
    "document: context": (user(document(PDF_SOURCE, context=W, citations={"enabled": True})), CARRIED),
    "document: file": (user(document({"type": "file", "file_id": W})), "messages.0.content.0.source"),
    "search_result: source": (user({**FOUND, "source": W}), CARRIED),
    "search_result: title": (user({**FOUND, "title": W}), CARRIED),
    "search_result: content": (user({**FOUND, "content": [TEXT_BLOCK]}), CARRIED),
    "search_result: a string": (user({**FOUND, "content": W}), "messages.0.content.0.content"),
    "container_upload": (user({"type": "container_upload", "file_id": W}), "messages.0.content.0.type"),
    "unknown block": (user({"type": "novel", "text": W}), "messages.0.content.0.type"),
    "tool_use.input": (assistant({"type": "tool_use", "id": "t", "name": "f", "input": {"a": W}}), CARRIED),
    "thinking": (assistant({"type": "thinking", "thinking": W, "signature": "kiros"}), CARRIED),
    "compaction": (assistant({"type": "compaction", "content": W}), "messages.1.content.0.type"),
    "mcp_tool_use": (
        assistant({"type": "mcp_tool_use", "id": "m", "name": "f", "server_name": "s", "input": {"a": W}}),
        "messages.1.content.0.type",
    ),
    "tool_result: text": (result(W), CARRIED),
    "tool_result: blocks": (result([TEXT_BLOCK]), CARRIED),
    "tool_result: texts": (result([W]), "messages.2.content.0.content.0"),
    "tool_result: one block": (result(TEXT_BLOCK), "messages.2.content.0.content"),
    "tool_result: search_result": (result([{**FOUND, "content": [TEXT_BLOCK]}]), CARRIED),
    "tool_result: document": (result([document({"type": "text", "data": W})]), CARRIED),
    "tool_result: tool_reference": (result([{"type": "tool_reference", "tool_name": W}]), CARRIED),
    "tool_result: unknown": (result([{"type": "novel", "text": W}]), "messages.2.content.0.content.0.type"),
    "tools.description": ({"tools": [{"name": "f", "description": W, "input_schema": {}}]}, CARRIED),
    "tools.input_schema": ({"tools": [{"name": "f", "input_schema": SCHEMA}]}, CARRIED),
    "tools.input_examples": (
        {"tools": [{"name": "f", "input_schema": {}, "input_examples": [{"a": W}]}]},
        CARRIED,
    ),
    "output_config.format": ({"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}, CARRIED),
    "output_format": ({"output_format": {"type": "json_schema", "schema": SCHEMA}}, CARRIED),
    "context_management instructions": (
        {"context_management": {"edits": [{"type": "clear_thinking_20251015"}, {"type": "c", "instructions": W}]}},
        "context_management.edits.1.instructions",
    ),
}


def chat(**message: Any) -> dict[str, Any]:
    return {"messages": [HI, {"role": "user", **message}]}


def reply(**message: Any) -> dict[str, Any]:
    return {"messages": [HI, {"role": "assistant", "content": None, **message}]}


CHAT: dict[str, Row] = {
    "content": (chat(content=W), CARRIED),
    "content: texts": (chat(content=[W]), "messages.1.content.0"),
    "content: an object": (chat(content=TEXT_BLOCK), "messages.1.content"),
    "content: text": (chat(content=[TEXT_BLOCK]), CARRIED),
    "content: refusal": (reply(content=[{"type": "refusal", "refusal": W}]), CARRIED),
    "content: input_audio": (
        chat(content=[{"type": "input_audio", "input_audio": {"data": W, "format": "wav"}}]),
        "messages.1.content.0.type",
    ),
    "content: file name": (
        chat(content=[{"type": "file", "file": {"file_data": PDF_URL, "filename": W}}]),
        CARRIED,
    ),
    "content: file id": (chat(content=[{"type": "file", "file": {"file_id": W}}]), "messages.1.content.0.file"),
    "content: unknown": (chat(content=[{"type": "novel", "text": W}]), "messages.1.content.0.type"),
    "name of a user": (chat(content="hi", name=W), CARRIED),
    "name of a system message": ({"messages": [{"role": "system", "content": "hi", "name": W}, HI]}, CARRIED),
    "system message": ({"messages": [HI, {"role": "system", "content": W}]}, CARRIED),
    "developer message": ({"messages": [{"role": "developer", "content": W}, HI]}, CARRIED),
    "tool message": ({"messages": [HI, {"role": "tool", "tool_call_id": "c", "content": W}]}, CARRIED),
    "function message": ({"messages": [HI, {"role": "function", "name": "f", "content": W}]}, CARRIED),
    "tool_calls": (reply(tool_calls=[{"id": "c", "function": {"name": "f", "arguments": W}}]), CARRIED),
    "tool_calls: custom": (
        reply(tool_calls=[{"id": "c", "type": "custom", "custom": {"name": "f", "input": W}}]),
        "messages.1.tool_calls.0.function",
    ),
    "tool_calls: a string": (reply(tool_calls=W), "messages.1.tool_calls"),
    "function_call": (reply(function_call={"name": "f", "arguments": W}), CARRIED),
    "refusal": (reply(refusal=W), CARRIED),
    "audio": (reply(audio={"id": W}), "messages.1.audio"),
    "reasoning_content": (reply(reasoning_content=W, content="a"), CARRIED),
    "reasoning": (reply(reasoning=W, content="a"), CARRIED),
    "system": ({"system": W}, CARRIED),
    "system: blocks": ({"system": [TEXT_BLOCK]}, CARRIED),
    "system: texts": ({"system": [W]}, "system.0"),
    "system: an object": ({"system": TEXT_BLOCK}, "system"),
    "system: a picture": (
        {"system": [{"type": "image_url", "image_url": f"data:image/png;base64,{PIXEL}"}]},
        "system.0",
    ),
    "instructions (Responses)": ({"instructions": W}, CARRIED),
    "input (Responses)": ({"input": W}, "input"),
    "prompt (text completions)": ({"prompt": W}, "prompt"),
    "prediction": ({"prediction": {"type": "content", "content": W}}, "prediction"),
    "tools": ({"tools": [{"type": "function", "function": {"name": "f", "description": W}}]}, CARRIED),
    "tools.parameters": ({"tools": [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}]}, CARRIED),
    "functions": ({"functions": [{"name": "f", "description": W}]}, CARRIED),
    "response_format": (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}}},
        CARRIED,
    ),
    "response_format description": (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "description": W, "schema": {}}}},
        CARRIED,
    ),
    "response_format description alone": (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "description": W}}},
        CARRIED,
    ),
}


def items(*given: Any) -> dict[str, Any]:
    return {"input": list(given)}


def said(*parts: Any) -> dict[str, Any]:
    return items({"role": "user", "content": list(parts)})


CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}

RESPONSES: dict[str, Row] = {
    "input": ({"input": W}, CARRIED),
    "input: texts": (items(W), "input.0"),
    "input: an object": ({"input": {"role": "user", "content": W}}, "input"),
    "content": (items({"role": "user", "content": W}), CARRIED),
    "content: texts": (said(W), "input.0.content.0"),
    "input_text": (said({"type": "input_text", "text": W}), CARRIED),
    "output_text": (
        items({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": W}]}),
        CARRIED,
    ),
    "refusal": (items({"role": "assistant", "content": [{"type": "refusal", "refusal": W}]}), CARRIED),
    "input_file name": (said({"type": "input_file", "file_data": PDF_URL, "filename": W}), CARRIED),
    "input_file id": (said({"type": "input_file", "file_id": W}), "input.0.content.0.file_data"),
    "input_file url": (said({"type": "input_file", "file_url": W}), "input.0.content.0.file_data"),
    "input_audio": (said({"type": "input_audio", "input_audio": {"data": W}}), "input.0.content.0.type"),
    "unknown part": (said({"type": "novel", "text": W}), "input.0.content.0.type"),
    "developer": (items({"role": "developer", "content": W}), CARRIED),
    "system item": (items({"role": "system", "content": W}), CARRIED),
    "function_call": (items({**CALL, "arguments": W}), CARRIED),
    "function_call_output": (items(CALL, {"type": "function_call_output", "call_id": "c", "output": W}), CARRIED),
    "function_call_output: parts": (
        items(CALL, {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": W}]}),
        CARRIED,
    ),
    "custom_tool_call": (items({"type": "custom_tool_call", "call_id": "c", "name": "f", "input": W}), CARRIED),
    "custom_tool_call_output": (items({"type": "custom_tool_call_output", "call_id": "c", "output": W}), CARRIED),
    "reasoning summary": (items({"type": "reasoning", "summary": [{"type": "summary_text", "text": W}]}), CARRIED),
    "reasoning content": (
        items({"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": W}]}),
        CARRIED,
    ),
    "web_search_call query": (
        items({"type": "web_search_call", "id": "w", "action": {"type": "search", "query": W}}),
        CARRIED,
    ),
    "web_search_call queries": (
        items({"type": "web_search_call", "id": "w", "action": {"type": "search", "queries": ["a", W]}}),
        CARRIED,
    ),
    "web_search_call page": (
        items({"type": "web_search_call", "id": "w", "action": {"type": "find_in_page", "url": "u", "pattern": W}}),
        CARRIED,
    ),
    "item_reference": (items({"type": "item_reference", "id": W}), "input.0.id"),
    "shell_call": (items({"type": "shell_call", "call_id": "c", "action": {"commands": [W]}}), "input.0.type"),
    "compaction": (items({"type": "compaction", "encrypted_content": W}), "input.0.type"),
    "unknown item": (items({"type": "novel", "text": W}), "input.0.type"),
    "additional_tools": (
        items({"type": "additional_tools", "tools": [{"type": "function", "name": "f", "description": W}]}, HI),
        CARRIED,
    ),
    "instructions": ({"instructions": W}, CARRIED),
    "instructions: blocks": ({"instructions": [TEXT_BLOCK]}, "instructions"),
    "system (Messages)": ({"system": W}, CARRIED),
    "system (Messages): blocks": ({"system": [TEXT_BLOCK]}, CARRIED),
    "messages (Chat)": ({"messages": [HI]}, "messages"),
    "prompt template": ({"prompt": {"id": "p", "variables": {"a": W}}}, "prompt"),
    "conversation": ({"conversation": W}, "conversation"),
    "tools": ({"tools": [{"type": "function", "name": "f", "description": W}]}, CARRIED),
    "tools: custom": ({"tools": [{"type": "custom", "name": "f", "description": W}]}, CARRIED),
    "tools: grammar": (
        {"tools": [{"type": "custom", "name": "f", "format": {"type": "grammar", "syntax": "lark", "definition": W}}]},
        CARRIED,
    ),
    "tools: namespace": (
        {
            "tools": [
                {"type": "namespace", "name": "n", "description": W, "tools": [{"type": "function", "name": "f"}]},
            ]
        },
        CARRIED,
    ),
    "text.format": ({"text": {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA}}}, CARRIED),
    "text.format description": (
        {"text": {"format": {"type": "json_schema", "name": "n", "description": W, "schema": {}}}},
        CARRIED,
    ),
}

TABLE = [
    pytest.param(name, changes, outcome, id=f"{name}-{member}")
    for name, rows in (("anthropic", ANTHROPIC), ("openai_chat", CHAT), ("openai_responses", RESPONSES))
    for member, (changes, outcome) in rows.items()
]


def parsed(name: str, changes: dict[str, Any]) -> Conversation:
    (dialect,) = [dialect for dialect in DIALECTS if dialect.name == name]
    usual = {"input": "hi"} if name == "openai_responses" else {"messages": [HI]}
    body = {"model": "m", **usual, **changes}
    try:
        dialect.schema.load(body)
    except ValidationError as error:
        raise refusal(error) from error
    return dialect.parse(body, {})


def read_by_model(conversation: Conversation) -> str:
    """All that the model gets to read, one text."""
    found = [conversation.system]
    for message in conversation.messages:
        for block in message.blocks:
            match block:
                case Text() | Thinking():
                    found.append(block.text)
                case ToolCall():
                    found.append(block.name + block.arguments)
                case ToolResult():
                    found += [part.text for part in block.content if isinstance(part, Text)]
    found += [tool.description + jsontext.encode(tool.schema).decode() for tool in conversation.tools]
    if conversation.output is not None:
        found.append((conversation.output.schema or b"").decode())
    return "\n".join(found)


@pytest.mark.parametrize(("dialect", "changes", "outcome"), TABLE)
def test_words_reach_the_model_or_their_member_is_refused_by_its_path(
    dialect: str, changes: dict[str, Any], outcome: str
) -> None:
    if outcome == CARRIED:
        assert W in read_by_model(parsed(dialect, changes))
        return
    with pytest.raises(GatewayError) as raised:
        parsed(dialect, changes)
    assert (raised.value.path or "").startswith(outcome)
    assert W not in raised.value.message


def test_a_system_member_of_a_chat_body_is_its_first_system_message() -> None:
    messages = [{"role": "system", "content": "second"}, HI]
    for given in ("first", [{"type": "text", "text": "first"}]):
        assert parsed("openai_chat", {"system": given, "messages": messages}).system == "first\n\nsecond"
    assert parsed("openai_chat", {"system": None, "messages": messages}).system == "second"
    assert parsed("openai_responses", {"system": "first", "instructions": "second"}).system == "first\n\nsecond"


def test_a_name_stands_before_what_is_said_under_it() -> None:
    conversation = parsed("openai_chat", {"messages": [{"role": "user", "name": "ann", "content": "hi"}]})
    assert [block for message in conversation.messages for block in message.blocks] == [Text("ann:"), Text("hi")]


def test_a_file_name_stands_before_the_document() -> None:
    parts = [{"type": "input_file", "file_data": PDF_URL, "filename": "a.pdf"}]
    (message,) = parsed("openai_responses", {"input": [{"role": "user", "content": parts}]}).messages
    assert message.blocks[0] == Text("a.pdf") and isinstance(message.blocks[1], Document)


@pytest.mark.parametrize(
    ("dialect", "changes"),
    [
        ("anthropic", {"context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}}),
        ("anthropic", {"safeguards": [{"type": "dangerous_tool_use"}], "container": None, "novel": 1}),
        ("openai_chat", {"store": True, "modalities": ["text"], "prediction": None, "novel": {"a": 1}}),
        ("openai_responses", {"client_metadata": {}, "include": [], "prompt": None, "context_management": []}),
    ],
)
def test_members_without_words_pass(dialect: str, changes: dict[str, Any]) -> None:
    assert parsed(dialect, changes).messages
