"""Calls read out of the text of a turn: held back until proven, at every split; everything else flows."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.conversation import Text, ToolCall
from gateway.errors import Kind, UpstreamError
from gateway.events import ArgumentsDelta, BlockStart, Event, Stop, StopReason, TextDelta
from gateway.kiro.call_reader import MOST_HELD, DeclaredTools
from gateway.kiro.parts import Metering, Part, ReasoningPart, StopPart, TextPart, ToolPart
from gateway.kiro.turn import Turn
from tests.corpus import plan
from tests.wellformed import check

TOOLS = DeclaredTools({"read": {}, "short_1a2b": {}}, {"short_1a2b": "mcp.files/short"}, "seed")
CALL = '[Called read with args: {"path": "a.txt"}]'
SIGNAL = Metering(0.5)


def turn(*parts: Part, **changes: Any) -> list[Event]:
    """All events of a turn that ends well."""
    decoder = Turn(plan(declared=TOOLS, **changes), len)
    for part in (*parts, SIGNAL):
        decoder.add(part)
    decoder.finish(delimited=True, pending=0)
    events = decoder.take()
    check(events)
    return events


def told(events: list[Event]) -> list[str | tuple[str, str]]:
    """Blocks in order: texts, and calls as (name, arguments)."""
    blocks: list[Any] = []
    for event in events:
        match event:
            case BlockStart(_, Text()):
                blocks.append("")
            case BlockStart(_, ToolCall(_, name, _)):
                blocks.append((name, ""))
            case TextDelta(_, text):
                blocks[-1] += text
            case ArgumentsDelta(_, json):
                blocks[-1] = (blocks[-1][0], blocks[-1][1] + json)
    return blocks


def reason(events: list[Event]) -> StopReason:
    assert isinstance(events[-1], Stop)
    return events[-1].reason


def test_a_call_at_the_end_of_the_text_is_a_call() -> None:
    events = turn(TextPart(f"I read it.\n\n{CALL}"))
    assert told(events) == ["I read it.\n\n", ("read", '{"path": "a.txt"}')]
    assert reason(events) is StopReason.TOOL_USE


@pytest.mark.parametrize("size", range(1, 12))
def test_however_it_is_split(size: int) -> None:
    text = f"I [read] it:\n<b>\n  {CALL}\n{CALL}\n"
    pieces = [TextPart(text[start : start + size]) for start in range(0, len(text), size)]
    call = ("read", '{"path": "a.txt"}')
    assert told(turn(*pieces)) == ["I [read] it:\n<b>\n  ", call, call]


@pytest.mark.parametrize(
    "text",
    [
        f"As in {CALL}",
        f"```\n{CALL}\n```",
        f"{CALL}\nwas what I did.",
        '[Called grep with args: {"a": 1}]',
        '<invoke name="grep"></invoke>',
        "[Called read with args: {",
        "[Called",
        "<",
        "- [ ] one\n- [x] two\n[link](x)\n<p>",
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_what_only_looks_like_a_call_is_text(text: str, size: int) -> None:
    pieces = [TextPart(text[start : start + size]) for start in range(0, len(text), size)]
    events = turn(*pieces)
    assert told(events) == [text]
    assert reason(events) is StopReason.END_TURN


def test_text_that_cannot_be_a_call_is_not_held_back() -> None:
    decoder = Turn(plan(declared=TOOLS), len)
    for piece in ("I ", "[read]", "\n", "[x", "] and\n", "<b>"):
        decoder.add(TextPart(piece))
        assert [event.text for event in decoder.take() if isinstance(event, TextDelta)] == [piece]


def test_a_call_is_held_back_until_its_text_ends() -> None:
    decoder = Turn(plan(declared=TOOLS), len)
    decoder.add(TextPart(f"so:\n{CALL}"))
    assert told(decoder.take()) == ["so:\n"]
    decoder.add(ReasoningPart("hm"))
    assert ("read", '{"path": "a.txt"}') in told(decoder.take())


def test_no_more_than_64_kib_are_held_back() -> None:
    decoder = Turn(plan(declared=TOOLS), len)
    decoder.add(TextPart('[Called read with args: {"a": "'))
    for _ in range(MOST_HELD // 1024):
        decoder.add(TextPart("x" * 1024))
    assert sum(len(event.text) for event in decoder.take() if isinstance(event, TextDelta)) > MOST_HELD


def test_a_huge_piece_is_text_at_once() -> None:
    text = '[Called read with args: {"a": "' + "x" * MOST_HELD + '"}]'
    assert told(turn(TextPart(text))) == [text]


def test_a_million_lines_that_may_begin_a_call_cost_linear_time() -> None:
    lines = "[\n" * 1_000_000
    assert "".join(map(str, told(turn(TextPart(lines))))) == lines


def test_a_turn_that_breaks_ends_with_the_text_and_no_call() -> None:
    decoder = Turn(plan(declared=TOOLS), len)
    decoder.add(TextPart(CALL))
    decoder.fail(UpstreamError(Kind.UPSTREAM, "cut"))
    assert told(decoder.take()) == [CALL]


def test_a_real_call_after_a_written_one_keeps_the_order() -> None:
    events = turn(TextPart(CALL), ToolPart("t1", "read", "{}", stop=True))
    assert told(events) == [("read", '{"path": "a.txt"}'), ("read", "{}")]


def test_the_clients_own_name_comes_back_and_ids_differ() -> None:
    written = CALL.replace("read", "short_1a2b")
    events = turn(TextPart(f"{written}\n{CALL}"), original_names={"short_1a2b": "mcp.files/short"})
    calls = [event.block for event in events if isinstance(event, BlockStart)]
    assert [call.name for call in calls if isinstance(call, ToolCall)] == ["mcp.files/short", "read"]
    assert len({call.id for call in calls if isinstance(call, ToolCall)}) == 2


@pytest.mark.parametrize(
    ("word", "expected"), [("end_turn", StopReason.TOOL_USE), ("max_tokens", StopReason.MAX_TOKENS)]
)
def test_kiros_word_for_the_end_counts_where_it_says_more(word: str, expected: StopReason) -> None:
    assert reason(turn(TextPart(CALL), StopPart(word))) is expected


def test_thinking_is_not_read_for_calls() -> None:
    events = turn(TextPart(f"<thinking>\n{CALL}\n</thinking>\n\nNo."), tags=True)
    assert not [event for event in events if isinstance(event, BlockStart) and isinstance(event.block, ToolCall)]


def test_switched_off_text_is_text() -> None:
    decoder = Turn(plan(), len)
    decoder.add(TextPart(CALL))
    assert told(decoder.take()) == [CALL]


PIECES = st.lists(
    st.sampled_from([CALL, "[", "<", "\n", " ", "x", '<invoke name="read">', "</invoke>", "[{"]), max_size=8
)


@settings(deadline=None)
@given(PIECES, st.integers(1, 9))
def test_the_split_never_changes_what_is_told(pieces: list[str], size: int) -> None:
    text = "".join(pieces)
    if not text:
        return
    split = [TextPart(text[start : start + size]) for start in range(0, len(text), size)]
    assert told(turn(*split)) == told(turn(TextPart(text)))
