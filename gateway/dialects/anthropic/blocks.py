"""Content blocks of the Anthropic API into ours."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from gateway import jsontext
from gateway.conversation import Block, Document, Image, RedactedThinking, Text, Thinking, ToolCall, ToolResult
from gateway.dialects import documents, images, signature
from gateway.dialects.anthropic import search
from gateway.search.values import SearchCall, SearchResult

Json = Mapping[str, Any]
Part = Text | Image | Document
Said = Block | SearchCall | SearchResult


def content(value: str | Sequence[Json], path: str) -> tuple[Said, ...]:
    """A message's content; ``path`` is where it stands in the body. Raises INVALID_REQUEST for what cannot be sent."""
    if isinstance(value, str):
        return (Text(value),)
    return tuple([block for index, item in enumerate(value) for block in _block(item, path, index)])


def _block(item: Json, path: str, index: int) -> Iterable[Said]:
    """What one block stands for, the most frequent kinds first; some stand for nothing, some for several."""
    match item["type"]:
        case "text":
            return (Text(item["text"]),)
        case "tool_use":
            return (ToolCall(item["id"], item["name"], jsontext.encode(item["input"]).decode()),)
        case "tool_result":
            return (_tool_result(item, f"{path}.{index}"),)
        case "thinking":
            return _thinking(item)
        case "redacted_thinking":
            return (RedactedThinking(item["data"]),)
        case "server_tool_use":
            return (search.call(item),)
        case "web_search_tool_result":
            return (search.result(item),)
        case "image" | "document" | "search_result":
            return _part(item, f"{path}.{index}")
    return ()


def _thinking(item: Json) -> Iterator[Thinking]:
    """Thinking with a signature of ours is Kiro's words without Kiro's proof: it cannot go back, so it is dropped."""
    signed = item.get("signature") or None
    if signed is None or not signature.is_ours(signed):
        yield Thinking(item["thinking"], signed)


def _tool_result(item: Json, path: str) -> ToolResult:
    value = item.get("content")
    parts: tuple[Part, ...]
    if isinstance(value, str):
        parts = (Text(value),)
    else:
        each = enumerate(value or ())
        parts = tuple([made for at, part in each for made in _part(part, f"{path}.content.{at}")])
    return ToolResult(item["tool_use_id"], parts, item.get("is_error") is True)


def _part(part: Json, path: str) -> Iterator[Part]:
    match part["type"]:
        case "text":
            yield Text(part["text"])
        case "image":
            yield _image(part, path)
        case "document":
            yield from _document(part, path)
        case "search_result":
            yield from _searched(part)
        case "tool_reference":
            yield Text(f"The tool {part['tool_name']} can be called now.")


def _searched(item: Json) -> Iterator[Text]:
    """What the client found by a search of its own: title and source before the text."""
    yield from (Text(item[name]) for name in ("title", "source") if item[name])
    yield from (Text(part["text"]) for part in item["content"])


def _image(item: Json, path: str) -> Image:
    source = item["source"]
    if source["type"] == "url":
        return images.from_url(source["url"], f"{path}.source.url")
    return images.from_base64(source["data"], f"{path}.source.data")


def _document(item: Json, path: str) -> Iterator[Part]:
    """Its title and context as text before it; what is text already is text, a PDF is made text later."""
    source = item["source"]
    yield from (Text(item[name]) for name in ("title", "context") if item.get(name))
    match source["type"]:
        case "text":
            yield Text(source["data"])
        case "content":
            yield from _document_content(source["content"], f"{path}.source.content")
        case "url":
            yield documents.from_url(source["url"], f"{path}.source.url")
        case _:
            yield documents.from_base64(source["data"], source.get("media_type"), f"{path}.source")


def _document_content(inner: str | Sequence[Json], path: str) -> Iterator[Part]:
    if isinstance(inner, str):
        yield Text(inner)
        return
    for index, part in enumerate(inner):
        yield from _part(part, f"{path}.{index}")
