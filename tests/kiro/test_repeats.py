"""When a history ends in a circle, and when it only looks like one."""

import pytest

from gateway.conversation import Message, Text, ToolCall, ToolResult
from gateway.kiro.repeats import LIMIT, Repeat, repeated_failure

History = tuple[Message, ...]


def tried(times: int, said: str = "no such file", arguments: str = "{}", *, failed: bool = True) -> History:
    """So many calls of one tool, each with its result in the next message."""
    return tuple(
        message
        for number in range(times)
        for message in (
            Message("assistant", (ToolCall(f"{arguments}{number}", "read", arguments),)),
            Message("user", (ToolResult(f"{arguments}{number}", (Text(said),), failed),)),
        )
    )


ASKED = (Message("user", (Text("go"),)),)


@pytest.mark.parametrize("times", range(LIMIT))
def test_fewer_than_five_are_work(times: int) -> None:
    assert repeated_failure((*ASKED, *tried(times))) is None


@pytest.mark.parametrize("times", [LIMIT, LIMIT + 3])
def test_five_in_a_row_are_a_circle(times: int) -> None:
    assert repeated_failure((*ASKED, *tried(times))) == Repeat("read", times)


@pytest.mark.parametrize(
    "said", ["Error: no", "error", "<error>x</error>", '{"error": 1}', "Traceback (most recent", "FAILED tests"]
)
def test_without_a_mark_the_words_tell_a_failure(said: str) -> None:
    assert repeated_failure(tried(LIMIT, said, failed=False)) == Repeat("read", LIMIT)


@pytest.mark.parametrize(
    "history",
    [
        tried(LIMIT, "pending", failed=False),
        tried(LIMIT, "errors: none", failed=False),
        (*tried(LIMIT), *tried(1, "hello", failed=False)),
        (*tried(3), *tried(4, arguments='{"a":1}')),
        (*tried(3), *tried(4, said="another reason")),
        (*tried(LIMIT), Message("assistant", (ToolCall("open", "read", "{}"),))),
        (),
        ASKED,
        (Message("assistant", (Text("hi"),)),),
    ],
)
def test_what_is_no_circle(history: History) -> None:
    assert repeated_failure(history) is None


def answered(*texts: str) -> History:
    """A circle whose last result comes with these texts behind it."""
    history = tried(LIMIT)
    return (*history[:-1], Message("user", (*history[-1].blocks, *map(Text, texts))))


@pytest.mark.parametrize(
    "history", [(*tried(LIMIT), Message("user", (Text("do it otherwise"),))), answered("<note>x</note>", "otherwise")]
)
def test_a_user_who_says_how_to_go_on_ends_it(history: History) -> None:
    assert repeated_failure(history) is None
    assert repeated_failure((*history, *tried(1))) == Repeat("read", LIMIT + 1)


def test_what_a_client_adds_to_a_result_does_not() -> None:
    assert repeated_failure(answered("<system-reminder>x</system-reminder>", "\n")) == Repeat("read", LIMIT)


def test_text_between_the_calls_and_calls_side_by_side_do_not_hide_it() -> None:
    calls = tuple(ToolCall(f"c{n}", "read", "{}") for n in range(3))
    results = tuple(ToolResult(f"c{n}", (Text("no such file"),), is_error=True) for n in range(3))
    said = (Message("assistant", (Text("once more"),)), Message("user", (Text("go on"),)))
    history = (*tried(2), *said, Message("assistant", calls), *(Message("user", (result,)) for result in results))
    assert repeated_failure(history) == Repeat("read", 5)
