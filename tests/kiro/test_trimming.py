"""A limit refuses by name, or the oldest turns go, with calls and results kept together."""

import tracemalloc
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import jsontext
from gateway.conversation import Conversation, Message, Text, Tool, ToolCall, ToolResult
from gateway.errors import GatewayError, Kind
from gateway.kiro.conversation_id import chat_ids
from gateway.kiro.models import Catalogue, NameRules, resolve
from gateway.kiro.payload import Draft, Layout, lay_out
from gateway.kiro.rules import check
from gateway.kiro.trimming import Dropped, SizeLimit, fit

READ = Tool("read", "Read", {"type": "object", "properties": {}})
RESOLVED = resolve("claude-sonnet-4.5", Catalogue.fallback(NameRules()), NameRules())


def laid_out(conversation: Conversation) -> Draft:
    return lay_out(conversation, RESOLVED, Layout())


def size(conversation: Conversation) -> int:
    return len(jsontext.encode(laid_out(conversation).body))


def talk(*messages: Message) -> Conversation:
    return Conversation("claude-sonnet-4.5", messages, system="be brief", tools=(READ,))


def said(text: str, length: int = 1000) -> tuple[Message, ...]:
    return Message("user", (Text(text * length),)), Message("assistant", (Text(f"answer to {text}"),))


def called(name: str, length: int = 1000) -> tuple[Message, ...]:
    call, result = ToolCall(name, "read", "{}"), ToolResult(name, (Text("r" * length),))
    return Message("assistant", (call,)), Message("user", (result,))


NOW = Message("user", (Text("now"),))
CHAT = talk(*said("a"), *said("b"), *said("c"), NOW)
LAID_OUT = laid_out(CHAT)


def test_without_a_limit_nothing_is_measured_or_changed() -> None:
    fitted = fit(CHAT, laid_out, SizeLimit(None, trim=True))
    assert fitted.conversation is CHAT and fitted.dropped is None


def test_what_fits_stays_as_it_is() -> None:
    assert fit(CHAT, laid_out, SizeLimit(size(CHAT), trim=True)).conversation is CHAT


def test_without_trimming_the_setting_refuses_by_its_name() -> None:
    with pytest.raises(GatewayError) as caught:
        fit(CHAT, laid_out, SizeLimit(2000))
    assert caught.value.kind is Kind.TOO_LARGE
    for words in ("guard.max_payload_bytes (KIRO_MAX_PAYLOAD_BYTES)", "guard.auto_trim (AUTO_TRIM_PAYLOAD)"):
        assert words in caught.value.message
    assert f"takes {size(CHAT)} bytes" in caught.value.message and "allows 2000." in caught.value.message


def test_the_oldest_exchanges_go_first_and_only_as_many_as_must() -> None:
    fitted = fit(CHAT, laid_out, SizeLimit(size(CHAT) - 1, trim=True))
    assert fitted.conversation.messages == (*said("b"), *said("c"), NOW)
    assert fitted.dropped == Dropped(2, size(CHAT) - size(fitted.conversation))


def test_an_exchange_goes_with_its_calls_and_their_results() -> None:
    worked = talk(*said("a")[:1], *called("1"), *called("2"), Message("assistant", (Text("done"),)), *said("b"), NOW)
    fitted = fit(worked, laid_out, SizeLimit(size(worked) - 10, trim=True))
    assert fitted.conversation.messages == (*said("b"), NOW)


def test_in_one_long_tool_loop_the_task_stays_and_the_oldest_calls_go() -> None:
    task = said("do it")[0]
    loop = talk(task, *called("1"), *called("2"), *called("3"), *called("4"))
    fitted = fit(loop, laid_out, SizeLimit(size(loop) - 1500, trim=True))
    assert fitted.conversation.messages == (task, *called("3"), *called("4"))


def test_the_chat_keeps_its_id_and_its_prompt() -> None:
    draw_up = partial(lay_out, resolved=RESOLVED, layout=Layout(), ids=chat_ids(CHAT))
    fitted = fit(CHAT, draw_up, SizeLimit(3000, trim=True))
    assert fitted.dropped and fitted.draft.turn == laid_out(CHAT).turn
    assert fitted.draft.conversation_id == laid_out(CHAT).conversation_id
    assert fitted.conversation.system == "be brief"


def test_of_ten_thousand_messages_not_every_shorter_history_is_made() -> None:
    long = talk(*said("a", 1) * 5000, NOW)
    tracemalloc.start()
    try:
        fit(long, lambda _: LAID_OUT, SizeLimit(10, trim=True))
    except GatewayError:
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20


def test_a_last_turn_that_does_not_fit_alone_is_refused() -> None:
    with pytest.raises(GatewayError, match="Even the last turn alone does not fit"):
        fit(talk(*said("a"), said("now", 2000)[0]), laid_out, SizeLimit(3000, trim=True))


EXCHANGES = st.lists(st.integers(0, 3), min_size=1, max_size=6)


def conversation(exchanges: list[int], *, in_loop: bool) -> Conversation:
    """An exchange is the user's turn, so many calls with results, and an answer; the last may still be in its loop."""
    messages: list[Message] = []
    for number, calls in enumerate(exchanges):
        opening, answer = said(f"q{number}", 50)
        messages += [opening, *(m for k in range(calls) for m in called(f"{number}-{k}", 200)), answer]
    return talk(*messages[:-1]) if in_loop and exchanges[-1] else talk(*messages, NOW)


@settings(deadline=None)
@given(EXCHANGES, st.booleans(), st.floats(0.0, 1.0))
def test_whatever_is_dropped_no_rule_of_kiro_breaks_and_the_last_turn_is_there(
    exchanges: list[int], in_loop: bool, part: float
) -> None:
    whole = conversation(exchanges, in_loop=in_loop)
    limit = SizeLimit(max(1, round(size(whole) * part)), trim=True)
    try:
        fitted = fit(whole, laid_out, limit)
    except GatewayError:
        return
    body: Any = jsontext.decode(jsontext.encode(fitted.draft.body))
    assert check(body) == []
    assert fitted.conversation.messages[-1] == whole.messages[-1]
    assert size(fitted.conversation) <= limit.max_bytes
    assert paired(fitted.conversation)


def paired(trimmed: Conversation) -> bool:
    """Whether every call has its result and every result its call."""
    blocks = [block for message in trimmed.messages for block in message.blocks]
    calls = [block.id for block in blocks if isinstance(block, ToolCall)]
    return calls == [block.call_id for block in blocks if isinstance(block, ToolResult)]
