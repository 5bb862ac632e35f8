"""A draft that is written beforehand says the same, byte for byte."""

from hypothesis import given

from gateway import jsontext
from gateway.conversation import Conversation, Image, Message, Text, Tool, ToolCall, ToolResult
from gateway.kiro.payload import Draft, Layout, lay_out
from gateway.kiro.written import LONG, written
from tests.kiro.conversations import CONVERSATIONS
from tests.kiro.test_payload import SONNET


def laid_out(conversation: Conversation) -> Draft:
    return lay_out(conversation, SONNET, Layout())


def assert_same(draft: Draft) -> None:
    before = jsontext.encode(draft.body)
    assert jsontext.encode(written(draft).body) == before
    assert jsontext.encode(draft.body) == before


@given(CONVERSATIONS)
def test_any_draft_is_written_as_it_would_go_out(conversation: Conversation) -> None:
    if conversation.messages:
        assert_same(laid_out(conversation))


def test_long_texts_are_written_in_pieces_and_say_the_same() -> None:
    text = 'a "quoted" line\\ of 日本 😀\n' * (LONG // 8)
    messages = (
        Message("user", (Text(text), Image("png", "AAAA" * LONG))),
        Message("assistant", (Text(text), ToolCall("t1", "read", '{"path": "a"}'))),
        Message("user", (ToolResult("t1", (Text(text),)),)),
    )
    assert_same(laid_out(Conversation("m", messages, system=text, tools=(Tool("read", "Reads.", {"type": "object"}),))))


def test_a_first_message_has_no_history_to_write() -> None:
    draft = laid_out(Conversation("m", (Message("user", (Text("hi"),)),)))
    assert "history" not in written(draft).body["conversationState"]
