"""A request to ``/v1/messages`` into a Conversation."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gateway import jsontext
from gateway.conversation import Conversation, Message, OutputFormat, ThinkingRequest, Tool, ToolChoice
from gateway.dialects import effort, session, system, toolset
from gateway.dialects.anthropic import blocks, search
from gateway.dialects.anthropic.schema import is_hosted
from gateway.dialects.output_format import output_format
from gateway.errors import GatewayError, Kind
from gateway.search import history
from gateway.search.offer import with_search
from gateway.search.values import WebSearch

Json = Mapping[str, Any]

_IGNORED: Final = ("temperature", "top_p", "top_k", "service_tier", "mcp_servers")


def parse(body: Json, headers: Mapping[str, str], *, strip_billing_header: bool = True) -> Conversation:
    """The meaning of a body that has passed the schema. Raises GatewayError(INVALID_REQUEST) with a path."""
    _refuse_threads(body)
    prompt, messages = _messages(body, strip_billing_header=strip_billing_header)
    tools, left_out, web_search = _tools(body)
    choice = body.get("tool_choice") or {}
    metadata = body.get("metadata") or {}
    in_metadata = session.from_user_id(metadata.get("user_id"))
    return Conversation(
        model=body["model"],
        messages=messages,
        system=prompt,
        tools=tools,
        tool_choice=toolset.settled(_tool_choice(choice), tools, {str(tool.get("name")) for tool in left_out}),
        parallel_tools=not choice.get("disable_parallel_tool_use"),
        thinking=_thinking(body),
        max_tokens=body.get("max_tokens"),
        stop=tuple(text for text in body.get("stop_sequences") or () if text),
        output=_output(body),
        search=web_search,
        session=session.from_headers(headers) or in_metadata,
        stream=body.get("stream") is True,
        ignored=(*_ignored(body), *_names(left_out), *(["metadata"] if metadata and not in_metadata else [])),
    )


def _refuse_threads(body: Json) -> None:
    """Answer a tool runner's ``thread`` so that it sends the whole history again without it.

    A plain refusal ends these runs, and ignoring the field leaves a tool result without its call.
    """
    if body.get("thread") is not None:
        raise GatewayError(
            Kind.INVALID_REQUEST,
            "Threads are not supported here: send the whole history",
            path="thread",
            details={"error_code": "thread_unsupported_request", "unsupported": []},
        )


def _messages(body: Json, *, strip_billing_header: bool) -> tuple[str, tuple[Message, ...]]:
    prompts = (system.texts(blocks.content(body.get(name) or (), name), name) for name in ("system", "instructions"))
    prompt = [text for texts in prompts for text in texts]
    if strip_billing_header:
        prompt = [system.without_billing_header(text) for text in prompt]
    return system.settled(*system.parted((*prompt, *_said(body["messages"]))))


def _said(messages: Sequence[Json]) -> Iterator[Message | str]:
    """Each message in its place; a system message as its text."""
    for index, item in enumerate(messages):
        path = f"messages.{index}.content"
        content = blocks.content(item["content"], path)
        if item["role"] == "system":
            yield system.joined(system.texts(content, path))
        else:
            yield from history.messages(item["role"], content)


def _tools(body: Json) -> tuple[tuple[Tool, ...], list[Json], WebSearch | None]:
    """The tools to offer, those left out (hosted ones, deferred ones that nothing has named yet), and the search."""
    offered: list[Tool] = []
    left_out: list[Json] = []
    wanted: set[str] | None = None
    for item in body.get("tools") or ():
        if item.get("defer_loading") and wanted is None:
            wanted = set(_wanted(body))
        if is_hosted(item) or (item.get("defer_loading") and item["name"] not in (wanted or ())):
            left_out.append(item)
        else:
            offered.append(Tool(item["name"], _description(item), item["input_schema"]))
    found = [item for item in left_out if search.is_search(item)]
    tools, web_search = with_search(offered, search.offered(found[0]) if found else None)
    if web_search is not None:
        left_out = [item for item in left_out if not search.is_search(item)]
    return tools, left_out, web_search


def _description(tool: Json) -> str:
    """With the examples of its input, for which Kiro has no place of their own."""
    examples = [jsontext.encode(example).decode() for example in tool.get("input_examples") or ()]
    lines = [tool.get("description") or "", *(["Examples of its input:", *examples] if examples else [])]
    return "\n".join(line for line in lines if line)


def _wanted(body: Json) -> Iterator[str]:
    """Names of deferred tools that are loaded by now: a tool_reference, an earlier call or the choice names them."""
    for message in body["messages"]:
        for item in message["content"] if isinstance(message["content"], list) else ():
            if item["type"] == "tool_use":
                yield item["name"]
            elif item["type"] == "tool_result" and isinstance(item.get("content"), list):
                yield from (part["tool_name"] for part in item["content"] if part["type"] == "tool_reference")
    yield (body.get("tool_choice") or {}).get("name") or ""


def _tool_choice(choice: Json) -> ToolChoice:
    match choice.get("type"):
        case "tool":
            return ToolChoice("named", choice["name"])
        case "any":
            return ToolChoice("any")
        case "none":
            return ToolChoice("none")
    return ToolChoice()


def _thinking(body: Json) -> ThinkingRequest:
    """The effort of the newest message that names one wins over the request's (Claude Code sends it per turn)."""
    configs = (message.get("output_config") or {} for message in reversed(body["messages"]))
    per_turn = next((config["effort"] for config in configs if config.get("effort")), None)
    return effort.from_thinking(body.get("thinking"), per_turn or (body.get("output_config") or {}).get("effort"))


def _output(body: Json) -> OutputFormat | None:
    """``output_config.format``, or ``output_format`` of the beta that came before it (LiteLLM still sends that)."""
    configured = (body.get("output_config") or {}).get("format")
    if configured:
        return output_format(configured, "output_config.format")
    return output_format(body.get("output_format"), "output_format")


def _ignored(body: Json) -> list[str]:
    return [name for name in _IGNORED if body.get(name) not in (None, [])]


def _names(left_out: Sequence[Json]) -> list[str]:
    """Hosted tools by name, once each. A deferred tool is not ignored: it waits for its tool_reference."""
    return list(dict.fromkeys(toolset.ignored_name(tool["type"]) for tool in left_out if is_hosted(tool)))
