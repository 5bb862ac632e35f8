"""A client program in each of the APIs: it holds a chat, runs the tools it is asked for, and sends their results."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gateway.simulator.record import Exchange
from gateway.simulator.server import Simulator
from tests.faults.kiro import END, call, said
from tests.live import Live

TEXT: dict[str, Any] = {"frames": [said("Done."), *END]}
SCHEMA: dict[str, Any] = {"type": "object", "properties": {"path": {"type": "string"}}}
APIS = ("messages", "chat", "responses", "stored responses")


def calling(number: int) -> dict[str, Any]:
    """A scripted answer: a call of the tool, by an id of its own."""
    return {"frames": [*call("read", f"tooluse_{number}", '{"path": "a"}'), *END]}


def turns(*rounds: int) -> list[dict[str, Any]]:
    """Scripted answers to turns with so many tool rounds each."""
    numbers = iter(range(1000))
    return [answer for calls in rounds for answer in (*(calling(next(numbers)) for _ in range(calls)), TEXT)]


@dataclass(frozen=True)
class Ids:
    """What a request to Kiro says of its chat and its turn."""

    conversation: str
    continuation: str


def ids_of(exchange: Exchange) -> Ids:
    """The ids in a body that the simulator received."""
    state = exchange.json()["conversationState"]
    return Ids(state["conversationId"], state["agentContinuationId"])


def sent_ids(simulator: Simulator) -> list[Ids]:
    """The ids of every generation request, in order."""
    return [ids_of(exchange) for exchange in simulator.requests("generate")]


def continuations(simulator: Simulator) -> list[str]:
    """The continuation id of every generation request, in order."""
    return [ids.continuation for ids in sent_ids(simulator)]


@dataclass
class Chat:
    """One chat. members: of every body. headers: of every request. reminder: a text beside every tool result.

    credits: of the last answer.
    """

    live: Live
    api: str
    members: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    reminder: str = ""
    history: list[Any] = field(default_factory=list)
    previous: str | None = None
    credits: float = 0.0

    async def say(self, text: str) -> None:
        """A user's turn, to the end of its tool rounds."""
        await self.begin(text)
        while await self.step():
            pass

    async def begin(self, text: str) -> None:
        """Write a user's message, without sending it."""
        self.history.append({"role": "user", "content": text})

    async def step(self) -> bool:
        """Send the chat as it stands and take the answer; whether it asks for tools, whose results then stand there."""
        answer = await self.send()
        asked = list(self._taken(answer))
        self._add_results(asked)
        return bool(asked)

    async def send(self, status: int = 200) -> Any:
        """Send the chat as it stands; the answer, not taken."""
        path, body = self.request()
        url = f"{self.live.url}{path}"
        async with self.live.client.post(url, json=body | self.members, headers=self.headers) as answer:
            heard = await answer.json()
            assert answer.status == status, heard
            self.credits = heard.get("usage", {}).get("credits_used", 0.0)
            return heard

    def request(self) -> tuple[str, dict[str, Any]]:
        """Where the chat goes as it stands, and the body."""
        body: dict[str, Any] = {"model": "claude-sonnet-4.5"}
        function = {"name": "read", "description": "Reads.", "parameters": SCHEMA}
        if self.api == "messages":
            tools = [{"name": "read", "description": "Reads.", "input_schema": SCHEMA}]
            return "/v1/messages", {**body, "max_tokens": 500, "messages": self.history, "tools": tools}
        if self.api == "chat":
            tools = [{"type": "function", "function": function}]
            return "/v1/chat/completions", {**body, "messages": self.history, "tools": tools}
        previous = {"previous_response_id": self.previous} if self.previous else {}
        return "/v1/responses", {**body, "input": self.history, "tools": [{"type": "function", **function}], **previous}

    def _taken(self, answer: Any) -> Iterator[str]:
        """Put the answer into the history; the ids of its calls."""
        if self.api == "messages":
            self.history.append({"role": "assistant", "content": answer["content"]})
            return (block["id"] for block in answer["content"] if block["type"] == "tool_use")
        if self.api == "chat":
            message = answer["choices"][0]["message"]
            self.history.append(message)
            return (made["id"] for made in message.get("tool_calls") or ())
        if self.api == "stored responses":
            self.previous, self.history = answer["id"], []
        else:
            self.history += answer["output"]
        return (item["call_id"] for item in answer["output"] if item["type"] == "function_call")

    def _add_results(self, calls: list[str]) -> None:
        if not calls:
            return
        if self.api == "messages":
            content = [{"type": "tool_result", "tool_use_id": made, "content": "ok"} for made in calls]
            more = [{"type": "text", "text": self.reminder}] if self.reminder else []
            self.history.append({"role": "user", "content": [*content, *more]})
            return
        if self.api == "chat":
            self.history += [{"role": "tool", "tool_call_id": made, "content": "ok"} for made in calls]
        else:
            self.history += [{"type": "function_call_output", "call_id": made, "output": "ok"} for made in calls]
        if self.reminder:
            self.history.append({"role": "user", "content": self.reminder})
