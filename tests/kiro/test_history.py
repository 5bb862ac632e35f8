"""Each pass with the smallest history that Kiro refuses without it."""

import pytest

from gateway.conversation import Block, Image, Message, RedactedThinking, Text, Thinking, ToolCall, ToolResult
from gateway.kiro import history
from gateway.kiro.history import FILLER, GO_ON, PASSES, Messages, arrange
from gateway.kiro.pairing import CANCELLED

HI = Text("hi")
CALL = ToolCall("t1", "read", "{}")
RESULT = ToolResult("t1", (Text("done"),))
PICTURE = Image("png", "AAAA")


def user(*blocks: Block) -> Message:
    return Message("user", blocks)


def model(*blocks: Block) -> Message:
    return Message("assistant", blocks)


def test_a_call_told_by_the_user_becomes_text() -> None:
    assert history.own_side((user(CALL),)) == (user(Text("Tool call read: {}")),)


def test_thinking_told_by_the_user_is_no_message_of_his() -> None:
    assert history.own_side((user(HI, Thinking("hm", "s")),)) == (user(HI),)


def test_a_result_told_by_the_assistant_becomes_text() -> None:
    assert history.own_side((model(RESULT),)) == (model(Text("Tool result:\ndone")),)


@pytest.mark.parametrize("block", [PICTURE, ToolResult("t1", (PICTURE,))])
def test_a_picture_of_the_assistant_leaves_a_note(block: Block) -> None:
    (message,) = history.own_side((model(block),))
    assert all(isinstance(block, Text) for block in message.blocks)
    assert "image was left out" in str(message.blocks[-1])


@pytest.mark.parametrize(
    ("blocks", "kept"),
    [
        ((Thinking("a", None), HI), (HI,)),
        ((Thinking("a", "s"), HI), (Thinking("a", "s"), HI)),
        ((Thinking("a", "s"), Thinking("b", "t"), HI), (Thinking("b", "t"), HI)),
        ((Thinking("a", "s"), HI, Thinking("b", None)), (Thinking("a", "s"), HI)),
        ((RedactedThinking("x"), HI), (RedactedThinking("x"), HI)),
        ((Thinking("a", ""), HI), (HI,)),
    ],
)
def test_of_all_thinking_only_the_last_signed_stays(blocks: tuple[Block, ...], kept: tuple[Block, ...]) -> None:
    assert history.one_reasoning((model(*blocks),)) == (model(*kept),)


def test_blank_texts_count_as_none() -> None:
    assert history.no_blank_texts((user(Text(""), HI, Text(" \n")),)) == (user(HI),)


def test_an_empty_message_in_the_middle_goes_and_the_users_last_one_stays() -> None:
    assert history.no_empty_messages((user(HI), model(), user(), model(HI), user())) == (user(HI), model(HI), user())


def test_two_messages_of_one_role_become_one() -> None:
    assert history.alternate((user(HI), user(Text("there")), model(HI))) == (user(HI, Text("there")), model(HI))


def test_ten_thousand_messages_of_one_role_cost_linear_time() -> None:
    (merged,) = history.alternate((user(*[HI] * 100),) * 10_000)
    assert len(merged.blocks) == 1_000_000


def test_a_history_that_begins_with_the_assistant_gets_a_user_turn_first() -> None:
    assert history.begin_with_user((model(HI),)) == (user(Text(FILLER)), model(HI))


def test_a_prefill_moves_to_the_history_and_the_user_asks_to_go_on() -> None:
    assert history.end_with_user((user(HI), model(HI))) == (user(HI), model(HI), user(Text(GO_ON)))


def test_a_last_message_with_open_calls_is_followed_by_their_cancellation_alone() -> None:
    assert arrange((user(HI), model(CALL)))[-1] == user(ToolResult("t1", (Text(CANCELLED),), is_error=True))


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (user(), user(Text(FILLER))),
        (user(PICTURE), user(PICTURE, Text(FILLER))),
        (user(RESULT), user(RESULT)),
        (model(CALL), model(CALL)),
        (model(Thinking("a", "s")), model(Thinking("a", "s"), Text(FILLER))),
    ],
)
def test_a_message_without_a_word_gets_the_filler(message: Message, said: Message) -> None:
    assert history.say_something((message,)) == (said,)


@pytest.mark.parametrize("single", PASSES, ids=lambda single: single.__name__)
def test_a_pass_with_nothing_to_do_keeps_the_messages(single: history.Pass) -> None:
    good = (user(HI), model(Thinking("a", "s"), HI, CALL), user(RESULT, PICTURE, HI))
    done = single(good)
    assert done == good
    assert all(new is old for new, old in zip(done, good, strict=True))


def test_every_pass_says_what_was_refused() -> None:
    assert all(single.__doc__ and ("Rule" in single.__doc__ or "§" in single.__doc__) for single in PASSES)


@pytest.mark.parametrize(
    "messages",
    [
        (),
        (model(),),
        (user(),),
        (model(CALL), model(HI)),
        (user(RESULT), user(RESULT)),
        (model(HI), user(RESULT), model(CALL, CALL), user(RESULT)),
    ],
)
def test_whatever_comes_ends_in_turns_that_begin_and_end_with_the_user(messages: Messages) -> None:
    roles = [message.role for message in arrange(messages)]
    assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"]


def test_arranging_twice_changes_nothing_more() -> None:
    once = arrange((model(CALL, CALL), user(HI), user(RESULT), model(Text(""))))
    assert arrange(once) == once
