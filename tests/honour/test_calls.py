"""Whether the call that was demanded was made."""

import pytest

from gateway.conversation import Text, ToolCall, ToolChoice
from gateway.events import Stop, StopReason
from gateway.honour.calls import missing_call
from gateway.reply import Reply


def reply(*called: str, stop: StopReason = StopReason.END_TURN) -> Reply:
    made = Reply()
    made.blocks = [Text("Well."), *(ToolCall(f"id_{name}", name, "{}") for name in called)]
    made.stop = Stop(stop)
    return made


@pytest.mark.parametrize(
    ("choice", "answer", "missing"),
    [
        (ToolChoice(), reply(), False),
        (ToolChoice("none"), reply(), False),
        (ToolChoice("any"), reply(), True),
        (ToolChoice("any"), reply("read"), False),
        (ToolChoice("named", "read"), reply("read"), False),
        (ToolChoice("named", "read"), reply("write"), True),
        (ToolChoice("any"), reply(stop=StopReason.MAX_TOKENS), False),
        (ToolChoice("any"), reply(stop=StopReason.REFUSAL), False),
    ],
)
def test_a_missing_call_is_noticed(choice: ToolChoice, answer: Reply, missing: bool) -> None:
    assert (missing_call(choice, answer) is not None) is missing


def test_the_words_of_the_answer_are_kept_for_a_second_try() -> None:
    unmet = missing_call(ToolChoice("any"), reply())
    assert unmet is not None and (unmet.said, unmet.correction) == ("Well.", "You called no tool.")
