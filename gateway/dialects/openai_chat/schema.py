"""The shape of a request to ``/v1/chat/completions``. Meaning is in ``parse``; nothing here changes the body."""

from typing import Any, Final

from gateway.dialects import effort, openai_search
from gateway.dialects.fields import MOST_MESSAGES, MOST_STOPS, MOST_TOOLS, Checked, RequestSchema
from gateway.dialects.openai_parts import FILE, IMAGE, PARTS
from gateway.dialects.output_format import NESTED
from gateway.dialects.shape import (
    Problem,
    boolean,
    list_of,
    mapping,
    nullable,
    one_of,
    positive,
    record,
    refused,
    stop,
    stops,
    string,
    tagged,
    text_or,
    word,
)

_PARTS: Final = {**PARTS, "image_url": IMAGE, "file": record({"file": FILE})}
_CONTENT: Final = nullable(text_or(list_of(tagged(_PARTS, known=("input_audio", "audio")))))

_CALL: Final = record({"name": string}, {"arguments": text_or(mapping)})
_TOOL_CALL: Final = record({"id": string, "function": _CALL})

_MESSAGE_FIELDS: Final = record(
    {"role": one_of("system", "developer", "user", "assistant", "tool", "function")},
    {
        "content": _CONTENT,
        "name": string,
        "tool_calls": list_of(_TOOL_CALL),
        "function_call": _CALL,
        "refusal": string,
        "reasoning_content": string,
        "audio": refused("Audio is not supported by this gateway"),
    },
)
_RESULT: Final = record({"tool_call_id": string})
_FUNCTION_RESULT: Final = record({"name": string})

_DEFINITION: Final = record({"name": word}, {"description": string, "parameters": mapping, "input_schema": mapping})
_NESTED_TOOL: Final = record({"function": _DEFINITION})
_OTHER_TOOL: Final = record({"type": string})


def _message(value: Any) -> Problem | None:
    problem = _MESSAGE_FIELDS(value)
    if problem is None and value["role"] == "tool":
        return _RESULT(value)
    if problem is None and value["role"] == "function":
        return _FUNCTION_RESULT(value)
    return problem


def is_function(tool: Any) -> bool:
    """Whether a tool is a function of the client's, in any of the spellings; without a type it is one (Cursor)."""
    return not isinstance(tool, dict) or tool.get("type") in ("function", None)


def _tool(value: Any) -> Problem | None:
    if not is_function(value):
        return (openai_search.TOOL if openai_search.is_search(value.get("type")) else _OTHER_TOOL)(value)
    flat = isinstance(value, dict) and "function" not in value and "name" in value
    return (_DEFINITION if flat else _NESTED_TOOL)(value)


_NAMED: Final = tagged({"function": nullable(mapping), "tool": nullable(mapping)})
_NAMED_FLAT: Final = record({"name": string})
_NAMED_NESTED: Final = record({"function": _NAMED_FLAT})
_CHOICE_WORD: Final = one_of("none", "auto", "required", "any")


def _tool_choice(value: Any) -> Problem | None:
    """A word; the word as a type (``{"type": "auto"}``); a function's name, nested or flat."""
    if not isinstance(value, dict):
        return _CHOICE_WORD(value)
    if _CHOICE_WORD(value.get("type")) is None:
        return None
    return _NAMED(value) or (_NAMED_FLAT if "name" in value else _NAMED_NESTED)(value)


def _function_call(value: Any) -> Problem | None:
    return _NAMED_FLAT(value) if isinstance(value, dict) else one_of("none", "auto")(value)


def _one(value: Any) -> Problem | None:
    return positive(value) or (None if value == 1 else ["Only one choice can be asked for"])


_STOP_LIST: Final = stops(most=MOST_STOPS)


def _stops(value: Any) -> Problem | None:
    return (stop if isinstance(value, str) else _STOP_LIST)(value)


class ChatRequest(RequestSchema):
    """``POST /v1/chat/completions``.

    ``system`` of the Messages API and ``instructions`` of the Responses API are carried as system messages, too; what
    holds a chat in another API is refused.
    """

    model = Checked(word, required=True)
    messages = Checked(list_of(_message, least=1, most=MOST_MESSAGES), required=True)
    system = Checked(_CONTENT)
    instructions = Checked(_CONTENT)
    input = Checked(refused("The conversation belongs into `messages` here"))
    prompt = Checked(refused("The conversation belongs into `messages` here"))
    prediction = Checked(refused("Predicted outputs are not supported by this gateway"))
    tools = Checked(list_of(_tool, most=MOST_TOOLS))
    functions = Checked(list_of(_DEFINITION, most=MOST_TOOLS))
    tool_choice = Checked(_tool_choice)
    function_call = Checked(_function_call)
    parallel_tool_calls = Checked(boolean)
    max_tokens = Checked(positive)
    max_completion_tokens = Checked(positive)
    stop = Checked(_stops)
    response_format = Checked(NESTED)
    stream = Checked(boolean)
    stream_options = Checked(record({}, {"include_usage": boolean}))
    reasoning_effort = Checked(effort.EFFORT_OR_NONE)
    reasoning = Checked(record({}, {"effort": effort.EFFORT_OR_NONE, "max_tokens": positive, "enabled": boolean}))
    thinking = Checked(effort.THINKING)
    n = Checked(_one)
    web_search_options = Checked(openai_search.OPTIONS)


SCHEMA: Final = ChatRequest()
