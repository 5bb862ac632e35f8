"""What a client makes of a stream: the order its API promises, checked, and the turn put together again.

Written from the APIs' own descriptions, so that it shares nothing with the encoders.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Received:
    """A turn as a client has it at the end; calls are [id, name, arguments]."""

    text: str = ""
    thinking: str = ""
    signatures: list[str] = field(default_factory=list)
    redacted: list[str] = field(default_factory=list)
    calls: list[list[str]] = field(default_factory=list)
    stop: str | None = None
    usage: dict[str, Any] | None = None
    error: dict[str, Any] | None = None


def anthropic(events: list[tuple[str, Any]]) -> Received:
    """Fold the events of ``/v1/messages``; AssertionError where their order is wrong."""
    found, opened, following = Received(), None, 0
    names = [name for name, data in events if name != "ping"]
    assert names[0] == "message_start"
    assert [data["type"] for _, data in events] == [name for name, _ in events]
    for name, data in events:
        match name:
            case "content_block_start":
                assert (opened, data["index"]) == (None, following)
                opened, following = data["content_block"]["type"], following + 1
                _opened(found, data["content_block"])
            case "content_block_delta":
                assert data["index"] == following - 1
                _delta(found, opened, data["delta"])
            case "content_block_stop":
                assert opened is not None
                opened = None
            case "message_delta":
                found.stop, found.usage = data["delta"]["stop_reason"], data["usage"]
                assert opened is None
            case "error":
                found.error = data["error"]
    assert names[-2:] == ["message_delta", "message_stop"] if found.error is None else names[-1] == "error"
    return found


def _opened(found: Received, block: dict[str, Any]) -> None:
    if block["type"] == "redacted_thinking":
        found.redacted.append(block["data"])
    if block["type"] == "tool_use":
        assert block["input"] == {}
        found.calls.append([block["id"], block["name"], ""])


def _delta(found: Received, opened: str | None, delta: dict[str, Any]) -> None:
    match opened, delta["type"]:
        case "text", "text_delta":
            found.text += delta["text"]
        case "thinking", "thinking_delta":
            found.thinking += delta["thinking"]
        case "thinking", "signature_delta":
            found.signatures.append(delta["signature"])
        case "tool_use", "input_json_delta":
            found.calls[-1][2] += delta["partial_json"]
        case other:
            raise AssertionError(f"no such delta there: {other}")


def openai_chat(events: list[tuple[str, Any]]) -> Received:
    """Fold the chunks of a stream with usage; AssertionError where their order is wrong."""
    found = Received()
    chunks = [data for _, data in events]
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    for chunk in chunks:
        if chunk == "[DONE]" or "error" in chunk:
            continue
        assert chunk["object"] == "chat.completion.chunk"
        if not chunk["choices"]:
            found.usage = chunk["usage"]
            continue
        (choice,) = chunk["choices"]
        assert found.stop is None
        found.stop = choice["finish_reason"]
        _chat_delta(found, choice["delta"])
    if "error" in chunks[-1]:
        found.error = chunks[-1]["error"]
        assert "[DONE]" not in chunks
    else:
        assert chunks[-1] == "[DONE]"
        assert chunks[-2]["choices"] == []
        assert found.stop is not None
    return found


def openai_responses(events: list[tuple[str, Any]]) -> Received:
    """Fold the events of ``/v1/responses``; AssertionError where their order or their sums are wrong."""
    found, items, done = Received(), list[dict[str, Any]](), list[dict[str, Any]]()
    assert [name for name, _ in events[:2]] == ["response.created", "response.in_progress"]
    assert [data["sequence_number"] for _, data in events] == list(range(len(events)))
    assert [data["type"] for _, data in events] == [name for name, _ in events]
    for name, data in events[2:-1]:
        if name == "response.output_item.added":
            assert data["output_index"] == len(items)
            items.append({"item": data["item"], "sum": ""})
            continue
        opened = items[data["output_index"]]
        assert data.get("item_id", opened["item"]["id"]) == opened["item"]["id"]
        if name.endswith(".delta"):
            opened["sum"] += data["delta"]
        elif name == "response.output_item.done":
            assert data["item"]["id"] == opened["item"]["id"]
            done.append(data["item"])
        elif name in _WHOLE:
            assert data[_WHOLE[name]] == opened["sum"]
    last, response = events[-1][0], events[-1][1]["response"]
    assert last == f"response.{response['status']}"
    assert response["output"] == done
    for opened in items:
        _response_item(found, opened["item"], opened["sum"])
    found.signatures = [item["encrypted_content"] for item in done if item.get("encrypted_content")]
    found.stop, found.usage, found.error = last, response["usage"], response["error"]
    return found


_WHOLE = {
    "response.output_text.done": "text",
    "response.reasoning_summary_text.done": "text",
    "response.function_call_arguments.done": "arguments",
    "response.custom_tool_call_input.done": "input",
}


def _response_item(found: Received, item: dict[str, Any], whole: str) -> None:
    match item["type"]:
        case "message":
            found.text += whole
        case "reasoning":
            found.thinking += whole
        case "function_call" | "custom_tool_call":
            found.calls.append([item["call_id"], item["name"], whole])


def _chat_delta(found: Received, delta: dict[str, Any]) -> None:
    found.text += delta.get("content") or ""
    found.thinking += delta.get("reasoning_content") or ""
    for call in delta.get("tool_calls", ()):
        if "id" in call:
            assert (call["index"], call["type"]) == (len(found.calls), "function")
            found.calls.append([call["id"], call["function"]["name"], ""])
        assert call["index"] == len(found.calls) - 1
        found.calls[-1][2] += call["function"]["arguments"]
