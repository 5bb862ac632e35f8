"""The targets, and for the pass-through the very request that the gateway makes of each body."""

import json
from dataclasses import dataclass

from aiohttp import ClientSession

from tests.bench.answers import Wrong, text_of_frames, text_of_sse
from tests.bench.load import Target, checked
from tests.bench.processes import ACCESS_TOKEN, API_KEY, Running

TO_KIRO = ("content-type", "accept", "x-amz-target", "user-agent", "x-amz-user-agent")


@dataclass(frozen=True, slots=True)
class Captured:
    """What the gateway sent to Kiro for one body."""

    path: str
    headers: dict[str, str]
    body: bytes

    def with_prompt(self, old: bytes, new: bytes) -> "Captured":
        """The same with another marker in the prompt."""
        return Captured(self.path, self.headers, self.body.replace(old, new))


def gateway_target(process: Running) -> Target:
    """The gateway, spoken to as an Anthropic client does."""
    headers = {"x-api-key": API_KEY, "anthropic-version": "2023-06-01", "content-type": "application/json"}
    return Target(
        process.name, f"{process.url}/v1/messages", headers, lambda body: body, b"text_delta", text_of_sse, process.pid
    )


def kiro_target(process: Running, captured: dict[bytes, Captured]) -> Target:
    """A process that takes Kiro's own requests: the pass-through, or the simulator itself."""
    first = next(iter(captured.values()))
    headers = first.headers | {"authorization": f"Bearer {ACCESS_TOKEN}"}
    return Target(
        process.name,
        process.url + first.path,
        headers,
        lambda body: captured[body].body,
        b"assistantResponseEvent",
        text_of_frames,
        process.pid,
    )


async def capture(session: ClientSession, simulator: Running, gateway: Target, body: bytes, text: str) -> Captured:
    """Send a body through the gateway, check the answer, and take from the simulator's record what arrived there."""
    async with session.post(f"{simulator.url}/_simulator/reset") as answer:
        answer.raise_for_status()
    await checked(session, gateway, body, text)
    async with session.get(f"{simulator.url}/_simulator/requests") as answer:
        exchanges = await answer.json()
    sent = [exchange for exchange in exchanges if "conversationState" in (exchange["body"] or ())]
    if len(sent) != 1:
        raise Wrong(f"the gateway sent {len(sent)} requests for one")
    headers = {name: value for name, value in sent[0]["headers"].items() if name in TO_KIRO}
    kiro = json.dumps(sent[0]["body"], ensure_ascii=False, separators=(",", ":")).encode()
    return Captured(sent[0]["path"], headers, kiro)
