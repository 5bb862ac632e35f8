"""Content blocks of the Anthropic API."""

import base64
from typing import Any

import pytest

from gateway.conversation import Block, Document, Image, RedactedThinking, Text, Thinking, ToolCall, ToolResult
from gateway.dialects.anthropic import blocks
from gateway.dialects.signature import mark
from gateway.errors import GatewayError

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(10)).decode()
PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": PNG}}


def result(content: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": "t1", "content": content, **fields}


CASES: list[tuple[dict[str, Any], list[Block]]] = [
    ({"type": "text", "text": "a\x00b"}, [Text("a\x00b")]),
    (PICTURE, [Image("png", PNG)]),
    ({"type": "image", "source": {"type": "url", "url": f"data:image/png;base64,{PNG}"}}, [Image("png", PNG)]),
    (
        {"type": "tool_use", "id": "i", "name": "n", "input": {"b": 2**70, "a": "日"}},
        [ToolCall("i", "n", '{"b":1180591620717411303424,"a":"日"}')],
    ),
    (result("done"), [ToolResult("t1", (Text("done"),))]),
    (result(None, is_error=True), [ToolResult("t1", (), is_error=True)]),
    (result([{"type": "text", "text": "a"}, PICTURE]), [ToolResult("t1", (Text("a"), Image("png", PNG)))]),
    (
        result([{"type": "tool_reference", "tool_name": "x"}]),
        [ToolResult("t1", (Text("The tool x can be called now."),))],
    ),
    ({"type": "thinking", "thinking": "hm", "signature": "Eq=="}, [Thinking("hm", "Eq==")]),
    ({"type": "thinking", "thinking": "hm"}, [Thinking("hm", None)]),
    ({"type": "thinking", "thinking": "hm", "signature": mark("hm", b"any key")}, []),
    ({"type": "redacted_thinking", "data": "c2Vj"}, [RedactedThinking("c2Vj")]),
    (
        {"type": "document", "title": "T", "context": None, "source": {"type": "text", "data": "body"}},
        [Text("T"), Text("body")],
    ),
    ({"type": "document", "source": {"type": "content", "content": "inner"}}, [Text("inner")]),
    (
        {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "x"}, PICTURE]}},
        [Text("x"), Image("png", PNG)],
    ),
    (
        {"type": "document", "title": "T", "source": {"type": "base64", "data": "JVBERi0="}},
        [Text("T"), Document("JVBERi0=", "p.0.source.data")],
    ),
    (
        result([{"type": "document", "source": {"type": "text", "data": "body"}}]),
        [ToolResult("t1", (Text("body"),))],
    ),
]


@pytest.mark.parametrize(("block", "parsed"), CASES)
def test_a_block_becomes_ours(block: dict[str, Any], parsed: list[Block]) -> None:
    assert list(blocks.content([block], "p")) == parsed


def test_a_string_is_one_text() -> None:
    assert blocks.content("hi", "p") == (Text("hi"),)


REFUSED = [
    ({"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}}, "p.1.source.url", "fetches no URLs"),
    ({"type": "image", "source": {"type": "base64", "data": "?"}}, "p.1.source.data", "not valid base64"),
    (
        result([PICTURE, {"type": "image", "source": {"type": "base64", "data": ""}}]),
        "p.1.content.1.source.data",
        "base64",
    ),
    ({"type": "document", "source": {"type": "url", "url": "https://x.test"}}, "p.1.source.url", "fetches no URLs"),
    ({"type": "document", "source": {"type": "base64", "data": "?"}}, "p.1.source.data", "not valid base64"),
    (
        {"type": "document", "source": {"type": "base64", "media_type": "application/msword", "data": "QUJD"}},
        "p.1.source.media_type",
        "Only PDF",
    ),
]


@pytest.mark.parametrize(("block", "path", "words"), REFUSED)
def test_what_cannot_be_sent_is_refused_with_its_path(block: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(GatewayError, match=words) as refused:
        blocks.content([{"type": "text", "text": "a"}, block], "p")
    assert refused.value.path == path
