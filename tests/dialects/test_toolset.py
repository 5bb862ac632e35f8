"""What the tool lists of the client APIs have in common."""

import pytest

from gateway.conversation import Tool, ToolChoice
from gateway.dialects import toolset
from gateway.errors import GatewayError

TOOLS = (Tool("read", "", {}), Tool("write", "", {}))


@pytest.mark.parametrize(
    ("tool_type", "name"),
    [
        ("web_search_20250305", "tools.web_search"),
        ("web_search", "tools.web_search"),
        ("tool_search_tool_regex_20251119", "tools.tool_search"),
        ("computer_use_preview", "tools.computer"),
        ("c4n4ry", "tools.other"),
        (5, "tools.other"),
    ],
)
def test_a_tool_left_out_is_named_by_its_family_and_never_by_the_clients_word(tool_type: object, name: str) -> None:
    assert toolset.ignored_name(tool_type) == name


@pytest.mark.parametrize(
    ("choice", "settled"),
    [
        (ToolChoice("any"), ToolChoice("any")),
        (ToolChoice("named", "read"), ToolChoice("named", "read")),
        (ToolChoice("named", "web_search"), ToolChoice("auto")),
    ],
)
def test_a_choice_holds_as_far_as_the_offered_tools_allow(choice: ToolChoice, settled: ToolChoice) -> None:
    assert toolset.settled(choice, TOOLS, {"web_search"}) == settled


def test_without_tools_there_is_nothing_to_choose() -> None:
    assert toolset.settled(ToolChoice("any"), (), ()) == ToolChoice()


def test_a_choice_of_an_undeclared_tool_is_refused() -> None:
    with pytest.raises(GatewayError) as refused:
        toolset.settled(ToolChoice("named", "c4n4ry"), TOOLS, ())
    assert refused.value.path == "tool_choice"
    assert "c4n4ry" not in refused.value.message


@pytest.mark.parametrize(
    ("arguments", "cut", "given"),
    [
        ('{"a":1}', False, {"a": 1}),
        ("", False, {}),
        ("", True, None),
        ('{"a":', True, None),
        ("[1]", False, None),
        ("[" * 5000, True, None),
    ],
)
def test_only_whole_objects_are_input(arguments: str, cut: bool, given: dict[str, int] | None) -> None:
    assert toolset.whole_input(arguments, cut=cut) == given
