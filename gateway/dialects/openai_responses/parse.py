"""A request to ``/v1/responses`` into a Conversation."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from gateway.conversation import Conversation, Message, ThinkingRequest, Tool, ToolChoice
from gateway.dialects import effort, openai_search, session, system, toolset
from gateway.dialects.openai_responses.items import messages
from gateway.dialects.openai_responses.tools import Toolbox
from gateway.dialects.output_format import output_format
from gateway.errors import GatewayError, Kind
from gateway.search.values import NAME

Json = Mapping[str, Any]

_IGNORED: Final = (
    "temperature",
    "top_p",
    "top_logprobs",
    "max_tool_calls",
    "service_tier",
    "user",
    "safety_identifier",
    "prompt_cache_retention",
)


_MODES: Final[Mapping[str | None, Literal["none", "any"]]] = {"none": "none", "required": "any"}
"""The choices that are not ``auto``."""


def parse(body: Json, headers: Mapping[str, str]) -> Conversation:
    """The meaning of a body that has passed the schema. Raises GatewayError(INVALID_REQUEST) with a path."""
    toolbox = Toolbox(body)
    prompt, chat = _settled(body, toolbox)
    choice, tools = _tool_choice(body.get("tool_choice"), toolbox)
    return Conversation(
        model=body["model"],
        messages=chat,
        system=prompt,
        tools=tools,
        tool_choice=toolset.settled(choice, tools, ()),
        parallel_tools=body.get("parallel_tool_calls") is not False,
        thinking=_thinking(body.get("reasoning")),
        max_tokens=body.get("max_output_tokens"),
        output=output_format((body.get("text") or {}).get("format"), "text.format"),
        search=toolbox.search if any(tool.name == NAME for tool in tools) else None,
        session=session.from_headers(headers),
        cache_key=session.usable(body.get("prompt_cache_key")),
        stream=body.get("stream") is True,
        ignored=tuple(_ignored(body, toolbox)),
    )


def _settled(body: Json, toolbox: Toolbox) -> tuple[str, tuple[Message, ...]]:
    """Prompt and messages. Codex has its prompt in the first developer message, others in ``instructions``.

    After a ``previous_response_id`` the messages may be no more than a system message: the others come before them.
    """
    said = messages(body.get("input") or (), toolbox)
    prompt, chat = system.parted((*system.members(body), *said))
    if body.get("previous_response_id"):
        return prompt, chat
    if not chat and not prompt:
        raise GatewayError(Kind.INVALID_REQUEST, "Send a text or a list of items", path="input")
    return system.settled(prompt, chat)


def _tool_choice(choice: str | Json | None, toolbox: Toolbox) -> tuple[ToolChoice, tuple[Tool, ...]]:
    """The choice, and the tools it leaves to choose from. A hosted tool that is not offered is none."""
    if choice is None or isinstance(choice, str):
        return ToolChoice(_MODES.get(choice, "auto")), toolbox.tools
    match choice["type"]:
        case "function" | "custom":
            return ToolChoice("named", toolbox.flat(choice)), toolbox.tools
        case "allowed_tools":
            return ToolChoice(_MODES.get(choice["mode"], "auto")), _allowed(choice["tools"], toolbox)
    if toolbox.search and openai_search.is_search(choice["type"]):
        return ToolChoice("named", NAME), toolbox.tools
    return ToolChoice(), toolbox.tools


def _allowed(allowed: Sequence[Json], toolbox: Toolbox) -> tuple[Tool, ...]:
    names = {toolbox.flat(item) for item in allowed if item.get("name")}
    if toolbox.search and any(openai_search.is_search(item["type"]) for item in allowed):
        names.add(NAME)
    return tuple(tool for tool in toolbox.tools if tool.name in names)


def _thinking(reasoning: Json | None) -> ThinkingRequest:
    """An effort or a summary asks for thinking; without a word of it the setting decides."""
    if not reasoning:
        return ThinkingRequest()
    if reasoning.get("effort"):
        return effort.from_word(reasoning["effort"])
    return ThinkingRequest(asked=True)


def _ignored(body: Json, toolbox: Toolbox) -> Iterator[str]:
    honoured = ("max_tool_calls",) if toolbox.search else ()
    yield from (name for name in _IGNORED if body.get(name) is not None and name not in honoured)
    if (body.get("text") or {}).get("verbosity"):
        yield "text.verbosity"
    if body.get("truncation") == "auto":
        yield "truncation"
    yield from dict.fromkeys(map(toolset.ignored_name, toolbox.left_out))
