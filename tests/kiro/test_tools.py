"""Tool names, descriptions and declarations."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.conversation import Message, Tool, ToolCall
from gateway.kiro.tools import Declared, ToolNames, declare, names_of

VALID = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]{0,63}")


def tool(name: str, description: str = "Reads.", **schema: Any) -> Tool:
    return Tool(name, description, schema)


def declared(*tools: Tool, history: tuple[Message, ...] = (), limit: int = 10_000) -> Declared:
    return declare(tools, history, names_of(tools, history), limit)


def specifications(made: Declared) -> list[dict[str, Any]]:
    return [item["toolSpecification"] for item in made.specifications]


@pytest.mark.parametrize("name", ["read", "mcp__files__read-all", "R2", "x" * 64])
def test_a_name_kiro_takes_stays(name: str) -> None:
    names = ToolNames([name])
    assert names.short(name) == name
    assert names.changed == {}


@pytest.mark.parametrize("name", ["", "_x", "1x", "a.b", "a/b", "ä", "x" * 65, "read\n", "a b"])
def test_another_name_is_shortened_and_can_be_restored(name: str) -> None:
    names = ToolNames([name])
    assert VALID.fullmatch(names.short(name))
    assert names.changed == {names.short(name): name}


def test_names_that_look_alike_when_shortened_stay_apart() -> None:
    long = "x" * 80
    names = ToolNames(["a.b", "a/b", "a_b", f"{long}1", f"{long}2"])
    assert len({names.short(name) for name in ("a.b", "a/b", "a_b", f"{long}1", f"{long}2")}) == 5


def test_a_short_name_does_not_depend_on_the_other_tools() -> None:
    assert ToolNames(["a.b"]).short("a.b") == ToolNames(["z", "c.d", "a.b"]).short("a.b")


def test_a_tool_that_bears_the_short_name_of_another_keeps_it() -> None:
    short = ToolNames(["a.b"]).short("a.b")
    names = ToolNames(["a.b", short])
    assert names.short(short) == short
    assert names.short("a.b") != short


@given(st.lists(st.text(max_size=90), max_size=20))
def test_any_names_become_distinct_valid_ones(own: list[str]) -> None:
    names = ToolNames(own)
    shorts = {names.short(name) for name in own}
    assert len(shorts) == len(set(own))
    assert all(VALID.fullmatch(short) for short in shorts)


@pytest.mark.parametrize("empty", ["", "  \n"])
def test_an_empty_description_becomes_the_name(empty: str) -> None:
    assert specifications(declared(tool("read", empty)))[0]["description"] == "Tool: read"


def test_a_long_description_moves_to_the_system_prompt_with_a_pointer() -> None:
    made = declared(tool("read", "x" * 101), limit=100)
    assert made.documents == ("## Tool: read\n\n" + "x" * 101,)
    assert "'## Tool: read'" in specifications(made)[0]["description"]


@pytest.mark.parametrize(("description", "moves"), [("é" * 5120, False), ("é" * 5121, True), ("x" * 10_240, False)])
def test_kiros_own_limit_counts_bytes(description: str, moves: bool) -> None:
    assert bool(declared(tool("read", description), limit=0).documents) is moves


def test_of_two_tools_with_one_name_the_first_counts() -> None:
    assert [spec["description"] for spec in specifications(declared(tool("read", "1"), tool("read", "2")))] == ["1"]


def test_a_tool_only_the_history_names_is_declared_once() -> None:
    history = (Message("assistant", (ToolCall("a", "gone.tool", "{}"), ToolCall("b", "gone.tool", "{}"))),)
    made = declared(tool("read"), history=history)
    assert len(made.specifications) == 2
    placeholder = specifications(made)[1]
    assert VALID.fullmatch(placeholder["name"])
    assert placeholder["inputSchema"] == {"json": {"type": "object", "properties": {}}}


def test_schemas_are_cleaned() -> None:
    made = declared(tool("read", type="object", properties={}, additionalProperties=False))
    assert specifications(made)[0]["inputSchema"] == {"json": {"type": "object", "properties": {}}}
