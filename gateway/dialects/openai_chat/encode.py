"""Events of a turn as the chunks of OpenAI's chat API.

Order: a chunk with the role, deltas, a chunk with the finish reason, the usage chunk if it was asked for, ``[DONE]``.
After an error nothing comes, not even ``[DONE]``: a broken answer must not end like a good one.
"""

from typing import Any

from gateway import jsontext
from gateway.conversation import ToolCall
from gateway.dialects import sse
from gateway.dialects.dialect import Opening
from gateway.dialects.openai_chat import error, render
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


class ChatEncoder:
    """One stream. Fronts and backs of the deltas are made once; a tool's index counts calls, not blocks."""

    __slots__ = (
        "_arguments",
        "_arguments_end",
        "_calls",
        "_functions",
        "_head",
        "_text",
        "_thought",
        "_usage",
        "_with_usage",
    )

    def __init__(self, opening: Opening, *, with_usage: bool, functions: bool) -> None:
        fields = jsontext.encode(render.head(opening, "chat.completion.chunk")).decode()[:-1]
        self._head = f"data: {fields}"
        delta = f'{self._head},"choices":[{{"index":0,"delta":{{'
        self._text = f'{delta}"content":'
        self._thought = f'{delta}"reasoning_content":'
        self._arguments = f'{delta}"function_call":{{"arguments":'
        self._arguments_end = '}},"finish_reason":null}]}\n\n'
        self._functions = functions
        self._with_usage = with_usage
        self._calls = -1
        self._usage = Usage(opening.input_tokens, 0)

    def start(self) -> bytes:
        """The chunk with the role."""
        return self._chunk({"role": "assistant", "content": ""})

    def encode(self, event: Event) -> bytes:
        """One event; the most frequent ones stand first."""
        match event:
            case TextDelta():
                return f'{self._text}{quote(event.text)}}},"finish_reason":null}}]}}\n\n'.encode()
            case ArgumentsDelta():
                return f"{self._arguments}{quote(event.json)}{self._arguments_end}".encode()
            case ThinkingDelta():
                return f'{self._thought}{quote(event.text)}}},"finish_reason":null}}]}}\n\n'.encode()
            case BlockStart():
                return self._call(event.block) if isinstance(event.block, ToolCall) else b""
            case BlockEnd() | SignatureDelta():
                return b""  # this API has no place for either
            case Usage():
                self._usage = event
                return b""
            case Stop():
                return self._stop(event)
            case Failure():
                return sse.unnamed(jsontext.encode(error.status_and_body(event.error)[1]))

    def ping(self) -> bytes:
        """A comment: an empty chunk would be taken for content by some clients."""
        return sse.COMMENT_PING

    def _call(self, call: ToolCall) -> bytes:
        """The first delta of a call has its id and name; all of them have its index."""
        self._calls += 1
        if self._functions:
            return self._chunk({"function_call": {"name": call.name, "arguments": ""}})
        self._arguments = (
            f'{self._head},"choices":[{{"index":0,"delta":{{"tool_calls":'
            f'[{{"index":{self._calls},"function":{{"arguments":'
        )
        self._arguments_end = '}}]},"finish_reason":null}]}\n\n'
        function = {"name": call.name, "arguments": ""}
        return self._chunk(
            {"tool_calls": [{"index": self._calls, "id": call.id, "type": "function", "function": function}]}
        )

    def _stop(self, event: Stop) -> bytes:
        finish = self._chunk({}, render.finish_reason(event.reason, functions=self._functions))
        if not self._with_usage:
            return finish + sse.DONE
        usage = jsontext.encode(render.usage(self._usage)).decode()
        return finish + f'{self._head},"choices":[],"usage":{usage}}}\n\n'.encode() + sse.DONE

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        choices = jsontext.encode([{"index": 0, "delta": delta, "finish_reason": finish}]).decode()
        return f'{self._head},"choices":{choices}}}\n\n'.encode()
