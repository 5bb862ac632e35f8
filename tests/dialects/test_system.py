"""System messages."""

import pytest

from gateway.conversation import Image, Message, Text
from gateway.dialects import system
from gateway.errors import GatewayError


def test_a_system_message_holds_text_only() -> None:
    assert system.texts([Text("a"), Text("b")], "p") == ["a", "b"]
    with pytest.raises(GatewayError, match="text only") as refused:
        system.texts([Text("a"), Image("png", "AAAA")], "p")
    assert refused.value.path == "p.1"


def test_parts_of_a_prompt_are_joined_without_gaps() -> None:
    assert system.joined(["a", "", "b"]) == "a\n\nb"


@pytest.mark.parametrize("text", ["be brief", "<system-reminder>\nbe brief\n</system-reminder>"])
def test_a_later_system_message_becomes_one_reminder_of_the_user(text: str) -> None:
    expected = Text("<system-reminder>\nbe brief\n</system-reminder>")
    assert system.reminder(text) == Message("user", (expected,))


def test_leading_texts_are_the_prompt_and_later_ones_stay_in_their_place() -> None:
    said = Message("user", (Text("hi"),))
    assert system.parted(["a", "", "b", said, "c"]) == ("a\n\nb", (said, system.reminder("c")))


def test_a_later_system_message_that_says_nothing_is_none() -> None:
    said = Message("user", (Text("hi"),))
    assert system.parted([said, "", said]) == ("", (said, said))


def test_a_request_of_system_messages_alone_asks_with_its_prompt() -> None:
    assert system.settled("do it", []) == ("", (Message("user", (Text("do it"),)),))
    assert system.settled("", []) == ("", ())


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("x-anthropic-billing-header: cc_version=2.1; cch=1;", ""),
        ("x-anthropic-billing-header: cc_version=2.1;\nYou are an agent.", "You are an agent."),
        ("You know x-anthropic-billing-header: well", "You know x-anthropic-billing-header: well"),
    ],
)
def test_the_billing_line_is_dropped_and_nothing_else(text: str, left: str) -> None:
    assert system.without_billing_header(text) == left
