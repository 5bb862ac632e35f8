"""A request to /v1/responses and what it means."""

from typing import Any

import pytest

from gateway.conversation import Conversation, Effort, Message, OutputFormat, Text, ThinkingRequest, ToolChoice
from gateway.dialects.openai_responses.parse import parse
from gateway.errors import GatewayError

RUN = {"type": "function", "name": "run"}
PATCH = {"type": "custom", "name": "patch"}
FILES = {"type": "namespace", "name": "fs", "tools": [{"type": "function", "name": "read"}]}
TOOLS = [RUN, PATCH, FILES, {"type": "file_search"}]


def parsed(headers: dict[str, str] | None = None, **body: Any) -> Conversation:
    return parse({"model": "m", "input": "hi", **body}, headers or {})


def test_the_least_request_is_one_text_with_nothing_asked() -> None:
    assert parsed() == Conversation(model="m", messages=(Message("user", (Text("hi"),)),))


def test_instructions_and_leading_developer_messages_are_the_prompt() -> None:
    items = [
        {"role": "developer", "content": "Base."},
        {"role": "system", "content": "More."},
        {"role": "user", "content": "hi"},
        {"role": "developer", "content": "Later."},
    ]
    found = parsed(input=items, instructions="First.")
    assert found.system == "First.\n\nBase.\n\nMore."
    assert found.messages[1] == Message("user", (Text("<system-reminder>\nLater.\n</system-reminder>"),))


def test_a_prompt_alone_is_the_users_turn() -> None:
    assert parsed(input=[], instructions="Do it.").messages == (Message("user", (Text("Do it."),)),)


@pytest.mark.parametrize("nothing", [None, [], ""])
def test_nothing_to_say_is_refused(nothing: object) -> None:
    with pytest.raises(GatewayError) as raised:
        parsed(input=nothing)
    assert raised.value.path == "input"


def test_after_a_previous_response_there_may_be_nothing_new() -> None:
    assert parsed(input=None, previous_response_id="resp_1").messages == ()


@pytest.mark.parametrize(
    ("choice", "meaning"),
    [
        (None, ToolChoice()),
        ("auto", ToolChoice()),
        ("none", ToolChoice("none")),
        ("required", ToolChoice("any")),
        ({"type": "function", "name": "run"}, ToolChoice("named", "run")),
        ({"type": "custom", "name": "patch"}, ToolChoice("named", "patch")),
        ({"type": "function", "name": "read", "namespace": "fs"}, ToolChoice("named", "fs__read")),
        ({"type": "file_search"}, ToolChoice()),
    ],
)
def test_the_choice_of_a_tool(choice: object, meaning: ToolChoice) -> None:
    assert parsed(tools=TOOLS, tool_choice=choice).tool_choice == meaning


@pytest.mark.parametrize(("mode", "meaning"), [("auto", "auto"), ("required", "any")])
def test_allowed_tools_alone_are_offered(mode: str, meaning: str) -> None:
    allowed = [{"type": "function", "name": "run"}, {"type": "file_search"}]
    found = parsed(tools=TOOLS, tool_choice={"type": "allowed_tools", "mode": mode, "tools": allowed})
    assert ([tool.name for tool in found.tools], found.tool_choice.mode) == (["run"], meaning)


def test_a_tool_nobody_declared_cannot_be_chosen() -> None:
    with pytest.raises(GatewayError) as raised:
        parsed(tools=TOOLS, tool_choice={"type": "function", "name": "other"})
    assert raised.value.path == "tool_choice"


@pytest.mark.parametrize(
    ("reasoning", "meaning"),
    [
        (None, ThinkingRequest()),
        ({}, ThinkingRequest()),
        ({"summary": "auto"}, ThinkingRequest(asked=True)),
        ({"effort": "high", "summary": "auto"}, ThinkingRequest(asked=True, effort=Effort.HIGH)),
        ({"effort": "none"}, ThinkingRequest(asked=False)),
    ],
)
def test_thinking(reasoning: object, meaning: ThinkingRequest) -> None:
    assert parsed(reasoning=reasoning).thinking == meaning


@pytest.mark.parametrize(
    ("format_", "meaning"),
    [
        (None, None),
        ({"type": "text"}, None),
        ({"type": "json_object"}, OutputFormat()),
        (
            {"type": "json_schema", "name": "n", "schema": {"type": "object"}},
            OutputFormat(b'{"type":"object"}', "text.format.schema"),
        ),
    ],
)
def test_the_form_of_the_text(format_: object, meaning: OutputFormat | None) -> None:
    assert parsed(text={"format": format_}).output == meaning


@pytest.mark.parametrize(
    ("headers", "key", "session"),
    [
        ({}, "k", None),
        ({"session-id": "s"}, "k", "s"),
        ({"session-id": "s", "thread-id": "t"}, "k", "t"),
        ({"x-session-id": "x"}, None, "x"),
        ({}, None, None),
    ],
)
def test_the_session_is_the_thread_of_codex_and_the_cache_key_stands_beside_it(
    headers: dict[str, str], key: str | None, session: str | None
) -> None:
    found = parsed(headers, prompt_cache_key=key)
    assert (found.session, found.cache_key) == (session, key)


def test_what_has_no_effect_is_named_once() -> None:
    found = parsed(temperature=0, text={"verbosity": "low"}, truncation="auto", tools=[*TOOLS, {"type": "x"}])
    assert found.ignored == ("temperature", "text.verbosity", "truncation", "tools.file_search", "tools.other")


def test_limits_parallel_calls_and_streaming() -> None:
    found = parsed(max_output_tokens=9, parallel_tool_calls=False, stream=True)
    assert (found.max_tokens, found.parallel_tools, found.stream) == (9, False, True)
