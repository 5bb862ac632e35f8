"""System messages."""

import pytest

from gateway.conversation import Message, Text
from gateway.dialects import system


def test_parts_of_a_prompt_are_joined_without_gaps() -> None:
    assert system.joined(["a", "", "b"]) == "a\n\nb"


@pytest.mark.parametrize("text", ["be brief", "<system-reminder>\nbe brief\n</system-reminder>"])
def test_a_later_system_message_becomes_one_reminder_of_the_user(text: str) -> None:
    expected = Text("<system-reminder>\nbe brief\n</system-reminder>")
    assert system.reminder(text) == Message("user", (expected,))


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
