"""The four forms of an answer, each read by its API's own grammar: what a client has at the end, good or bad.

Reading an answer checks it (R39): one end and one only, nothing after it, usage with a good end, and of a broken answer
no ``message_stop``, no ``[DONE]``, no finish reason.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.dialects import received, sse_reader
from tests.live import Live

PATHS = {"anthropic": "/v1/messages", "openai": "/v1/chat/completions"}
LEAST_LEFT_OUT = {"max_tokens": 64_000}
"""More than any answer here has, so that no limit of ours cuts one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a client got. error: the API's own error object, from the status's body or from the stream; else None."""

    status: int
    headers: dict[str, str]
    text: str = ""
    calls: list[list[Any]] = field(default_factory=list)
    stop: str | None = None
    usage: dict[str, Any] | None = None
    error: dict[str, Any] | None = None

    @property
    def message(self) -> str:
        """The error's words."""
        assert self.error is not None, f"a good answer: {self}"
        return str(self.error["message"])


@dataclass(frozen=True, slots=True)
class Form:
    """One API, streamed or whole."""

    api: str
    stream: bool

    def __str__(self) -> str:
        return f"{self.api}-{'streamed' if self.stream else 'whole'}"

    @property
    def path(self) -> str:
        """Where it is asked for."""
        return PATHS[self.api]

    def body(self, **changes: Any) -> dict[str, Any]:
        """What a hello has to have besides: thinking off, so that text is text in both APIs."""
        own: dict[str, Any] = {"stream": self.stream, **LEAST_LEFT_OUT}
        if self.api == "openai":
            own |= {"reasoning_effort": "none"}
            own |= {"stream_options": {"include_usage": True}} if self.stream else {}
        return own | changes

    async def ask(self, live: Live, **changes: Any) -> Outcome:
        """Send a hello and read its answer to the end. AssertionError where the answer breaks its API's grammar."""
        async with live.post(self.path, **self.body(**changes)) as answer:
            raw = await answer.read()
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return self.read(answer.status, headers, raw)

    def read(self, status: int, headers: dict[str, str], raw: bytes) -> Outcome:
        """The outcome of an answer's bytes."""
        if status != 200:
            return self._refused(status, headers, raw)
        if self.stream:
            assert headers["content-type"].startswith("text/event-stream")
            return self._streamed(headers, raw)
        assert headers["content-type"].startswith("application/json")
        return _whole(self.api, headers, raw)

    def _refused(self, status: int, headers: dict[str, str], raw: bytes) -> Outcome:
        body = sse_reader.json.loads(raw)
        assert status >= 400 and headers["content-type"].startswith("application/json")
        assert headers.get("request-id") or headers.get("x-request-id")
        if self.api == "anthropic":
            assert body["type"] == "error" and body["error"].keys() >= {"type", "message"}
        else:
            assert body["error"].keys() >= {"type", "message", "param", "code"}
        return Outcome(status, headers, error=body["error"])

    def _streamed(self, headers: dict[str, str], raw: bytes) -> Outcome:
        events = sse_reader.read(raw)
        names = [name for name, _ in events]
        data = [value for _, value in events]
        if len(events) == 1:  # comments, and then the error that came before the answer began
            assert "error" in data[0]
            return Outcome(200, headers, error=data[0]["error"])
        found = received.anthropic(events) if self.api == "anthropic" else received.openai_chat(events)
        if found.error is not None:
            assert not {"message_stop", "message_delta"} & set(names) and "[DONE]" not in data
            assert found.stop is None and sum("error" in value for value in data) == 1
        else:
            assert found.stop and found.usage is not None
            assert names.count("message_stop") + data.count("[DONE]") == 1
        return Outcome(200, headers, found.text, found.calls, found.stop, found.usage, found.error)


def _whole(api: str, headers: dict[str, str], raw: bytes) -> Outcome:
    body = sse_reader.json.loads(raw)
    assert "error" not in body and body["usage"]
    if api == "anthropic":
        blocks, stop = body["content"], body["stop_reason"]
        text = "".join(block["text"] for block in blocks if block["type"] == "text")
        calls = [[block["id"], block["name"], block["input"]] for block in blocks if block["type"] == "tool_use"]
    else:
        [choice] = body["choices"]
        message, stop = choice["message"], choice["finish_reason"]
        text = message["content"] or ""
        calls = [
            [call["id"], call["function"]["name"], call["function"]["arguments"]]
            for call in message.get("tool_calls") or ()
        ]
    assert stop
    return Outcome(200, headers, text, calls, stop, body["usage"])


FORMS = tuple(Form(api, stream) for api in PATHS for stream in (True, False))
