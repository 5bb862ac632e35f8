"""A request to ``/v1/chat/completions`` into a Conversation."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.conversation import Conversation, ThinkingRequest, Tool, ToolChoice
from gateway.dialects import effort, openai_search, session, system, toolset
from gateway.dialects.openai_chat.messages import messages
from gateway.dialects.openai_chat.schema import is_function
from gateway.dialects.output_format import output_format
from gateway.search.offer import with_search
from gateway.search.values import WebSearch

Json = Mapping[str, Any]

_IGNORED: Final = (
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "presence_penalty",
    "frequency_penalty",
    "service_tier",
    "user",
    "metadata",
    "store",
    "safety_identifier",
    "prompt_cache_retention",
)


def parse(body: Json, headers: Mapping[str, str]) -> Conversation:
    """The meaning of a body that has passed the schema. Raises GatewayError(INVALID_REQUEST) with a path."""
    prompt, chat = system.settled(*system.parted((*system.members(body), *messages(body["messages"]))))
    tools, search = with_search(tuple(_tools(body)), _search(body))
    left_out = [tool for tool in body.get("tools") or () if not is_function(tool) and not (search and _is_search(tool))]
    return Conversation(
        model=body["model"],
        messages=chat,
        system=prompt,
        tools=tools,
        tool_choice=toolset.settled(_tool_choice(body), tools, {str(tool.get("name")) for tool in left_out}),
        parallel_tools=body.get("parallel_tool_calls") is not False and not answers_functions(body),
        thinking=_thinking(body),
        max_tokens=body.get("max_completion_tokens") or body.get("max_tokens"),
        stop=_stop(body.get("stop")),
        output=output_format(body.get("response_format"), "response_format"),
        search=search,
        session=session.from_headers(headers),
        cache_key=session.usable(body.get("prompt_cache_key")),
        stream=body.get("stream") is True,
        ignored=(
            *(name for name in _IGNORED if body.get(name) is not None),
            *dict.fromkeys(toolset.ignored_name(tool["type"]) for tool in left_out),
        ),
    )


def answers_functions(body: Json) -> bool:
    """Whether the client speaks the API's first tool form, where an answer is at most one ``function_call``."""
    return bool(body.get("functions")) and not body.get("tools")


def _tools(body: Json) -> Iterator[Tool]:
    """Functions, nested (``function: {…}``), flat (Cursor, the Responses API) or of the first form (``functions``)."""
    nested = (tool.get("function") or tool for tool in body.get("tools") or () if is_function(tool))
    for item in (*nested, *(body.get("functions") or ())):
        schema = item.get("parameters") or item.get("input_schema") or {"type": "object", "properties": {}}
        yield Tool(item["name"], item.get("description") or "", schema)


def _search(body: Json) -> WebSearch | None:
    """The hosted search, by ``web_search_options`` or, as in the Responses API, among the tools."""
    options = body.get("web_search_options")
    found = [options] if options is not None else [tool for tool in body.get("tools") or () if _is_search(tool)]
    return openai_search.offered(found[0]) if found else None


def _is_search(tool: Json) -> bool:
    return openai_search.is_search(tool.get("type"))


def _tool_choice(body: Json) -> ToolChoice:
    choice = body.get("tool_choice") or body.get("function_call")
    word = choice if isinstance(choice, str) else (choice or {}).get("type")
    match word:
        case "none":
            return ToolChoice("none")
        case "required" | "any":
            return ToolChoice("any")
    if isinstance(choice, dict) and word != "auto":
        return ToolChoice("named", (choice if "name" in choice else choice["function"])["name"])
    return ToolChoice()


def _thinking(body: Json) -> ThinkingRequest:
    """``reasoning_effort``, or ``reasoning`` as OpenRouter's clients send it, or the Anthropic API's ``thinking``."""
    reasoning = body.get("reasoning") or {}
    word = body.get("reasoning_effort") or reasoning.get("effort")
    if word and not body.get("thinking"):
        return effort.from_word(word, reasoning.get("max_tokens"))
    if body.get("thinking"):
        return effort.from_thinking(body["thinking"], None if word == "none" else word)
    enabled = reasoning.get("enabled")
    budget = reasoning.get("max_tokens")
    return ThinkingRequest(asked=enabled if enabled is not None else (True if budget else None), budget=budget)


def _stop(value: str | list[str] | None) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value or []
    return tuple(text for text in texts if text)
