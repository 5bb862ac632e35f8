"""From a conversation to what Kiro is sent, and what of the request the decoder must know."""

from typing import Any

import pytest

from gateway.conversation import Conversation, Message, Text, ThinkingRequest, Tool
from gateway.kiro.models import Catalogue, NameRules
from gateway.kiro.payload import Layout
from gateway.kiro.turn import ReasoningMode
from gateway.web.heavy import Heavy
from gateway.web.translate import Manner, Translation, Translator

RULES = NameRules()
CATALOGUE = Catalogue.fallback(RULES)
MANNERS = {
    "strict": Manner(Layout(), ReasoningMode.FIELD, only_asked=True),
    "chatty": Manner(Layout(default_on=True), ReasoningMode.FIELD, only_asked=False),
}
LONG = "mcp__" + "x" * 80


def translator(catalogue: list[Catalogue] | None = None, **more: Any) -> Translator:
    """catalogue: the last one is that of now."""
    known = catalogue or [CATALOGUE]
    return Translator(
        lambda: known[-1], RULES, MANNERS, **{"count": len, "heavy": Heavy(), "new_id": lambda: "id"} | more
    )


def asked(model: str = "claude-sonnet-4.5", **more: Any) -> Conversation:
    return Conversation(model, (Message("user", (Text("hi"),)),), **more)


def tools_of(translation: Translation) -> list[str]:
    message = translation.draft.body["conversationState"]["currentMessage"]["userInputMessage"]
    tools = message.get("userInputMessageContext", {}).get("tools", [])
    return [tool["toolSpecification"]["name"] for tool in tools]


def test_chat_in_a_models_name_hides_the_tools() -> None:
    tools = (Tool("read", "Reads.", {"type": "object"}),)
    assert tools_of(translator().translate(asked(tools=tools), "strict")) == ["read"]
    assert tools_of(translator().translate(asked("claude-sonnet-4.5-chat", tools=tools), "strict")) == []


@pytest.mark.parametrize(
    ("dialect", "model", "thinking", "mode"),
    [
        ("strict", "claude-sonnet-4.5", ThinkingRequest(), ReasoningMode.REMOVE),
        ("strict", "claude-sonnet-4.5-thinking", ThinkingRequest(), ReasoningMode.FIELD),
        ("strict", "claude-sonnet-4.5", ThinkingRequest(asked=True), ReasoningMode.FIELD),
        ("chatty", "claude-sonnet-4.5", ThinkingRequest(), ReasoningMode.FIELD),
    ],
)
def test_thinking_nobody_asked_for_is_dropped_where_it_would_be_taken_for_the_text(
    dialect: str, model: str, thinking: ThinkingRequest, mode: ReasoningMode
) -> None:
    assert translator().translate(asked(model, thinking=thinking), dialect).plan.reasoning is mode


def test_a_name_is_looked_up_anew_once_the_catalogue_has_changed() -> None:
    catalogues = [CATALOGUE]
    made = translator(catalogues)
    before = made.translate(asked("novel-1"), "strict").resolved
    model = {"modelId": "novel-1", "tokenLimits": {"maxInputTokens": 7000}}
    catalogues.append(Catalogue.from_upstream({"models": [model]}))
    after = made.translate(asked("novel-1"), "strict").resolved
    assert (before.model.window, after.model.window) == (200_000, 7000)
    assert made.translate(asked("novel-1"), "strict").resolved is after


def test_names_without_end_are_not_all_remembered() -> None:
    made = translator()
    for number in range(300):
        assert made.translate(asked(f"novel-{number}"), "strict").resolved.model.id == f"novel-{number}"


def test_calls_in_text_are_looked_for_by_the_names_the_model_was_told() -> None:
    tools = (Tool(LONG, "Reads.", {"type": "object"}),)
    off = translator().translate(asked(tools=tools), "strict")
    found = translator(read_text_calls=True).translate(asked(tools=tools), "strict")
    assert off.plan.declared is None and found.plan.declared is not None
    [short] = found.plan.original_names
    assert found.plan.original_names[short] == LONG and len(short) <= 64


def test_where_no_tool_is_offered_no_call_is_looked_for() -> None:
    made = translator(read_text_calls=True)
    assert made.translate(asked(), "strict").plan.declared is None
