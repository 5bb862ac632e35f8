"""One question to a running gateway through each of its APIs, and what the answer holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.commands.remote import Remote, RemoteFault

APIS: Final = {"messages": "/v1/messages", "chat": "/v1/chat/completions", "responses": "/v1/responses"}

_MAX_TOKENS: Final = 4096
"""The messages API wants a limit; an answer for a terminal is not longer."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer's text, the model that gave it, its usage by the API's own names, and the request's id."""

    text: str
    model: str
    usage: Mapping[str, Any]
    request_id: str


@dataclass(frozen=True, slots=True)
class Question:
    """A text for a model, by one of ``APIS``."""

    api: str
    model: str
    text: str

    def ask(self, gateway: Remote) -> Answered:
        """Ask it. Raises RemoteFault, with the gateway's words."""
        answer, request_id = gateway.ask(APIS[self.api], self._body())
        try:
            text = _text(self.api, answer)
            return Answered(text, str(answer["model"]), answer.get("usage") or {}, request_id)
        except (KeyError, IndexError, TypeError) as error:
            raise RemoteFault(f"the gateway's answer is not one of its API {self.api}") from error

    def _body(self) -> dict[str, Any]:
        if self.api == "responses":
            return {"model": self.model, "input": self.text, "store": False}
        body: dict[str, Any] = {"model": self.model, "messages": [{"role": "user", "content": self.text}]}
        return body | {"max_tokens": _MAX_TOKENS} if self.api == "messages" else body


def _text(api: str, answer: Mapping[str, Any]) -> str:
    match api:
        case "messages":
            return "".join(block["text"] for block in answer["content"] if block["type"] == "text")
        case "chat":
            return str(answer["choices"][0]["message"]["content"] or "")
        case _:
            parts = (part for item in answer["output"] if item["type"] == "message" for part in item["content"])
            return "".join(part["text"] for part in parts if part["type"] == "output_text")
