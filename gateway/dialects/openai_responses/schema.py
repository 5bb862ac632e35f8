"""The shape of a request to ``/v1/responses``. Meaning is in ``parse``; nothing here changes the body."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.dialects import effort, openai_search
from gateway.dialects.fields import MOST_MESSAGES, MOST_TOOLS, Checked, RequestSchema
from gateway.dialects.openai_parts import PARTS, TEXT
from gateway.dialects.output_format import FLAT_OR_TEXT
from gateway.dialects.shape import (
    Problem,
    boolean,
    list_of,
    mapping,
    one_of,
    positive,
    record,
    refused,
    string,
    tagged,
    text_or,
    word,
)

_UNSERVED_ITEMS: Final = frozenset(
    {
        "apply_patch_call",
        "apply_patch_call_output",
        "code_interpreter_call",
        "compaction",
        "compaction_trigger",
        "computer_call",
        "computer_call_output",
        "configuration_update",
        "file_search_call",
        "image_generation_call",
        "local_shell_call",
        "local_shell_call_output",
        "mcp_approval_request",
        "mcp_approval_response",
        "mcp_call",
        "mcp_list_tools",
        "program",
        "program_output",
        "shell_call",
        "shell_call_output",
        "tool_search_call",
        "tool_search_output",
    }
)
"""Items of tools that OpenAI's servers run, or know how to: dropping one would leave the model a history with holes."""

_CONTENT: Final = text_or(list_of(tagged(PARTS, known=("input_audio",))))

_FUNCTION: Final = record(
    {"name": word}, {"description": string, "parameters": mapping, "strict": boolean, "namespace": word}
)
_FREEFORM: Final = record(
    {"name": word},
    {"description": string, "format": record({"type": string}, {"syntax": string, "definition": string})},
)
_MEMBERS: Final = {"function": _FUNCTION, "custom": _FREEFORM}
_NAMESPACE: Final = record({"name": word, "tools": list_of(tagged(_MEMBERS), most=MOST_TOOLS)}, {"description": string})
_OWN_TOOLS: Final = tagged({**_MEMBERS, "namespace": _NAMESPACE})
_OTHER_TOOL: Final = record({"type": string})


def _tool(value: Any) -> Problem | None:
    own = isinstance(value, dict) and value.get("type") in ("function", "custom", "namespace")
    if not own and isinstance(value, dict) and openai_search.is_search(value.get("type")):
        return openai_search.TOOL(value)
    return (_OWN_TOOLS if own else _OTHER_TOOL)(value)


_TOOLS: Final = list_of(_tool, most=MOST_TOOLS)

_CALL: Final = {"call_id": string, "name": string}
_RESULT: Final = record({"call_id": string, "output": _CONTENT})
_MESSAGE: Final = record({"role": one_of("user", "assistant", "system", "developer"), "content": _CONTENT})
_REFERENCE: Final = record({"id": string})
_SEARCH_ACTION: Final = record(
    {},
    {
        "query": string,
        "queries": list_of(string),
        "pattern": string,
        "url": string,
        "sources": list_of(record({}, {"url": string})),
    },
)
_ITEMS: Final = tagged(
    {
        "message": _MESSAGE,
        "function_call": record({**_CALL, "arguments": string}, {"namespace": string}),
        "function_call_output": _RESULT,
        "custom_tool_call": record({**_CALL, "input": string}, {"namespace": string}),
        "custom_tool_call_output": _RESULT,
        "reasoning": record({}, {"summary": list_of(TEXT), "content": list_of(TEXT), "encrypted_content": string}),
        "item_reference": _REFERENCE,
        "additional_tools": record({"tools": _TOOLS}),
        "web_search_call": record({}, {"id": string, "action": _SEARCH_ACTION}),
    },
    known=_UNSERVED_ITEMS,
)


def kind(item: Mapping[str, Any]) -> Any:
    """An item's type. Messages and references may come without one; a reference is an id and nothing more."""
    if item.get("type") is not None:
        return item["type"]
    return "item_reference" if "id" in item and not item.keys() & {"role", "content"} else "message"


def _item(value: Any) -> Problem | None:
    if not isinstance(value, dict) or value.get("type") is not None:
        return _ITEMS(value)
    return (_REFERENCE if kind(value) == "item_reference" else _MESSAGE)(value)


_WORD_CHOICE: Final = one_of("none", "auto", "required")
_NAMED: Final = record({"name": string}, {"namespace": string})
_CHOICES: Final = {
    "function": _NAMED,
    "custom": _NAMED,
    "allowed_tools": record(
        {"mode": one_of("auto", "required"), "tools": list_of(record({"type": string}, {"name": string}))}
    ),
}


def _tool_choice(value: Any) -> Problem | None:
    """A word; a tool by its name; some of the tools; or a hosted tool, by its type alone."""
    if not isinstance(value, dict):
        return _WORD_CHOICE(value)
    named = value.get("type")
    check = _CHOICES.get(named) if isinstance(named, str) else None
    return (check or _OTHER_TOOL)(value)


def _background(value: Any) -> Problem | None:
    return boolean(value) or (["Responses in the background are not supported by this gateway"] if value else None)


class ResponsesRequest(RequestSchema):
    """``POST /v1/responses`` and ``/v1/responses/input_tokens``.

    ``system`` of the Messages API is carried as instructions, too; what holds a chat in another API is refused.
    """

    model = Checked(word, required=True)
    input = Checked(text_or(list_of(_item, most=MOST_MESSAGES)))
    instructions = Checked(string)
    system = Checked(_CONTENT)
    messages = Checked(refused("The conversation belongs into `input` here"))
    tools = Checked(_TOOLS)
    tool_choice = Checked(_tool_choice)
    parallel_tool_calls = Checked(boolean)
    max_tool_calls = Checked(positive)
    max_output_tokens = Checked(positive)
    previous_response_id = Checked(string)
    prompt_cache_key = Checked(string)
    reasoning = Checked(record({}, {"effort": effort.EFFORT_OR_NONE, "summary": string}))
    text = Checked(record({}, {"format": FLAT_OR_TEXT, "verbosity": string}))
    stream = Checked(boolean)
    store = Checked(boolean)
    include = Checked(list_of(string))
    metadata = Checked(mapping)
    truncation = Checked(one_of("auto", "disabled"))
    background = Checked(_background)
    conversation = Checked(refused("Conversations are not supported by this gateway"))
    prompt = Checked(refused("Prompt templates are not supported by this gateway"))


SCHEMA: Final = ResponsesRequest()
