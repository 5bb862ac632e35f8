"""A small Kiro client for the simulator's tests: aiohttp on the socket, botocore as judge of the frames."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from botocore.eventstream import EventStreamBuffer

from gateway.simulator.options import ACCESS_TOKEN, PROFILE_ARN
from gateway.simulator.server import Simulator

RPC_HEADERS = {
    "content-type": "application/x-amz-json-1.0",
    "x-amz-target": "AmazonCodeWhispererStreamingService.GenerateAssistantResponse",
}


def body(
    content: str = "hello", *, model: str = "claude-sonnet-4.5", origin: str = "KIRO_CLI", **message: Any
) -> dict[str, Any]:
    """A request that breaks no rule; ``message`` adds members to the user's message."""
    said = {"content": content, "modelId": model, "origin": origin} | message
    state = {
        "chatTriggerType": "MANUAL",
        "conversationId": "11111111-2222-4333-8444-555555555551",
        "currentMessage": {"userInputMessage": said},
    }
    return {"conversationState": state, "profileArn": PROFILE_ARN}


def tool(name: str, properties: dict[str, Any] | None = None, required: list[str] | None = None) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": properties or {}}
    schema |= {"required": required} if required else {}
    return {"toolSpecification": {"name": name, "description": name, "inputSchema": {"json": schema}}}


def with_tools(content: str, *tools: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return body(content, userInputMessageContext={"tools": list(tools)}, **rest)


@dataclass
class Heard:
    """An answer: frames as (headers, payload), decoded by botocore."""

    status: int
    headers: Mapping[str, str]
    raw: bytes
    frames: list[tuple[dict[str, Any], bytes]] = field(default_factory=list)

    def kinds(self) -> list[str]:
        return [headers.get(":event-type", headers[":message-type"]) for headers, _ in self.frames]

    def payloads(self, kind: str) -> list[Any]:
        return [json.loads(payload) for headers, payload in self.frames if headers.get(":event-type") == kind]

    def text(self) -> str:
        return "".join(payload["content"] for payload in self.payloads("assistantResponseEvent"))

    def calls(self) -> dict[str, Any]:
        """Arguments by tool use id and name."""
        joined: dict[str, str] = {}
        for part in self.payloads("toolUseEvent"):
            key = part["name"]
            joined[key] = joined.get(key, "") + part.get("input", "")
        return {name: json.loads(arguments) for name, arguments in joined.items()}


def decode(raw: bytes) -> list[tuple[dict[str, Any], bytes]]:
    """All frames; botocore raises for a bad sum."""
    buffer = EventStreamBuffer()
    buffer.add_data(raw)
    return [(message.headers, message.payload) for message in buffer]


async def ask(
    simulator: Simulator, request: Any, *, rpc: bool = True, token: str = ACCESS_TOKEN, **headers: str
) -> Heard:
    """Send a generation request and read the whole answer."""
    fields = dict(RPC_HEADERS) if rpc else {"content-type": "application/json"}
    fields |= {"authorization": f"Bearer {token}"} | {name.replace("_", "-"): value for name, value in headers.items()}
    path = "/" if rpc else "/generateAssistantResponse"
    async with (
        aiohttp.ClientSession() as session,
        session.post(simulator.url + path, data=io.BytesIO(json.dumps(request).encode()), headers=fields) as answer,
    ):
        raw = await answer.read()
        streamed = answer.content_type == "application/vnd.amazon.eventstream"
        return Heard(answer.status, answer.headers, raw, decode(raw) if streamed else [])


async def call(simulator: Simulator, method: str, path: str, data: Any = None, **headers: str) -> tuple[int, Any]:
    """Any other request: status and JSON."""
    fields = {"authorization": f"Bearer {ACCESS_TOKEN}", "content-type": "application/json"}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    payload = data if isinstance(data, str | None) else json.dumps(data)
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, simulator.url + path, data=payload, headers=fields) as answer,
    ):
        return answer.status, json.loads(await answer.read() or b"null")
