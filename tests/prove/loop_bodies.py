"""Request bodies that cost a gateway as much as their size allows, and honest large ones."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

MB: Final = 1 << 20
LARGEST: Final = 31 * MB
"""Below the default of ``server.max_body_bytes``, with space for the rest of the body."""

_CODE: Final = Path(__file__).read_text(encoding="utf-8")
_PNG: Final = b"\x89PNG\r\n\x1a\n"


def body(messages: Any, **more: Any) -> bytes:
    """A request to ``/v1/messages``."""
    members = {"model": "claude-sonnet-4.5", "messages": messages, **more}
    return json.dumps(members, ensure_ascii=False).encode()


def prompt(content: Any, **more: Any) -> bytes:
    """A body of one user message."""
    return body([{"role": "user", "content": content}], **more)


def with_member(raw: bytes) -> bytes:
    """A body with a further member, ``x``, which the gateway does not read."""
    return prompt("hello")[:-1] + b', "x": ' + raw + b"}"


def code(size: int) -> str:
    """Source text of that many characters."""
    return (_CODE * (size // len(_CODE) + 1))[:size]


def _csv(size: int) -> bytes:
    lines = "".join(f'{number},{number * 7},name {number},"{number / 3:.3f}",2024-01-01\n' for number in range(100))
    text = (lines * (size // len(lines) + 1))[: size * 9 // 10]
    call = {"type": "tool_use", "id": "t1", "name": "read", "input": {"path": "data.csv"}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": text}
    messages = [("user", "Read it."), ("assistant", [call]), ("user", [result])]
    return body([{"role": role, "content": content} for role, content in messages], tools=[_tool(0, "read")])


def _history(size: int, result: int = 8000) -> bytes:
    """An agent's session: calls with results of so many characters."""
    messages: list[Any] = [{"role": "user", "content": "Go through all files."}]
    for number in range(min(size // (result * 9 // 8 + 300), 4990)):
        call = {"type": "tool_use", "id": f"t{number}", "name": "read", "input": {"path": f"src/{number}.py", "n": 1}}
        messages.append({"role": "assistant", "content": [{"type": "text", "text": "Next."}, call]})
        text = {"type": "tool_result", "tool_use_id": f"t{number}", "content": code(result)}
        messages.append({"role": "user", "content": [text]})
    return body(messages, tools=[_tool(number, f"tool_{number}") for number in range(24)] + [_tool(24, "read")])


def _tool(number: int, name: str) -> dict[str, Any]:
    properties = {f"p{index}": {"type": "string", "description": "One of its inputs."} for index in range(14)}
    schema = {"type": "object", "properties": properties, "required": ["p0"]}
    return {"name": name, "description": f"Tool number {number}. " + "It reads. " * 20, "input_schema": schema}


def _tools(size: int) -> bytes:
    return prompt("hello", tools=[_tool(number, f"tool_{number}") for number in range(min(512, size // 1300))])


def _images(size: int) -> bytes:
    part = min(size // 4, 10 * MB) // 4 * 4
    data = base64.b64encode(_PNG + bytes(part * 3 // 4 - len(_PNG))).decode()
    source = {"type": "base64", "media_type": "image/png", "data": data}
    return prompt([{"type": "image", "source": source}] * 4)


def _tiny_messages(size: int) -> bytes:
    roles = ("user", "assistant")
    return body([{"role": roles[number % 2], "content": "x"} for number in range(min(9_999, size // 36))])


BODIES: Final[dict[str, Callable[[int], bytes]]] = {
    "one string": lambda size: prompt("x" * size),
    "code in one string": lambda size: prompt(code(size * 9 // 10)),
    "Japanese in one string": lambda size: prompt("日本" * (size // 6)),
    "escapes in one string": lambda size: prompt("\n" * (size // 2)),
    "\\ud800 repeated": lambda size: prompt("X").replace(b'"X"', b'"' + rb"\ud800" * (size // 6) + b'"'),
    "base64 images": _images,
    "a tool result of CSV": _csv,
    "a session with tools": _history,
    "a session of tiny results": lambda size: _history(size, 20),
    "thousands of tiny messages": _tiny_messages,
    "hundreds of tools": _tools,
    "text blocks": lambda size: prompt([{"type": "text", "text": "x"}] * (size // 32)),
    "[], repeated": lambda size: with_member(b"[" + b"[]," * (size // 3) + b"[]]"),
    "[{}, repeated": lambda size: with_member(b"[" + b"{}," * (size // 3) + b"[]]"),
    "60 levels, repeated": lambda size: with_member(b"[" + (b"[" * 60 + b"]" * 60 + b",") * (size // 121) + b"[]]"),
    "deep nesting": lambda size: with_member(b"[" * (size // 2) + b"]" * (size // 2)),
}
"""By the name of what fills them: the size in bytes → the body."""


def honest_schema() -> dict[str, Any]:
    """A JSON Schema of 95 KB, as programs derive them from their classes."""
    fields = {f"field_{index}": {"type": "string", "description": "What it means. " * 3} for index in range(12)}
    classes = {f"Class{index}": {"type": "object", "properties": fields} for index in range(90)}
    properties = {f"c{index}": {"$ref": f"#/$defs/Class{index}"} for index in range(90)}
    return {"type": "object", "properties": properties, "$defs": classes}


def schemas() -> dict[str, bytes]:
    """Bodies that want JSON by a schema; the answer is the text that the mark in them asks for."""
    pattern = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}}
    unique = {"type": "object", "properties": {"a": {"type": "array", "uniqueItems": True}}}

    def asking(schema: Any, mark: str) -> bytes:
        return prompt(mark, output_config={"format": {"type": "json_schema", "schema": schema}})

    return {
        "a schema with ^(a+)+$": asking(pattern, "[[pattern 24]]"),
        "uniqueItems over 3,000 objects": asking(unique, "[[objects 3000]]"),
        "an honest schema of 95 KB": asking(honest_schema(), "[[object 1]]"),
    }
