"""A Conversation as Kiro's request body, but for what differs by endpoint (see ``endpoints.finish``)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from msgspec import Raw, Struct

from gateway import jsontext
from gateway.conversation import (
    Conversation,
    Image,
    Message,
    RedactedThinking,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    attached,
)
from gateway.errors import GatewayError, Kind
from gateway.kiro import history
from gateway.kiro.continuation import UserTurn
from gateway.kiro.conversation_id import ChatIds, chat_ids
from gateway.kiro.images import fit_images
from gateway.kiro.models import Resolved
from gateway.kiro.pairing import without_tools
from gateway.kiro.schemas import Clean, clean
from gateway.kiro.thinking_request import ThinkingRules, plan
from gateway.kiro.tools import ToolNames, declare, names_of

ACKNOWLEDGEMENT: Final = "I will follow these instructions."
"""The assistant's half of the first pair; the user's half is the system prompt, for which Kiro has no member."""

NO_OUTPUT: Final = "(no output)"
"""What a tool that returned nothing said (rule 18: an empty result is refused)."""

CHUNKED_WRITES: Final = (
    "When you write or change files, keep every single tool call small: at most 150 lines of content in one call. "
    "Create a longer file with its first part, then add the rest part by part with further calls. "
    "A call that is too large is cut off and lost."
)
"""The rule of the ``-agentic`` models."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The settings a request is laid out by; one for each dialect, since ``default_on`` differs.

    default_on, max_tokens, budget_cap: see ``ThinkingRules``.
    tool_description_limit: characters; longer ones move to the system prompt (0: only Kiro's own limit counts).
    system_in_first_pair: the system prompt as a pair of its own, so that the prefix never changes; else it stands
    before the first user text.
    """

    default_on: bool = False
    max_tokens: int = 4000
    budget_cap: int = 10_000
    tool_description_limit: int = 10_000
    system_in_first_pair: bool = True

    @property
    def thinking(self) -> ThinkingRules:
        """The part that is about thinking."""
        return ThinkingRules(self.default_on, self.max_tokens, self.budget_cap)


class Draft(Struct, frozen=True):
    """A request but for origin, profile ARN and continuation id.

    body: the root object; never changed, attempts copy its spine. names: tool name sent → the client's own, where they
    differ. tags: thinking tags were put in. images: pictures sent. after_tool_results: the turn answers calls.
    conversation_id, chat_id, turn: see ``ChatIds``.
    """

    body: dict[str, Any]
    model_id: str
    names: Mapping[str, str]
    tags: bool
    images: int
    after_tool_results: bool
    conversation_id: str
    chat_id: str
    turn: UserTurn


def lay_out(
    conversation: Conversation, resolved: Resolved, layout: Layout, *, ids: ChatIds | None = None, clean: Clean = clean
) -> Draft:
    """Lay a conversation out for Kiro. ``ids``: of the client's conversation, where this one was changed since.

    clean: the schemas.

    Raises GatewayError(INVALID_REQUEST) when there is nothing to send or a picture is too large.
    """
    if not conversation.messages:
        raise GatewayError(Kind.INVALID_REQUEST, "there are no messages", path="messages")
    hidden = resolved.chat_only or conversation.tool_choice.mode == "none"
    offered = () if hidden else conversation.tools
    messages = fit_images(conversation.messages, readable=resolved.model.images)
    messages = history.arrange(messages if offered else without_tools(messages))
    names = names_of(offered, messages)
    declared = declare(offered, messages, names, layout.tool_description_limit, clean)

    request = replace(conversation.thinking, asked=True) if resolved.thinking else conversation.thinking
    thinking = plan(request, resolved.model, layout.thinking, conversation.max_tokens)
    entries = [_entry(message, names) for message in messages]
    _place_system(entries, _system(conversation, resolved, declared.documents), layout)
    current = _current(entries.pop(), thinking.tags, declared.specifications, resolved.model.id)
    ids = ids or chat_ids(conversation)
    return Draft(
        body=_root(entries, current, ids.conversation, thinking.fields),
        model_id=resolved.model.id,
        names=names.changed,
        tags=bool(thinking.tags),
        images=len(attached(messages, Image)),
        after_tool_results=any(isinstance(block, ToolResult) for block in messages[-1].blocks),
        conversation_id=ids.conversation,
        chat_id=ids.chat,
        turn=ids.turn,
    )


def _root(
    entries: list[dict[str, Any]],
    current: dict[str, Any],
    identity: str,
    fields: Mapping[str, Any],
) -> dict[str, Any]:
    """Empty and null members are refused (rules 9 and 34), so what is empty is absent."""
    state: dict[str, Any] = {
        "agentTaskType": "vibe",
        "chatTriggerType": "MANUAL",
        "conversationId": identity,
    }
    if entries:
        state["history"] = entries
    state["currentMessage"] = {"userInputMessage": current}
    body: dict[str, Any] = {"conversationState": state}
    if fields:
        body["additionalModelRequestFields"] = dict(fields)
    return body


def _system(conversation: Conversation, resolved: Resolved, documents: tuple[str, ...]) -> str:
    parts = [conversation.system, CHUNKED_WRITES if resolved.agentic else "", *documents]
    return "\n\n".join(part for part in parts if part and not part.isspace())


def _place_system(entries: list[dict[str, Any]], system: str, layout: Layout) -> None:
    if not system:
        return
    if layout.system_in_first_pair:
        prompt = {"userInputMessage": {"content": system}}
        entries[:0] = [prompt, {"assistantResponseMessage": {"content": ACKNOWLEDGEMENT}}]
        return
    first = entries[0]["userInputMessage"]
    first["content"] = f"{system}\n\n{first['content']}" if first["content"] else system


def _current(entry: dict[str, Any], tags: str, tools: list[dict[str, Any]], model_id: str) -> dict[str, Any]:
    """The user's turn: the only message with the model, the tools and the thinking tags."""
    current: dict[str, Any] = entry["userInputMessage"]
    current["modelId"] = model_id
    if tags:
        current["content"] = tags + current["content"]
    if tools:
        current.setdefault("userInputMessageContext", {})["tools"] = tools
    return current


def _entry(message: Message, names: ToolNames) -> dict[str, Any]:
    if message.role == "user":
        return {"userInputMessage": _user(message)}
    return {"assistantResponseMessage": _assistant(message, names)}


def _user(message: Message) -> dict[str, Any]:
    texts: list[str] = []
    images: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for block in message.blocks:
        if type(block) is Text:
            texts.append(block.text)
        elif type(block) is ToolResult:
            results.append(_result(block))
            images += [_image(part) for part in block.content if type(part) is Image]
        elif type(block) is Image:
            images.append(_image(block))
    entry: dict[str, Any] = {"content": "\n".join(texts)}
    if images:
        entry["images"] = images
    if results:
        entry["userInputMessageContext"] = {"toolResults": results}
    return entry


def _image(image: Image) -> dict[str, Any]:
    return {"format": image.format, "source": {"bytes": image.data}}


def _result(result: ToolResult) -> dict[str, Any]:
    """Pictures have no place in a result (rule 26); they go with the message."""
    texts = [{"text": part.text} for part in result.content if type(part) is Text and not _blank(part.text)]
    status = "error" if result.is_error else "success"
    return {"toolUseId": result.call_id, "content": texts or [{"text": NO_OUTPUT}], "status": status}


def _blank(text: str) -> bool:
    return not text or text.isspace()


def _assistant(message: Message, names: ToolNames) -> dict[str, Any]:
    texts: list[str] = []
    calls: list[dict[str, Any]] = []
    entry: dict[str, Any] = {}
    for block in message.blocks:
        if type(block) is Text:
            texts.append(block.text)
        elif type(block) is ToolCall:
            called = {"toolUseId": block.id, "name": names.short(block.name), "input": call_input(block.arguments)}
            calls.append(called)
        elif type(block) is Thinking:
            signed = {"text": block.text, "signature": block.signature}
            entry["reasoningContent"] = {"reasoningText": signed}
        elif type(block) is RedactedThinking:
            entry["reasoningContent"] = {"redactedContent": block.data}
    entry["content"] = "\n".join(texts)
    if calls:
        entry["toolUses"] = calls
    return entry


def call_input(arguments: str) -> Raw | dict[str, Any]:
    """A call's arguments as the object Kiro wants (rule 17), verbatim where they are one.

    Nothing is an empty object. What is no JSON object (a call cut off, a bare list) stays readable as ``_raw``.
    """
    if _blank(arguments):
        return {}
    try:
        value = jsontext.decode(arguments)
    except jsontext.JsonError:
        return {"_raw": arguments}
    if not isinstance(value, dict):
        return {"_raw": arguments}
    if "\\ud" not in arguments and "\\uD" not in arguments:
        return Raw(arguments.encode())
    # Half a surrogate pair may hide in an escape; decoding has repaired it.
    return value if jsontext.depth_within(value) else {"_raw": arguments}
