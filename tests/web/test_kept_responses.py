"""What is kept of answers, for how long, and for whom."""

import pytest

from gateway.conversation import Image, Message, RedactedThinking, Text, Thinking, ToolCall, ToolResult
from gateway.web.kept_responses import Kept, KeptResponses

OWN, OTHER = b"own", b"other"


class Clock:
    """A clock that stands until it is told to go on."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def kept(owner: bytes = OWN, answer: bytes = b"{}", *blocks: Text) -> Kept:
    return Kept(owner, answer, "", (Message("user", blocks),))


def test_an_answer_is_found_by_its_owner_only() -> None:
    answers = KeptResponses(Clock())
    answers.put("resp_1", kept())
    assert answers.find(OWN, "resp_1") == kept()
    assert answers.find(OTHER, "resp_1") is None
    assert answers.find(OWN, "resp_2") is None


def test_an_answer_is_forgotten_after_its_hour() -> None:
    clock = Clock()
    answers = KeptResponses(clock, lifetime=3600)
    answers.put("resp_1", kept())
    clock.now = 3599.0
    assert answers.find(OWN, "resp_1") is not None
    clock.now = 3600.0
    assert answers.find(OWN, "resp_1") is None


def test_only_its_owner_can_have_an_answer_forgotten_and_only_once() -> None:
    answers = KeptResponses(Clock())
    answers.put("resp_1", kept())
    assert [answers.forget(owner, "resp_1") for owner in (OTHER, OWN, OWN)] == [False, True, False]
    assert answers.find(OWN, "resp_1") is None


def test_the_oldest_make_room_for_one_too_many() -> None:
    answers = KeptResponses(Clock(), most=2)
    for number in range(3):
        answers.put(f"resp_{number}", kept())
    assert [answers.find(OWN, f"resp_{number}") is not None for number in range(3)] == [False, True, True]


def test_the_oldest_make_room_for_too_many_bytes() -> None:
    answers = KeptResponses(Clock(), most_bytes=2500)
    for number in range(3):
        answers.put(f"resp_{number}", kept(OWN, b"x" * 1000))
    assert [answers.find(OWN, f"resp_{number}") is not None for number in range(3)] == [False, True, True]


def test_what_is_larger_than_all_the_room_is_not_kept() -> None:
    answers = KeptResponses(Clock(), most_bytes=500)
    answers.put("resp_1", kept(OWN, b"x" * 1000))
    assert answers.find(OWN, "resp_1") is None


def test_room_that_was_given_up_is_room_again() -> None:
    answers = KeptResponses(Clock(), most_bytes=1500)
    for number in range(5):
        answers.put(f"resp_{number}", kept(OWN, b"x" * 1000))
        assert answers.forget(OWN, f"resp_{number}")
    answers.put("resp_9", kept(OWN, b"x" * 1000))
    assert answers.find(OWN, "resp_9") is not None


@pytest.mark.parametrize(
    "block",
    [
        Text("a" * 1000),
        Thinking("a" * 500, "b" * 500),
        RedactedThinking("a" * 1000),
        Image("png", "a" * 1000),
        ToolCall("1", "n", "a" * 1000),
        ToolResult("1", (Text("a" * 500), Image("png", "a" * 500))),
    ],
)
def test_every_block_has_its_weight(block: Text) -> None:
    assert 1000 <= kept(OWN, b"", block).size - kept(OWN, b"").size < 1200
