"""Which cut calls are remembered, for how long, and whose chat is reminded."""

from gateway.conversation import Conversation, Message, Text, ToolCall, ToolResult
from gateway.kiro.conversation_id import chat_id
from gateway.kiro.recovery import NOTICE
from gateway.web.cut_calls import CALLS, CHATS, KEPT_FOR, CutCalls, NoLedger


class Clock:
    """Seconds that grow when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def chat(session: str, call: str = "cut") -> Conversation:
    asked = Message("user", (Text("go"),))
    cut = Message("assistant", (ToolCall(call, "write", "{"),))
    result = Message("user", (ToolResult(call, (Text("invalid"),), is_error=True),))
    return Conversation("m", (asked, cut, result), session=session)


def told(ledger: CutCalls | NoLedger, conversation: Conversation) -> bool:
    return Text(NOTICE) in ledger.reminded(conversation).messages[-1].blocks


def test_a_cut_call_is_remembered_in_its_own_chat() -> None:
    ledger = CutCalls(Clock())
    ledger.remember(chat_id(chat("a")), ["cut"])
    assert told(ledger, chat("a")) and told(ledger, chat("a"))
    assert not told(ledger, chat("b"))
    assert not told(ledger, chat("a", call="another"))


def test_while_nothing_was_cut_the_conversation_is_not_touched() -> None:
    conversation = chat("a")
    assert CutCalls(Clock()).reminded(conversation) is conversation


def test_it_is_forgotten_after_a_day() -> None:
    clock = Clock()
    ledger = CutCalls(clock)
    ledger.remember(chat_id(chat("a")), ["cut"])
    clock.now = KEPT_FOR - 1
    assert told(ledger, chat("a"))
    clock.now = KEPT_FOR
    assert not told(ledger, chat("a"))


def test_the_oldest_chats_and_calls_make_room() -> None:
    ledger = CutCalls(Clock())
    for number in range(CHATS + 1):
        ledger.remember(chat_id(chat(f"chat {number}")), ["cut"])
    assert not told(ledger, chat("chat 0"))
    assert told(ledger, chat("chat 1"))
    ledger.remember(chat_id(chat("chat 1")), [str(number) for number in range(CALLS)])
    assert not told(ledger, chat("chat 1")) and told(ledger, chat("chat 1", call="0"))


def test_a_new_cut_keeps_a_chat_in_memory() -> None:
    ledger = CutCalls(Clock())
    ledger.remember(chat_id(chat("kept")), ["cut"])
    for number in range(CHATS - 1):
        ledger.remember(f"other {number}", ["x"])
    ledger.remember(chat_id(chat("kept")), ["later"])
    ledger.remember("one more", ["x"])
    assert told(ledger, chat("kept"))


def test_switched_off_nobody_is_reminded() -> None:
    ledger = NoLedger()
    ledger.remember(chat_id(chat("a")), ["cut"])
    assert not told(ledger, chat("a"))
