"""Codex's three layouts of tools, and the names that must be restored."""

import pytest

from gateway.dialects.openai_responses.tools import Own, Toolbox

RUN = {"type": "function", "name": "run", "description": "Runs", "parameters": {"type": "object", "properties": {}}}
PATCH = {
    "type": "custom",
    "name": "apply_patch",
    "description": "Edits files",
    "format": {"type": "grammar", "syntax": "lark", "definition": "start: begin hunk+ end"},
}
SHELL = {"type": "namespace", "name": "shell", "description": "s", "tools": [RUN, PATCH]}


def box(*tools: object, **body: object) -> Toolbox:
    return Toolbox({"tools": list(tools), **body})


def test_a_function_stays_itself() -> None:
    [tool] = box(RUN).tools
    assert (tool.name, tool.description, tool.schema) == ("run", "Runs", RUN["parameters"])
    assert box(RUN).owner("run") == Own("run")


def test_a_function_without_parameters_takes_none() -> None:
    assert box({"type": "function", "name": "now", "parameters": None}).tools[0].schema["properties"] == {}


def test_a_freeform_tool_is_a_function_of_one_text_that_shows_the_grammar() -> None:
    [tool] = box(PATCH).tools
    assert list(tool.schema["properties"]) == tool.schema["required"] == ["input"]
    assert tool.description.startswith("Edits files\n\n")
    assert "lark grammar:\n\nstart: begin hunk+ end" in tool.description
    assert box(PATCH).owner("apply_patch") == Own("apply_patch", freeform=True)


@pytest.mark.parametrize("format_", [None, {"type": "text"}])
def test_a_freeform_tool_without_a_grammar_has_its_own_description(format_: object) -> None:
    assert box({**PATCH, "format": format_}).tools[0].description == "Edits files"


def test_a_namespace_is_flattened_and_restored() -> None:
    found = box(SHELL)
    assert [tool.name for tool in found.tools] == ["shell__run", "shell__apply_patch"]
    assert found.owner("shell__run") == Own("run", "shell")
    assert found.owner("shell__apply_patch") == Own("apply_patch", "shell", freeform=True)


def test_flat_names_stay_apart() -> None:
    clash = {"type": "function", "name": "shell__run"}
    found = box(SHELL, clash, {"type": "namespace", "name": "shell__", "tools": [{"type": "function", "name": "x"}]})
    assert len({tool.name for tool in found.tools}) == 4
    assert found.owner("shell__run") == Own("shell__run")
    assert Own("run", "shell") in found.own.values()


def test_of_two_tools_with_one_name_the_first_counts() -> None:
    assert len(box(RUN, {**RUN, "description": "other"}).tools) == 1


def test_additional_tools_in_the_input_are_tools() -> None:
    item = {"type": "additional_tools", "role": "developer", "tools": [{**SHELL, "name": "functions"}]}
    found = Toolbox({"input": [{"role": "user", "content": "hi"}, item]})
    assert [tool.name for tool in found.tools] == ["functions__run", "functions__apply_patch"]


def test_hosted_tools_are_left_out_by_type() -> None:
    found = box(RUN, {"type": "mcp"}, {"type": "tool_search", "execution": "client"}, {"type": "mcp"})
    assert [tool.name for tool in found.tools] == ["run"]
    assert found.left_out == ("mcp", "tool_search")


@pytest.mark.parametrize(
    ("named", "flat"),
    [
        ({"name": "run", "namespace": "shell"}, "shell__run"),
        ({"name": "run"}, "shell__run"),
        ({"name": "gone", "namespace": "old"}, "old__gone"),
        ({"name": "gone"}, "gone"),
    ],
)
def test_a_call_in_the_history_has_the_name_its_tool_is_offered_under(named: dict[str, str], flat: str) -> None:
    assert box(SHELL).flat(named) == flat


def test_a_tool_nobody_offered_is_its_own() -> None:
    assert box().owner("anything") == Own("anything")
