"""The facts of a request that the canned answers look at."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from gateway import jsontext
from gateway.simulator.models import ServedModel

_SCAFFOLD: Final = re.compile(
    r"<(thinking_mode|max_thinking_length|thinking_effort|thinking_instruction|system-reminder|environment_details"
    r"|json_schema)>"
    r".*?</\1>\s*",
    re.DOTALL,
)
"""What gateways and client programs wrap around the words of the user; it often names tools, so it is not looked at."""

_TAGS_ASKED: Final = re.compile(r"<thinking_mode>\s*(?:enabled|adaptive|interleaved)\s*</thinking_mode>")
_JSON_SCHEMA: Final = re.compile(r"<json_schema>(.*)</json_schema>", re.DOTALL)
_CHARACTERS_A_TOKEN: Final = 4
_TOKENS_AN_IMAGE: Final = 1600


@dataclass(frozen=True, slots=True)
class OfferedTool:
    """A declared tool and the JSON schema of its arguments."""

    name: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request, read.

    text: the current message without scaffolding. system: the first message of the history, where system prompts stand.
    results: texts of the tool results that came with this message. native: ``additionalModelRequestFields`` or {}.
    json: the JSON schema that the answer must fit, if one stands in the message.
    tags: thinking tags were asked for in the prompt. input_tokens: an estimate over the whole body.
    cached_tokens: those of them that the service has in its prompt cache.
    """

    model: ServedModel
    conversation_id: str
    text: str
    system: str
    tools: Sequence[OfferedTool] = ()
    results: Sequence[str] = ()
    images: int = 0
    json: Mapping[str, Any] | None = None
    tags: bool = False
    native: Mapping[str, Any] = field(default_factory=dict)
    input_tokens: int = 1
    cached_tokens: int = 0


def read(body: Mapping[str, Any], model: ServedModel, size: int) -> Prompt:
    """The facts of a body that has passed the checks; ``size`` is its length in bytes."""
    state = _mapping(body.get("conversationState"))
    message = _mapping(_mapping(state.get("currentMessage")).get("userInputMessage"))
    context = _mapping(message.get("userInputMessageContext"))
    history = _list(state.get("history"))
    content = str(message.get("content") or "")
    system = str(_mapping(_mapping(history[0] if history else None).get("userInputMessage")).get("content") or "")
    images = _list(message.get("images"))
    return Prompt(
        model=model,
        conversation_id=str(state.get("conversationId") or ""),
        text=_SCAFFOLD.sub("", content).strip(),
        system=system,
        tools=tuple(_tools(context)),
        results=tuple(_result(result) for result in _list(context.get("toolResults"))),
        images=len(images),
        json=_json_schema(content),
        tags=bool(_TAGS_ASKED.search(content) or _TAGS_ASKED.search(system)),
        native=_mapping(body.get("additionalModelRequestFields")),
        input_tokens=estimate(size - _image_bytes(images)) + _TOKENS_AN_IMAGE * len(images),
    )


def estimate(characters: int) -> int:
    """Tokens of so many characters, never 0."""
    return max(1, characters // _CHARACTERS_A_TOKEN)


def _json_schema(content: str) -> Mapping[str, Any] | None:
    found = _JSON_SCHEMA.search(content)
    try:
        return _mapping(jsontext.decode(found[1])) if found else None
    except jsontext.JsonError:
        return None


def _tools(context: Mapping[str, Any]) -> list[OfferedTool]:
    found = []
    for entry in _list(context.get("tools")):
        specification = _mapping(_mapping(entry).get("toolSpecification"))
        schema = _mapping(_mapping(specification.get("inputSchema")).get("json"))
        if specification:  # a cache point is an entry too
            found.append(OfferedTool(str(specification.get("name")), schema))
    return found


def _result(result: Any) -> str:
    parts = [_mapping(part) for part in _list(_mapping(result).get("content"))]
    return "\n".join(
        str(part["text"]) if "text" in part else jsontext.encode(part.get("json")).decode() for part in parts
    )


def _image_bytes(images: Sequence[Any]) -> int:
    return sum(len(str(_mapping(_mapping(image).get("source")).get("bytes") or "")) for image in images)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
