"""The shape of a request to ``/v1/messages``. Meaning is in ``parse``; nothing here changes the body."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.dialects import effort
from gateway.dialects.anthropic.search import is_search
from gateway.dialects.fields import MOST_DOMAINS, MOST_MESSAGES, MOST_STOPS, MOST_TOOLS, Checked, RequestSchema
from gateway.dialects.output_format import FLAT
from gateway.dialects.shape import (
    REQUIRED,
    Check,
    Problem,
    boolean,
    list_of,
    mapping,
    one_of,
    positive,
    record,
    refused,
    stops,
    string,
    tagged,
    text_or,
    word,
)
from gateway.search.values import NAME

_UNSERVED_BLOCKS: Final = frozenset(
    {
        "web_fetch_tool_result",
        "code_execution_tool_result",
        "bash_code_execution_tool_result",
        "text_editor_code_execution_tool_result",
        "tool_search_tool_result",
        "mcp_tool_use",
        "mcp_tool_result",
        "container_upload",
        "compaction",
    }
)
"""Blocks that belong to tools of Anthropic's own servers: dropping one would leave the model a history with holes."""

_TEXT: Final = record({"text": string})
_SOURCES: Final = {"base64": record({"data": string}, {"media_type": string}), "url": record({"url": string})}
_IMAGE: Final = record({"source": tagged(_SOURCES, known=("file",))})
_DOCUMENT_SOURCES: Final = {
    **_SOURCES,
    "text": record({"data": string}),
    "content": record({"content": text_or(list_of(tagged({"text": _TEXT, "image": _IMAGE})))}),
}
_DOCUMENT: Final = record({"source": tagged(_DOCUMENT_SOURCES, known=("file",))}, {"title": string, "context": string})
_REFERENCE: Final = record({"tool_name": string})
_SEARCHED: Final = record({"source": string, "title": string, "content": list_of(tagged({"text": _TEXT}))})
"""What the client found by a search of its own."""

_RESULT_PARTS: Final = tagged(
    {
        "text": _TEXT,
        "image": _IMAGE,
        "document": _DOCUMENT,
        "search_result": _SEARCHED,
        "tool_reference": _REFERENCE,
    },
    known=_UNSERVED_BLOCKS,
)

_FOUND: Final = list_of(record({"url": string, "title": string}, {"encrypted_content": string, "page_age": string}))
_NOT_FOUND: Final = record({"error_code": string})


def _search_result(value: Any) -> Problem | None:
    return (_FOUND if isinstance(value, list) else _NOT_FOUND)(value)


_BLOCKS: Final = tagged(
    {
        "text": _TEXT,
        "image": _IMAGE,
        "document": _DOCUMENT,
        "search_result": _SEARCHED,
        "tool_use": record({"id": string, "name": string, "input": mapping}),
        "tool_result": record(
            {"tool_use_id": string}, {"content": text_or(list_of(_RESULT_PARTS)), "is_error": boolean}
        ),
        "thinking": record({"thinking": string}, {"signature": string}),
        "redacted_thinking": record({"data": string}),
        "server_tool_use": record({"id": string, "name": one_of(NAME), "input": mapping}),
        "web_search_tool_result": record({"tool_use_id": string, "content": _search_result}),
    },
    known=_UNSERVED_BLOCKS,
)

_OUTPUT_CONFIG: Final = record({}, {"effort": effort.EFFORT})

_MESSAGE: Final = record(
    {"role": one_of("user", "assistant", "system"), "content": text_or(list_of(_BLOCKS))},
    {"output_config": _OUTPUT_CONFIG},
)

_FUNCTION: Final = record(
    {"name": word, "input_schema": mapping},
    {"description": string, "defer_loading": boolean, "type": string, "input_examples": list_of(mapping)},
)
_OTHER_TOOL: Final = record({"type": string}, {"name": string})
_DOMAINS: Final = list_of(word, most=MOST_DOMAINS)
_SEARCH_TOOL: Final = record(
    {"type": string},
    {
        "name": string,
        "max_uses": positive,
        "allowed_domains": _DOMAINS,
        "blocked_domains": _DOMAINS,
        "user_location": mapping,
    },
)


def is_hosted(tool: Mapping[str, Any]) -> bool:
    """Whether a tool is one of Anthropic's own: it has another type and no schema, so Kiro cannot be told of it."""
    return tool.get("type") not in (None, "custom") and "input_schema" not in tool


def _tool(value: Any) -> Problem | None:
    if not isinstance(value, dict) or not is_hosted(value):
        return _FUNCTION(value)
    return (_SEARCH_TOOL if is_search(value) else _OTHER_TOOL)(value)


_CHOICE: Final = record(
    {"type": one_of("auto", "any", "tool", "none")}, {"name": string, "disable_parallel_tool_use": boolean}
)


def _tool_choice(value: Any) -> Problem | None:
    problem = _CHOICE(value)
    if problem is None and value["type"] == "tool" and not value.get("name"):
        return {"name": [REQUIRED]}
    return problem


_SYSTEM: Final[Check] = text_or(list_of(tagged({"text": _TEXT})))


_COMPACTION: Final = record({}, {"instructions": refused("Compaction is not supported by this gateway")})


def _context_management(value: Any) -> Problem | None:
    """Edits of the history change nothing here; instructions for one must not go unseen."""
    edits = value.get("edits") if isinstance(value, dict) else None
    return record({}, {"edits": list_of(_COMPACTION)})(value) if isinstance(edits, list) else None


class MessagesRequest(RequestSchema):
    """``POST /v1/messages`` and ``/v1/messages/count_tokens``, which leaves most of it out.

    ``instructions`` of the Responses API is carried as a system prompt, too; what holds a chat in another API is
    refused.
    """

    model = Checked(word, required=True)
    messages = Checked(list_of(_MESSAGE, least=1, most=MOST_MESSAGES), required=True)
    system = Checked(_SYSTEM)
    instructions = Checked(_SYSTEM)
    input = Checked(refused("The conversation belongs into `messages` here"))
    prompt = Checked(refused("The conversation belongs into `messages` here"))
    tools = Checked(list_of(_tool, most=MOST_TOOLS))
    tool_choice = Checked(_tool_choice)
    max_tokens = Checked(positive)
    stop_sequences = Checked(stops(most=MOST_STOPS))
    stream = Checked(boolean)
    thinking = Checked(effort.THINKING)
    output_config = Checked(record({}, {"effort": effort.EFFORT, "format": FLAT}))
    output_format = Checked(FLAT)
    metadata = Checked(record({}, {"user_id": string}))
    context_management = Checked(_context_management)


SCHEMA: Final = MessagesRequest()
