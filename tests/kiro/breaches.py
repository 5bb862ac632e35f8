"""A sound request body, and for every rule changes to it that break this rule alone.

A change is a dictionary of (path: value); the value GONE removes what is at the path.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

GONE: Final = object()

S = "conversationState"
H = f"{S}.history"
C = f"{S}.currentMessage.userInputMessage"
CONTEXT = f"{C}.userInputMessageContext"
USE = f"{H}[3].assistantResponseMessage.toolUses[0]"
RESULT = f"{CONTEXT}.toolResults[0]"
TOOL = f"{CONTEXT}.tools[0].toolSpecification"
SCHEMA = f"{TOOL}.inputSchema.json"

MODELS: Final[Mapping[str, Any]] = {
    "claude-sonnet-4.5": None,
    "claude-opus-4.7": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "thinking": {"type": "object", "properties": {"type": {"type": "string", "enum": ["adaptive"]}}},
            "max_tokens": {"type": "integer", "minimum": 1024, "maximum": 64000},
        },
    },
}
GIVEN: Final[dict[str, Any]] = {"known_models": MODELS, "max_input_tokens": 330_000}
"""What the rules 31 to 33 are judged by here."""


def user(text: str, **context: Any) -> dict[str, Any]:
    message: dict[str, Any] = {"content": text}
    return {"userInputMessage": message | ({"userInputMessageContext": context} if context else {})}


def assistant(text: Any, *uses: Any) -> dict[str, Any]:
    return {"assistantResponseMessage": {"content": text} | ({"toolUses": list(uses)} if uses else {})}


def use(id: str, name: str = "read_file") -> dict[str, Any]:
    return {"toolUseId": id, "name": name, "input": {"path": "a"}}


def result(id: str, text: str = "hello") -> dict[str, Any]:
    return {"toolUseId": id, "content": [{"text": text}], "status": "success"}


def tool(name: str) -> dict[str, Any]:
    properties = {"path": {"type": "string"}, "required": {"type": "boolean"}}
    schema = {"type": "object", "properties": properties, "required": ["path"]}
    return {"toolSpecification": {"name": name, "description": f"The {name}", "inputSchema": {"json": schema}}}


def talk() -> dict[str, Any]:
    """Two calls in the history, one of them answered by the current message."""
    history = [user("go"), assistant("", use("t1")), user("", toolResults=[result("t1")]), assistant("", use("t2"))]
    current = user("", toolResults=[result("t2")], tools=[tool("read_file"), tool("write_file")])
    current["userInputMessage"] |= {"modelId": "claude-sonnet-4.5", "origin": "AI_EDITOR"}
    state = {"chatTriggerType": "MANUAL", "conversationId": "c", "history": history, "currentMessage": current}
    return {"conversationState": state, "profileArn": "arn:aws:codewhisperer:us-east-1:1:profile/X"}


def steps(path: str) -> list[str | int]:
    words = path.replace("[", ".[").split(".")
    return [int(word[1:-1]) if word.startswith("[") else word for word in words]


def breach(change: Mapping[str, Any]) -> dict[str, Any]:
    """The sound body with the change made."""
    body = talk()
    for path, value in change.items():
        *way, last = steps(path)
        holder: Any = body
        for step in way:
            holder = holder[step]
        if value is GONE:
            del holder[last]
        elif isinstance(holder, list) and last == len(holder):
            holder.append(deepcopy(value))
        else:
            holder[last] = deepcopy(value)
    return body


PIXEL: Final = {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}
PLAIN: Final = {H: [user("go"), assistant("done")], f"{CONTEXT}.toolResults": GONE, f"{C}.content": "next"}
"""The body without calls and results; changes are made on top."""

Breach = tuple[str, str, Mapping[str, Any]]
BREACHES: Final[tuple[Breach, ...]] = (
    ("chat-trigger", f"{S}.chatTriggerType", {f"{S}.chatTriggerType": "AUTO"}),
    ("chat-trigger", f"{S}.chatTriggerType", {f"{S}.chatTriggerType": GONE}),
    (
        "current-message",
        f"{S}.currentMessage",
        {f"{S}.history": GONE, f"{S}.currentMessage": assistant("I would say")},
    ),
    ("alternation", f"{H}[1]", PLAIN | {H: [user("a"), user("b"), assistant("c")]}),
    ("alternation", f"{H}[0]", PLAIN | {H: [assistant("a"), user("b"), assistant("c")]}),
    ("alternation", f"{H}[2]", PLAIN | {H: [user("a"), assistant("b"), user("c")]}),
    ("alternation", f"{H}[0]", PLAIN | {H: [user("a")]}),
    ("alternation", f"{H}[0]", PLAIN | {H: [user("a") | assistant("b"), assistant("c")]}),
    ("alternation", H, PLAIN | {H: {"a": 1}}),
    ("user-content", f"{H}[0].userInputMessage.content", {f"{H}[0].userInputMessage.content": ""}),
    ("user-content", f"{C}.content", PLAIN | {f"{C}.content": ""}),
    ("user-content", f"{C}.content", {f"{C}.content": ["text"]}),
    (
        "assistant-content",
        f"{H}[1].assistantResponseMessage.content",
        PLAIN | {H: [user("go"), assistant("")]},
    ),
    ("assistant-content", f"{H}[1].assistantResponseMessage.content", PLAIN | {H: [user("go"), assistant(7)]}),
    ("result-without-call", f"{CONTEXT}.toolResults[1].toolUseId", {f"{CONTEXT}.toolResults[1]": result("t9")}),
    ("result-without-call", f"{CONTEXT}.toolResults[1].toolUseId", {f"{CONTEXT}.toolResults[1]": result("t1")}),
    ("call-without-result", f"{USE}.toolUseId", {f"{CONTEXT}.toolResults": GONE, f"{C}.content": "go on"}),
    (
        "call-without-result",
        f"{H}[1].assistantResponseMessage.toolUses[1].toolUseId",
        {f"{H}[1].assistantResponseMessage.toolUses[1]": use("t3")},
    ),
    ("duplicate-result", f"{CONTEXT}.toolResults[1].toolUseId", {f"{CONTEXT}.toolResults[1]": result("t2", "again")}),
    ("empty-list", H, PLAIN | {H: []}),
    ("empty-list", f"{CONTEXT}.tools", PLAIN | {f"{CONTEXT}.tools": []}),
    ("empty-list", f"{CONTEXT}.toolResults", PLAIN | {f"{CONTEXT}.toolResults": []}),
    (
        "empty-list",
        f"{H}[1].assistantResponseMessage.toolUses",
        PLAIN | {f"{H}[1].assistantResponseMessage.toolUses": []},
    ),
    ("tools-missing", f"{CONTEXT}.tools", {f"{CONTEXT}.tools": GONE}),
    ("undeclared-tool", f"{USE}.name", {f"{USE}.name": "grep"}),
    ("tool-name", f"{CONTEXT}.tools[1].toolSpecification.name", {f"{CONTEXT}.tools[1]": tool("a.b")}),
    ("tool-name", f"{CONTEXT}.tools[1].toolSpecification.name", {f"{CONTEXT}.tools[1]": tool("_a")}),
    ("tool-name", f"{CONTEXT}.tools[1].toolSpecification.name", {f"{CONTEXT}.tools[1]": tool("a" * 65)}),
    ("tool-name", f"{CONTEXT}.tools[1].toolSpecification.name", {f"{CONTEXT}.tools[1]": tool("a\n")}),
    ("tool-description", f"{TOOL}.description", {f"{TOOL}.description": ""}),
    ("tool-description", f"{TOOL}.description", {f"{TOOL}.description": GONE}),
    ("tool-description-length", f"{TOOL}.description", {f"{TOOL}.description": "é" * 5_121}),
    ("tool-count", f"{CONTEXT}.tools", {f"{CONTEXT}.tools": [tool("read_file"), *(tool(f"t{n}") for n in range(100))]}),
    ("tool-use-id", f"{USE}.toolUseId", {f"{USE}.toolUseId": "a" * 65, f"{RESULT}.toolUseId": "a" * 65}),
    ("tool-use-id", f"{USE}.toolUseId", {f"{USE}.toolUseId": "a:b", f"{RESULT}.toolUseId": "a:b"}),
    ("tool-use-id", f"{USE}.toolUseId", {f"{USE}.toolUseId": "", f"{RESULT}.toolUseId": ""}),
    ("tool-use-input", f"{USE}.input", {f"{USE}.input": '{"path": "a"}'}),
    ("tool-use-input", f"{USE}.input", {f"{USE}.input": GONE}),
    ("tool-use-input", f"{USE}.name", {f"{USE}.name": ""}),
    ("result-content", f"{RESULT}.content", {f"{RESULT}.content": []}),
    ("result-content", f"{RESULT}.content", {f"{RESULT}.content": "text"}),
    ("result-content", f"{RESULT}.content[0].text", {f"{RESULT}.content[0].text": ""}),
    ("schema-shape", SCHEMA, {SCHEMA: "object"}),
    ("schema-shape", SCHEMA, {SCHEMA: GONE}),
    ("schema-shape", f"{TOOL}.inputSchema", {f"{TOOL}.inputSchema": GONE}),
    ("schema-shape", f"{SCHEMA}.properties", {f"{SCHEMA}.properties": GONE}),
    ("schema-shape", f"{SCHEMA}.properties", {f"{SCHEMA}.properties": None}),
    ("schema-shape", f"{SCHEMA}.required", {f"{SCHEMA}.required": None}),
    ("schema-shape", f"{SCHEMA}.properties.path.enum[1]", {f"{SCHEMA}.properties.path.enum": ["a", None]}),
    ("schema-empty-required", f"{SCHEMA}.required", {f"{SCHEMA}.required": []}),
    (
        "schema-empty-required",
        f"{SCHEMA}.properties.o.anyOf[0].required",
        {f"{SCHEMA}.properties.o": {"anyOf": [{"type": "object", "required": []}]}},
    ),
    (
        "schema-additional-properties",
        f"{SCHEMA}.additionalProperties",
        {f"{SCHEMA}.additionalProperties": False},
    ),
    (
        "schema-additional-properties",
        f"{SCHEMA}.properties.o.items.additionalProperties",
        {f"{SCHEMA}.properties.o": {"items": {"additionalProperties": {"type": "string"}}}},
    ),
    ("schema-type", f"{SCHEMA}.type", {f"{SCHEMA}.type": "array"}),
    ("image", f"{C}.images[0].format", {f"{C}.images": [PIXEL | {"format": "bmp"}]}),
    (
        "image",
        f"{C}.images[0].source.bytes",
        {f"{C}.images": [PIXEL | {"source": {"bytes": "data:image/png;base64,iVBO"}}]},
    ),
    ("image", f"{C}.images[0].source.bytes", {f"{C}.images": [PIXEL | {"source": {"bytes": "iVBORw0KGg"}}]}),
    ("image", f"{C}.images[0].source.bytes", {f"{C}.images": [PIXEL | {"source": {"url": "https://x"}}]}),
    ("image", f"{C}.images", {f"{C}.images": PIXEL}),
    ("image-limits", f"{C}.images[7]", {f"{H}[0].userInputMessage.images": [PIXEL] * 3, f"{C}.images": [PIXEL] * 8}),
    (
        "image-limits",
        f"{C}.images[0].source.bytes",
        {f"{C}.images": [PIXEL | {"source": {"bytes": "AAAA" * 3_495_254}}]},
    ),
    ("image-in-result", f"{RESULT}.content[1]", {f"{RESULT}.content[1]": {"image": PIXEL}}),
    ("history-length", f"{H}[10000]", PLAIN | {H: [user("a"), assistant("b")] * 5_001}),
    ("user-length", f"{C}.content", {f"{C}.content": "a" * 600_001}),
    ("result-length", f"{RESULT}.content", {f"{RESULT}.content": [{"text": "a" * 400_000}, {"text": "b" * 400_001}]}),
    (
        "directory-length",
        f"{CONTEXT}.envState.currentWorkingDirectory",
        {f"{CONTEXT}.envState": {"currentWorkingDirectory": "/" * 257}},
    ),
    ("payload-weight", "", {f"{C}.content": "語" * 168_000}),
    (
        "payload-tokens",
        "",
        {f"{C}.content": "a" * 590_000, f"{H}[0].userInputMessage.content": "b" * 590_000},
    ),
    ("payload-bytes", "", {f"{C}.content": "a" * 599_000, f"{H}[0].userInputMessage.content": "b" * 20_000}),
    ("unknown-model", f"{C}.modelId", {f"{C}.modelId": "claude-sonnet-9"}),
    ("unknown-model", f"{C}.modelId", {f"{C}.modelId": ["auto"]}),
    (
        "model-fields",
        "additionalModelRequestFields.reasoning",
        {f"{C}.modelId": "claude-opus-4.7", "additionalModelRequestFields": {"reasoning": {"effort": "high"}}},
    ),
    (
        "model-fields",
        "additionalModelRequestFields.thinking.type",
        {f"{C}.modelId": "claude-opus-4.7", "additionalModelRequestFields": {"thinking": {"type": "enabled"}}},
    ),
    (
        "model-fields",
        "additionalModelRequestFields.max_tokens",
        {f"{C}.modelId": "claude-opus-4.7", "additionalModelRequestFields": {"max_tokens": 1}},
    ),
    ("model-fields", "additionalModelRequestFields.thinking", {"additionalModelRequestFields": {"thinking": {}}}),
    ("null-member", "profileArn", {"profileArn": None}),
    (
        "null-member",
        f"{H}[0].userInputMessage.userInputMessageContext",
        {f"{H}[0].userInputMessage.userInputMessageContext": None},
    ),
    ("duplicate-tool", f"{CONTEXT}.tools[1].toolSpecification.name", {f"{CONTEXT}.tools[1]": tool("read_file")}),
    (
        "structured-content",
        f"{RESULT}.content[0].structuredContent",
        {f"{RESULT}.content[0].structuredContent": {"a": 1}},
    ),
    ("server-tool", f"{CONTEXT}.tools[1].toolSpecification.name", {f"{CONTEXT}.tools[1]": tool("web_search")}),
    (
        "operating-system",
        f"{CONTEXT}.envState.operatingSystem",
        {f"{CONTEXT}.envState": {"operatingSystem": "darwin"}},
    ),
)
"""(the rule's name, where the breach is, the change)"""

PERMITTED: Final[tuple[Mapping[str, Any], ...]] = (
    {f"{S}.chatTriggerType": "INLINE_CHAT"},
    {H: GONE, f"{CONTEXT}.toolResults": GONE, f"{C}.content": "hi"},
    PLAIN | {f"{C}.userInputMessageContext": GONE},
    PLAIN | {H: [user("a"), assistant(" ")]},
    {f"{USE}.name": "READ_FILE"},
    {f"{USE}.input": {"limit": None, "list": []}},
    {f"{RESULT}.content": [{"json": {"a": None}}]},
    {f"{RESULT}.isError": True, "inferenceConfig": {"maxTokens": 5}},
    {f"{H}[0].userInputMessage.images": [PIXEL], f"{C}.images": [PIXEL] * 9},
    {f"{C}.images": [PIXEL | {"source": {"bytes": "iVBO\nRw0KGgo="}}]},
    {f"{SCHEMA}.properties.additionalProperties": {"type": "string"}},
    {f"{SCHEMA}.$schema": "https://json-schema.org/draft/2020-12/schema", f"{SCHEMA}.properties": {}},
    {f"{SCHEMA}.properties.path.default": {"required": [], "additionalProperties": 1}},
    {f"{CONTEXT}.tools[2]": {"cachePoint": {"type": "default"}}},
    {f"{TOOL}.description": "a" * 10_240},
    {f"{C}.modelId": GONE},
    {f"{C}.modelId": "claude-opus-4.7", "additionalModelRequestFields": {"max_tokens": 1024}},
    {f"{CONTEXT}.tools[1]": tool("web_search")},
    {f"{C}.content": "a" * 600_000},
)
"""Changes after which no rule is broken."""
