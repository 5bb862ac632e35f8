"""Input items of the Responses API into ours."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gateway.conversation import Message, RedactedThinking, Text, Thinking, ToolCall, ToolResult
from gateway.dialects import system
from gateway.dialects.openai_parts import parts
from gateway.dialects.openai_responses import sealed
from gateway.dialects.openai_responses.freeform import wrapped
from gateway.dialects.openai_responses.schema import kind
from gateway.dialects.openai_responses.tools import Toolbox
from gateway.errors import GatewayError, Kind
from gateway.search import history
from gateway.search.values import SearchCall

Json = Mapping[str, Any]

_NO_EXCERPTS: Final = "What was found is no longer at hand; the answer that was made of it follows."


def messages(items: str | Sequence[Json], toolbox: Toolbox) -> Iterator[Message | str]:
    """Each item in its place; a system or developer message as its text. Raises INVALID_REQUEST with a path.

    An item is a message of its own here: an answer's reasoning, text and calls are joined again on the way to Kiro.
    """
    if isinstance(items, str):
        yield Message("user", (Text(items),))
        return
    for index, item in enumerate(items):
        path = f"input.{index}"
        match kind(item):
            case "message":
                yield _message(item, path)
            case "function_call":
                yield _call(item, toolbox.flat(item), item["arguments"] or "{}")
            case "custom_tool_call":
                yield _call(item, toolbox.flat(item), wrapped(item["input"]))
            case "function_call_output" | "custom_tool_call_output":
                yield Message("user", (ToolResult(item["call_id"], parts(item["output"], f"{path}.output")),))
            case "reasoning":
                yield from _reasoning(item)
            case "web_search_call":
                yield from _search(item, index)
            case "item_reference":
                message = (
                    "The gateway keeps no such item: send the item itself, or `store: true` with the answer it is of"
                )
                raise GatewayError(Kind.INVALID_REQUEST, message, path=f"{path}.id")


def _message(item: Json, path: str) -> Message | str:
    said = parts(item["content"], f"{path}.content")
    match item["role"]:
        case "user":
            return Message("user", said)
        case "assistant":
            return Message("assistant", said)
    return system.joined(system.texts(said, f"{path}.content"))


def _call(item: Json, name: str, arguments: str) -> Message:
    return Message("assistant", (ToolCall(item["call_id"], name, arguments),))


def _reasoning(item: Json) -> Iterator[Message]:
    """Sealed reasoning as it was. Foreign reasoning is dropped, summary and all: no model of Kiro's has thought it."""
    content = item.get("encrypted_content")
    block: Thinking | RedactedThinking | None
    if content:
        block = sealed.unseal(content)
    else:
        block = Thinking("".join(part["text"] for part in item.get("content") or item.get("summary") or ()), None)
    if block is not None:
        yield Message("assistant", (block,))


def _search(item: Json, index: int) -> Iterator[Message]:
    """A search of an earlier answer. Its excerpts are not in the item: what came of it stands in the text behind it."""
    action = item.get("action") or {}
    call_id = item.get("id") or f"web_search_{index}"
    query = action.get("query") or "; ".join(action.get("queries") or ())
    yield Message("assistant", (history.call(SearchCall(call_id, query)),))
    found = [source["url"] for source in action.get("sources") or () if source.get("url")]
    found += [action[name] for name in ("url", "pattern") if action.get(name)]  # a page that was opened or searched
    yield Message("user", (ToolResult(call_id, (Text("\n".join([_NO_EXCERPTS, *found])),)),))
