"""Demands in words: only where something is demanded, and only in the newest message."""

from typing import Any

import pytest

from gateway.conversation import Conversation, Message, OutputFormat, Text, Tool, ToolChoice, ToolResult
from gateway.honour.prompt import corrected, instructed
from gateway.honour.unmet import Unmet

FIRST = Message("user", (Text("first"),))
SAID = Message("assistant", (Text("said"),))
NOW = Message("user", (Text("now"),))
TOOLS = (Tool("read", "", {}), Tool("write", "", {}))


def asked(**demands: Any) -> Conversation:
    return Conversation("m", (FIRST, SAID, NOW), tools=TOOLS, **demands)


@pytest.mark.parametrize("choice", [ToolChoice(), ToolChoice("none")])
def test_a_conversation_without_demands_stays_the_very_object(choice: ToolChoice) -> None:
    plain = asked(tool_choice=choice, stop=("x",), max_tokens=5, parallel_tools=False)
    assert instructed(plain) is plain


def test_a_demand_is_a_text_at_the_end_and_all_before_it_stays() -> None:
    told = instructed(asked(tool_choice=ToolChoice("any")))
    assert told.messages[:2] == (FIRST, SAID)
    assert told.messages[2].blocks[0] == Text("now")
    assert "one of the tools" in told.messages[2].blocks[1].text
    assert told.tools == TOOLS


def test_a_named_tool_is_named_and_alone() -> None:
    told = instructed(asked(tool_choice=ToolChoice("named", "write")))
    assert "`write`" in told.messages[2].blocks[1].text
    assert told.tools == TOOLS[1:]


def test_the_schema_stands_in_the_words() -> None:
    told = instructed(asked(output=OutputFormat(b'{"type":"array","title":"{x}"}')))
    assert '<json_schema>{"type":"array","title":"{x}"}</json_schema>' in told.messages[2].blocks[1].text
    any_object = instructed(asked(output=OutputFormat()))
    assert '<json_schema>{"type":"object"}</json_schema>' in any_object.messages[2].blocks[1].text


def test_after_tool_results_and_after_a_prefill_there_is_a_place_for_it_too() -> None:
    results = Message("user", (ToolResult("id", (Text("42"),)),))
    told = instructed(Conversation("m", (FIRST, SAID, results), output=OutputFormat()))
    assert told.messages[2].blocks[0] == results.blocks[0] and len(told.messages[2].blocks) == 2
    begun = instructed(Conversation("m", (FIRST, SAID), output=OutputFormat()))
    assert begun.messages[:2] == (FIRST, SAID) and begun.messages[2].role == "user"


def test_a_conversation_without_messages_stays_without_for_the_layout_to_refuse() -> None:
    empty = Conversation("m", (), output=OutputFormat(), tool_choice=ToolChoice("any"))
    assert instructed(empty) is empty


def test_a_correction_shows_the_model_its_answer_and_what_was_wrong() -> None:
    again = corrected(asked(), Unmet("m", said="{", correction="It is no JSON."))
    assert again.messages[:3] == (FIRST, SAID, NOW)
    assert again.messages[3] == Message("assistant", (Text("{"),))
    assert again.messages[4].blocks[0].text.startswith("It is no JSON.")


def test_an_answer_that_said_nothing_is_not_shown() -> None:
    again = corrected(asked(), Unmet("m", said=" \n", correction="You called no tool."))
    assert [message.role for message in again.messages] == ["user", "assistant", "user", "user"]
