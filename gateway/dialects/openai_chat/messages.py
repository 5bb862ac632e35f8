"""The chat API's messages into ours: six roles into two, and system texts apart."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway import jsontext
from gateway.conversation import Block, Message, Text, Thinking, ToolCall, ToolResult
from gateway.dialects import system
from gateway.dialects.openai_parts import Part, parts

Json = Mapping[str, Any]


def messages(items: Sequence[Json]) -> Iterator[Message | str]:
    """Each message in its place; a system or developer message as its text. Raises INVALID_REQUEST with a path."""
    waiting: dict[str, str] = {}  # first tool form: function name -> the id we gave its last call
    for index, item in enumerate(items):
        path = f"messages.{index}.content"
        said = parts(item.get("content"), path)
        match item["role"]:
            case "system" | "developer":
                yield system.joined(system.texts((*_name(item, said), *said), path))
            case "user":
                yield Message("user", (*_name(item, said), *said))
            case "assistant":
                yield Message("assistant", (*_assistant(item, said), *_calls(item, index, waiting)))
            case "tool":
                yield Message("user", (ToolResult(item["tool_call_id"], said),))
            case "function":
                call_id = waiting.get(item["name"]) or f"call_function_{index}"
                yield Message("user", (ToolResult(call_id, said),))


def _name(item: Json, said: tuple[Part, ...]) -> Iterator[Text]:
    """Who says it, where a chat has several users. An assistant's is left out: the model would write it itself."""
    if item.get("name") and said:
        yield Text(f"{item['name']}:")


def _assistant(item: Json, said: tuple[Part, ...]) -> Iterator[Block]:
    """Reasoning first, as it was said; it comes without Kiro's signature in this API."""
    reasoning = item.get("reasoning_content") or item.get("reasoning")  # OpenRouter's clients call it so
    if isinstance(reasoning, str) and reasoning:
        yield Thinking(reasoning, None)
    yield from said
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
