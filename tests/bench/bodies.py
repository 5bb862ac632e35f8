"""The requests of the benchmark, as an Anthropic client sends them. The marker tells the simulator what to answer."""

import json
from typing import Any

MODEL = "claude-sonnet-4.5"
TOOLS = 25
MESSAGES = 120
RESULTS = (MESSAGES - 2) // 2
AGENT_BYTES = 420_000


def bulk(deltas: int, size: int = 12) -> str:
    """A prompt that is answered with so many deltas of so many characters, as fast as they go."""
    return f"hello [[bulk deltas={deltas} size={size}]]"


def paced(deltas: int, rate: int, size: int = 12) -> str:
    """A prompt that is answered with so many deltas a second."""
    return f"hello [[paced deltas={deltas} rate={rate} size={size}]]"


def hello(prompt: str) -> bytes:
    """One short message."""
    messages = [{"role": "user", "content": prompt}]
    return _encoded({"model": MODEL, "max_tokens": 4096, "stream": True, "messages": messages})


def agent(prompt: str) -> bytes:
    """A coding agent far into its work: 25 tools, 120 messages of calls and results, about 420 KB."""
    tools = [_tool(number) for number in range(TOOLS)]
    body = {"model": MODEL, "max_tokens": 8192, "stream": True, "system": "You are a careful engineer. " * 100}
    bare = len(_encoded(body | {"tools": tools, "messages": _messages(prompt, 0)}))
    lines = (AGENT_BYTES - bare) // RESULTS // (len(_encoded(_LINE)) - len('""'))
    return _encoded(body | {"tools": tools, "messages": _messages(prompt, lines)})


_LINE = '    value = table.get("näme", default)  # line of a source file\n'


def _messages(prompt: str, lines: int) -> list[dict[str, Any]]:
    """The user's two openings, then a call and a result of ``lines`` lines in turn; the prompt stands at the end."""
    opening = ("<system-reminder>Work in small steps.</system-reminder>", "Read the files and tell me what they do.")
    messages: list[dict[str, Any]] = [{"role": "user", "content": text} for text in opening]
    while len(messages) < MESSAGES:
        identifier = f"toolu_{len(messages):08d}"
        call = {"type": "tool_use", "id": identifier, "name": "tool_00", "input": {"path": f"src/{identifier}.py"}}
        result = {"type": "tool_result", "tool_use_id": identifier, "content": _LINE * lines}
        messages.append({"role": "assistant", "content": [{"type": "text", "text": "I read it."}, call]})
        messages.append({"role": "user", "content": [result]})
    return [*messages[:-1], messages[-1] | {"content": [*messages[-1]["content"], {"type": "text", "text": prompt}]}]


def _tool(number: int) -> dict[str, Any]:
    properties = {
        f"field_{index}": {"type": "string", "description": "What the field is for, in a sentence or two. " * 2}
        for index in range(14)
    }
    schema = {"type": "object", "properties": properties, "required": ["field_0"], "additionalProperties": False}
    return {"name": f"tool_{number:02d}", "description": "Does one thing well. " * 30, "input_schema": schema}


def _encoded(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
