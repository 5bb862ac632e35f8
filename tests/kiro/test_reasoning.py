"""Where reasoning goes in each mode."""

import pytest

from gateway.conversation import Thinking
from gateway.events import BlockStart, Event, SignatureDelta, TextDelta, ThinkingDelta
from gateway.kiro.blocks import Blocks
from gateway.kiro.parts import ReasoningPart
from gateway.kiro.reasoning import Narrator, ReasoningMode

FIELD, REMOVE, PASS, STRIP = ReasoningMode.FIELD, ReasoningMode.REMOVE, ReasoningMode.PASS, ReasoningMode.STRIP


def told(mode: ReasoningMode, *parts: str | ReasoningPart | None, tags: bool = False) -> tuple[str, str]:
    """(text, thinking) of texts, reasoning and tool calls (None)."""
    blocks = Blocks()
    narrator = Narrator(blocks, mode, tags=tags)
    for part in (*parts, None):
        match part:
            case None:
                narrator.finish()
                blocks.close()
            case str():
                narrator.text(part)
            case ReasoningPart():
                narrator.reasoning(part)
    events = blocks.take()
    return joined(events, TextDelta), joined(events, ThinkingDelta)


def joined(events: list[Event], sort: type[TextDelta | ThinkingDelta]) -> str:
    return "".join(event.text for event in events if isinstance(event, sort))


NATIVE = (ReasoningPart("a"), ReasoningPart("b", "sig"), ReasoningPart(redacted="r"))


@pytest.mark.parametrize(
    ("mode", "text", "thinking"),
    [(FIELD, "x", "ab"), (REMOVE, "x", ""), (PASS, "<thinking>ab</thinking>\n\nx", ""), (STRIP, "ab\n\nx", "")],
)
def test_native_reasoning_before_text(mode: ReasoningMode, text: str, thinking: str) -> None:
    assert told(mode, *NATIVE, "x") == (text, thinking)
    assert told(mode, *NATIVE, "x", tags=True) == (text, thinking)


@pytest.mark.parametrize(
    ("mode", "text", "thinking"),
    [
        (FIELD, "x", " ab\n\n"),
        (REMOVE, "x", ""),
        (PASS, " <think>ab</think>\n\nx", ""),
        (STRIP, " ab\n\nx", ""),
    ],
)
def test_tagged_reasoning_before_text(mode: ReasoningMode, text: str, thinking: str) -> None:
    assert told(mode, " <think>ab</th", "ink>\n\nx", tags=True) == (text, thinking)


@pytest.mark.parametrize("mode", ReasoningMode)
@pytest.mark.parametrize("behind", ["answer", "\nanswer", " answer", "\n\n    answer", "`answer`"])
def test_whatever_follows_the_end_tag_is_the_answer(mode: ReasoningMode, behind: str) -> None:
    source = f"<thinking>a</thinking>{behind}"
    text, thinking = told(mode, source, tags=True)
    assert text.endswith(behind.lstrip())
    expected = {PASS: source, REMOVE: behind.lstrip("\n") if "\n" in behind else behind.lstrip()}
    assert thinking + text == expected.get(mode, f"a{behind}")


@pytest.mark.parametrize("mode", ReasoningMode)
def test_text_held_behind_a_quoted_end_tag_comes_before_a_tool_call_and_native_reasoning(mode: ReasoningMode) -> None:
    for cut in (None, ReasoningPart("n")):
        text, thinking = told(mode, "<think>a `</think>` b", cut, "c", tags=True)
        assert "` b" in text and text.endswith("c")
        assert (thinking.startswith("a `")) == (mode is FIELD)


def test_native_reasoning_before_tags_is_parted_from_no_text_twice() -> None:
    assert told(STRIP, ReasoningPart("n"), "<think>a</think>\n\nx", tags=True) == ("na\n\nx", "")


@pytest.mark.parametrize(
    ("mode", "text", "thinking"),
    [(FIELD, "", "ab"), (REMOVE, "", ""), (PASS, "<thinking>ab</thinking>", ""), (STRIP, "ab", "")],
)
def test_native_reasoning_alone(mode: ReasoningMode, text: str, thinking: str) -> None:
    assert told(mode, *NATIVE) == (text, thinking)


@pytest.mark.parametrize("mode", ReasoningMode)
def test_text_without_reasoning_is_the_same_in_every_mode(mode: ReasoningMode) -> None:
    for tags in (False, True):
        assert told(mode, "\n", "a<think>", None, "  b", tags=tags) == ("\na<think>  b", "")


@pytest.mark.parametrize(
    ("mode", "text"),
    [(PASS, "<thinking>a</thinking><thinking>b</thinking>\n\nx"), (STRIP, "ab\n\nx"), (REMOVE, "x")],
)
def test_reasoning_on_both_sides_of_a_tool_call(mode: ReasoningMode, text: str) -> None:
    assert told(mode, ReasoningPart("a"), None, ReasoningPart("b"), "x") == (text, "")


@pytest.mark.parametrize(("mode", "whole"), [(FIELD, ("x", "😀\ufffd")), (STRIP, ("😀\ufffd\n\nx", ""))])
def test_halves_of_characters_in_reasoning_are_joined(mode: ReasoningMode, whole: tuple[str, str]) -> None:
    assert told(mode, ReasoningPart("\ud83d"), ReasoningPart("\ude00\ud83d"), "x") == whole


def test_reasoning_after_a_signature_begins_another_block() -> None:
    blocks = Blocks()
    narrator = Narrator(blocks, FIELD, tags=False)
    for part in (ReasoningPart("a", "1"), ReasoningPart("", "2"), ReasoningPart("b")):
        narrator.reasoning(part)
    blocks.close()
    events = blocks.take()
    assert [event.signature for event in events if isinstance(event, SignatureDelta)] == ["12"]
    assert [event.block for event in events if isinstance(event, BlockStart)] == [Thinking(""), Thinking("")]
