"""Events of a turn as the event stream of the Anthropic API.

Order: message_start, ping, per block content_block_start, deltas, content_block_stop, then message_delta with the stop
reason and the whole usage (langchain reads input tokens only there), then message_stop. After an error event nothing.
"""

from typing import Any, Final

from gateway import jsontext
from gateway.conversation import RedactedThinking, Text, Thinking, ToolCall
from gateway.dialects import signature, sse
from gateway.dialects.anthropic import error, render
from gateway.dialects.dialect import Opening
from gateway.events import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    Event,
    Failure,
    SignatureDelta,
    Stop,
    TextDelta,
    ThinkingDelta,
    Usage,
)
from gateway.jsontext import quote
from gateway.search.values import SearchCall, SearchResult

_PING: Final = sse.named("ping", b'{"type":"ping"}')
_STOPPED: Final = sse.named("message_stop", b'{"type":"message_stop"}')
_DELTA: Final = (
    "event: content_block_delta\n"
    'data: {{"type":"content_block_delta","index":{index},"delta":{{"type":"{type}","{field}":'
)
"""What stands before the quoted text of a delta; ``}}`` and the blank line follow it."""


class AnthropicEncoder:
    """One stream. ``_head`` is the front of the open block's deltas, made once a block.

    ``_thought`` is the open block's thinking; it is needed at the end if no signature of Kiro's has come by then.
    """

    __slots__ = ("_head", "_key", "_opening", "_thought", "_unsigned", "_usage")

    def __init__(self, opening: Opening, key: bytes) -> None:
        self._opening = opening
        self._key = key
        self._head = ""
        self._thought: list[str] = []
        self._unsigned = False
        self._usage = Usage(opening.input_tokens, 0, opening.cache_read, opening.cache_write)

    def start(self) -> bytes:
        """message_start with the estimated input, and a ping."""
        message = render.message(self._opening, [], None, None, self._usage)
        return _event("message_start", {"type": "message_start", "message": message}) + _PING

    def encode(self, event: Event) -> bytes:
        """One event; the most frequent ones stand first."""
        match event:
            case TextDelta():
                return f"{self._head}{quote(event.text)}}}}}\n\n".encode()
            case ArgumentsDelta():
                return f"{self._head}{quote(event.json)}}}}}\n\n".encode()
            case ThinkingDelta():
                self._thought.append(event.text)
                return f"{self._head}{quote(event.text)}}}}}\n\n".encode()
            case BlockStart():
                return self._block_start(event)
            case BlockEnd():
                return self._block_end(event.index)
            case SignatureDelta():
                return self._sign(event.index, event.signature)
            case Usage():
                self._usage = event
                return b""
            case Stop():
                return self._stop(event)
            case Failure():
                return _event("error", error.event_body(event.error))

    def ping(self) -> bytes:
        """The API's own ping event."""
        return _PING

    def _block_start(self, event: BlockStart) -> bytes:
        kind, field, rest = "", "", ""
        match event.block:
            case Text():
                kind, field = "text_delta", "text"
            case Thinking():
                kind, field = "thinking_delta", "thinking"
                self._thought, self._unsigned = [], True
            case ToolCall():
                kind, field = "input_json_delta", "partial_json"
            case SearchCall(_, query):
                kind, field = "input_json_delta", "partial_json"
                rest = jsontext.encode({"query": query}).decode()
            case RedactedThinking() | SearchResult():
                pass  # whole in its start
        self._head = _DELTA.format(index=event.index, type=kind, field=field)
        opened = render.opened(event.block)
        start = {"type": "content_block_start", "index": event.index, "content_block": opened}
        more = f"{self._head}{quote(rest)}}}}}\n\n".encode() if rest else b""
        return _event("content_block_start", start) + more

    def _block_end(self, index: int) -> bytes:
        signed = b""
        if self._unsigned:
            signed = self._sign(index, signature.mark("".join(self._thought), self._key))
        return signed + _event("content_block_stop", {"type": "content_block_stop", "index": index})

    def _sign(self, index: int, signed: str) -> bytes:
        self._unsigned = False
        head = _DELTA.format(index=index, type="signature_delta", field="signature")
        return f"{head}{quote(signed)}}}}}\n\n".encode()

    def _stop(self, event: Stop) -> bytes:
        delta = {"stop_reason": render.STOP_REASONS[event.reason], "stop_sequence": event.sequence}
        usage = render.usage(self._usage)
        return _event("message_delta", {"type": "message_delta", "delta": delta, "usage": usage}) + _STOPPED


def _event(name: str, body: dict[str, Any]) -> bytes:
    return sse.named(name, jsontext.encode(body))
