"""Which turn a conversation is in, and which id each send of it gets."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.conversation import Block, Conversation, Image, Message, Text, ToolCall, ToolResult
from gateway.kiro.continuation import ROUNDS, ContinuationIds, UserTurn, user_turn
from gateway.kiro.recovery import NOTICE

REMINDER = Text("<system-reminder>\nThe list is empty.\n</system-reminder>")


def user(*blocks: Block | str) -> Message:
    return Message("user", tuple(Text(block) if isinstance(block, str) else block for block in blocks))


def called(*ids: str) -> Message:
    return Message("assistant", tuple(ToolCall(id_, "read", "{}") for id_ in ids))


def result(id_: str) -> ToolResult:
    return ToolResult(id_, (Text("ok"),))


def turn(*messages: Message, model: str = "m", chat: str = "chat") -> UserTurn:
    return user_turn(chat, Conversation(model, messages))


ASKED = (user("Fix it."),)
ROUND = (*ASKED, called("1"), user(result("1")))


@pytest.mark.parametrize(
    "messages",
    [
        ROUND,
        (*ROUND, called("2", "3"), user(result("2")), user(result("3"))),
        (*ASKED, called("1"), user(result("1"), REMINDER)),
        (*ASKED, called("1"), user(result("1")), user(REMINDER)),
        (*ASKED, called("1"), user(result("1"), NOTICE)),
        (*ASKED, called("1"), user(result("1"), Image("png", "AAAA"))),
        (user(REMINDER, "Fix it."), called("1"), user(result("1"))),
        (user("Fix it."), user(REMINDER), called("1"), user(result("1"))),
    ],
)
def test_a_round_is_in_the_turn_of_its_input(messages: tuple[Message, ...]) -> None:
    assert turn(*messages).key == turn(*ASKED).key
    assert turn(*messages).round != turn(*ASKED).round


@pytest.mark.parametrize(
    "other",
    [
        (user("Fix that."),),
        (*ROUND, Message("assistant", (Text("Done."),)), user("Fix it.")),
        (*ASKED, called("1"), user(result("1"), "Fix it.")),
        (user("Fix it.", Image("png", "AAAA")),),
        (user("Fix it.", "Fix it."),),
        (user(REMINDER),),
        (),
    ],
)
def test_another_input_is_another_turn(other: tuple[Message, ...]) -> None:
    assert turn(*other).key != turn(*ASKED).key


def test_another_chat_or_model_is_another_turn() -> None:
    keys = {turn(*ASKED).key, turn(*ASKED, model="n").key, turn(*ASKED, chat="other").key}
    assert len(keys) == 3


@pytest.mark.parametrize("change", [lambda text: "b" + text[1:], lambda text: text[:-1] + "b", lambda text: text + "a"])
def test_long_inputs_differ_by_their_ends_and_their_length(change: Callable[[str], str]) -> None:
    long = "a" * 1_000_000
    assert turn(user(change(long))).key != turn(user(long)).key


def test_inputs_of_reminders_alone_differ_by_them() -> None:
    assert turn(user(REMINDER)).key != turn(user("<b>")).key


def test_half_a_surrogate_pair_is_hashed() -> None:
    assert turn(user("\ud83d")).key


@pytest.fixture
def ids() -> ContinuationIds:
    numbers = count(1)
    return ContinuationIds(lambda: str(next(numbers)), most=3)


def of(round_: int, key: bytes = b"a") -> UserTurn:
    return UserTurn(key, round_)


@pytest.mark.parametrize(
    ("rounds", "given_out"),
    [
        ([0, 1, 2], "111"),
        ([0, 0, 1, 2], "1222"),
        ([0, 1, 1, 1, 2], "11233"),
        ([0, 1, 2, 1, 3], "11122"),
        ([5, 6], "11"),
        ([*range(ROUNDS + 1), ROUNDS], "1" * (ROUNDS + 1) + "2"),
    ],
)
def test_a_round_that_was_sent_before_gets_another_id(ids: ContinuationIds, rounds: list[int], given_out: str) -> None:
    assert "".join(ids.for_send(of(number)) for number in rounds) == given_out


def test_the_least_recently_used_turn_is_forgotten(ids: ContinuationIds) -> None:
    first = [ids.for_send(of(0, key)) for key in (b"a", b"b", b"c")]
    assert ids.for_send(of(1, b"a")) == first[0]
    ids.for_send(of(0, b"d"))
    assert ids.for_send(of(2, b"a")) == first[0]
    assert ids.for_send(of(1, b"b")) not in first


@given(st.lists(st.tuples(st.sampled_from([b"a", b"b"]), st.integers(0, 4)), max_size=40))
def test_no_round_is_ever_sent_twice_under_one_id(sends: list[tuple[bytes, int]]) -> None:
    numbers: Iterator[int] = count()
    ids = ContinuationIds(lambda: str(next(numbers)))
    given_out = [(key, round_, ids.for_send(of(round_, key))) for key, round_ in sends]
    assert len(set(given_out)) == len(given_out)
    assert len({(key, id_) for key, _, id_ in given_out}) == len({id_ for _, _, id_ in given_out})
