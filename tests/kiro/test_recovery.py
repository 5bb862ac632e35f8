"""Where the model is told that its call was cut."""

from gateway.conversation import Message, Text, ToolCall, ToolResult
from gateway.kiro.recovery import NOTICE, remind

ASKED = Message("user", (Text("go"),))
CUT = Message("assistant", (Text("I write"), ToolCall("cut", "write", '{"text": "abc')))
WHOLE = Message("assistant", (ToolCall("whole", "write", "{}"),))
NOTE = Text(NOTICE)


def result(call_id: str) -> Message:
    return Message("user", (ToolResult(call_id, (Text("invalid"),), is_error=True),))


def test_the_notice_stands_behind_the_result_of_the_cut_call_and_nowhere_else() -> None:
    before = (ASKED, WHOLE, result("whole"), CUT, result("cut"), WHOLE, result("whole"))
    after = remind(before, {"cut"})
    assert after[4] == Message("user", (*before[4].blocks, NOTE))
    assert [one is two for one, two in zip(after, before, strict=True)] == [True] * 4 + [False] + [True] * 2


def test_a_result_without_its_call_brings_the_notice_too() -> None:
    assert remind((ASKED, result("cut")), {"cut"})[1].blocks[-1] == NOTE


def test_a_call_without_a_result_brings_it_into_the_users_next_turn() -> None:
    after = remind((ASKED, CUT, Message("user", (Text("well?"),)), WHOLE), {"cut"})
    assert after[2].blocks == (Text("well?"), NOTE)


def test_the_result_of_another_call_is_not_taken_for_it() -> None:
    both = Message("assistant", (*WHOLE.blocks, *CUT.blocks))
    after = remind((ASKED, both, result("whole"), result("cut")), {"cut"})
    assert [NOTE in message.blocks for message in after] == [False, False, False, True]


def test_a_history_without_it_stays_as_it_is() -> None:
    before = (ASKED, WHOLE, result("whole"))
    assert all(one is two for one, two in zip(remind(before, {"cut"}), before, strict=True))


def test_the_notice_is_one_sentence() -> None:
    assert NOTICE.endswith(".") and NOTICE.count(".") == 1
