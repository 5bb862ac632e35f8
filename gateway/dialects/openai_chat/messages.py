"""The chat API's messages into ours: six roles into two, and system texts apart."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway import jsontext
from gateway.conversation import Block, Document, Image, Message, Text, Thinking, ToolCall, ToolResult
from gateway.dialects import documents, images, system
from gateway.errors import GatewayError, Kind

Json = Mapping[str, Any]
Part = Text | Image | Document


def messages(items: Sequence[Json]) -> Iterator[Message | str]:
    """Each message in its place; a system or developer message as its text. Raises INVALID_REQUEST with a path."""
    waiting: dict[str, str] = {}  # first tool form: function name -> the id we gave its last call
    for index, item in enumerate(items):
        parts = _parts(item.get("content"), f"messages.{index}.content")
        match item["role"]:
            case "system" | "developer":
                yield system.joined([_only_text(part, f"messages.{index}.content") for part in parts])
            case "user":
                yield Message("user", parts)
            case "assistant":
                yield Message("assistant", (*_assistant(item, parts), *_calls(item, index, waiting)))
            case "tool":
                yield Message("user", (ToolResult(item["tool_call_id"], parts),))
            case "function":
                call_id = waiting.get(item["name"]) or f"call_function_{index}"
                yield Message("user", (ToolResult(call_id, parts),))


def _parts(content: str | Sequence[Json] | None, path: str) -> tuple[Part, ...]:
    if content is None:
        return ()
    if isinstance(content, str):
        return (Text(content),)
    return tuple(_part(part, path, index) for index, part in enumerate(content))


def _part(part: Json, path: str, index: int) -> Part:
    match part["type"]:
        case "image_url" | "input_image":
            url = part["image_url"]
            return images.from_url(url if isinstance(url, str) else url["url"], f"{path}.{index}.image_url")
        case "file":
            return documents.from_url(part["file"]["file_data"], f"{path}.{index}.file.file_data")
        case "input_file":
            return documents.from_url(part["file_data"], f"{path}.{index}.file_data")
        case "refusal":
            return Text(part["refusal"])
        case _:
            return Text(part["text"])


def _only_text(part: Part, path: str) -> str:
    if isinstance(part, Text):
        return part.text
    raise GatewayError(Kind.INVALID_REQUEST, "A system message holds text only", path=path)


def _assistant(item: Json, parts: tuple[Part, ...]) -> Iterator[Block]:
    """Reasoning first, as it was said; it comes without Kiro's signature in this API."""
    if item.get("reasoning_content"):
        yield Thinking(item["reasoning_content"], None)
    yield from parts
    if item.get("refusal"):
        yield Text(item["refusal"])


def _calls(item: Json, index: int, waiting: dict[str, str]) -> Iterator[ToolCall]:
    for call in item.get("tool_calls") or ():
        yield ToolCall(call["id"], call["function"]["name"], _arguments(call["function"]))
    if item.get("function_call"):
        call = item["function_call"]
        waiting[call["name"]] = f"call_function_{index}"
        yield ToolCall(waiting[call["name"]], call["name"], _arguments(call))


def _arguments(call: Json) -> str:
    """The arguments' text, verbatim; some clients send the object itself, or nothing."""
    arguments = call.get("arguments") or "{}"
    return arguments if isinstance(arguments, str) else jsontext.encode(arguments).decode()
