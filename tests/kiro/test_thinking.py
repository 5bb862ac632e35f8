"""Thinking tags: which count, which do not, and that cuts do not matter."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.kiro.thinking import MOST_HELD, MOST_INDENT, NAMES, TagSplitter


def split(*texts: str) -> tuple[str, str]:
    """(thinking, answer) of a text that came in these pieces."""
    splitter = TagSplitter()
    pieces = [piece for text in texts for piece in splitter.feed(text)] + splitter.finish()
    assert all(text for _, text in pieces)
    return "".join(text for is_thinking, text in pieces if is_thinking), "".join(
        text for is_thinking, text in pieces if not is_thinking
    )


@pytest.mark.parametrize("name", NAMES)
def test_each_spelling_opens_and_closes(name: str) -> None:
    assert split(f"<{name}>a</{name}>b") == ("a", "b")


CASES = [
    ("plain text", "", "plain text"),
    ("", "", ""),
    ("  \n ", "", "  \n "),
    ("<", "", "<"),
    ("<thinkin", "", "<thinkin"),
    (" <thinkin>", "", " <thinkin>"),
    ("<Thinking>a</Thinking>", "", "<Thinking>a</Thinking>"),
    ("a <think>b</think>\n\nc", "", "a <think>b</think>\n\nc"),
    ("<think></think>b", "", "b"),
    ("<think>a</think", "a</think", ""),
    ("<think>a</thought>b", "a</thought>b", ""),
    # whatever follows the end tag
    ("<think>a</think>", "a", ""),
    ("<think>a</think>b", "a", "b"),
    ("<think>a</think>`b`", "a", "`b`"),
    ("<think>a</think><think>b</think>\n\nc", "a", "<think>b</think>\n\nc"),
    # white space at a tag belongs to the thinking, but for the indentation of the answer's first line
    (" \n<think>a</think>b", " \na", "b"),
    ("<think>a</think>\nb", "a\n", "b"),
    ("<think>a</think> b", "a ", "b"),
    ("<think>a</think>\r\n\r\nb", "a\r\n\r\n", "b"),
    ("<think>a</think>\n\n\n b\n", "a\n\n\n", " b\n"),
    ("<think>a</think>\n  \n    b", "a\n  \n", "    b"),
    ("<think>a</think> \n ", "a \n ", ""),
    ("<think>a</think>\n" + " " * MOST_INDENT + "b", "a\n", " " * MOST_INDENT + "b"),
    ("<think>a</think>\n" + " " * (MOST_INDENT + 1) + "b", "a\n" + " " * (MOST_INDENT + 1), "b"),
    # quoted end tags do not count ...
    ("<think>a `</think>` b</think>c", "a `</think>` b", "c"),
    ('<think>a "</think>" b</think>c', 'a "</think>" b', "c"),
    ('<think>a "the </think> tag" b</think>c', 'a "the </think> tag" b', "c"),
    ("<think>a “</think>” b</think>c", "a “</think>” b", "c"),
    ("<think>a '</think>' b</think>c", "a '</think>' b", "c"),
    ("<think>a ``the `</think>` tag`` b</think>c", "a ``the `</think>` tag`` b", "c"),
    ("<think>a `</think>\n\n` b</think>\n\nc", "a `</think>\n\n` b\n\n", "c"),
    ("<think>a `</think>\n\n\n </think>` b\n</think>c", "a `</think>\n\n\n </think>` b\n", "c"),
    ("<think>it's\n```py\n</think>\n\n```\nso</think>c", "it's\n```py\n</think>\n\n```\nso", "c"),
    ("<think>it's\n~~~\n```\n</think>\n~~~\nso</think>c", "it's\n~~~\n```\n</think>\n~~~\nso", "c"),
    # ... and marks that are closed again quote nothing
    ("<think>the users'</think>c", "the users'", "c"),
    ("<think>use `f`</think>c", "use `f`", "c"),
    ('<think>say "x"</think>c', 'say "x"', "c"),
    ('<think>the `"` mark</think>c', 'the `"` mark', "c"),
    ("<think>``` inline ```</think>c", "``` inline ```", "c"),
    ("<think>a `b\nc</think>d", "a `b\nc", "d"),
    # where only quoted ones came, the last one ended the thinking
    ("<think>a `</think>", "a `", ""),
    ('<think>5" wide</think>answer', '5" wide', "answer"),
    ("<think>a `</think>` b\n```\n</think>\n\nc `</th", "a `</think>` b\n```\n\n\n", "c `</th"),
    ("<think>a `</think>\n\nuse `f` b</think>\n\nc", "a `</think>\n\nuse `f` b\n\n", "c"),
]


@pytest.mark.parametrize(("text", "thinking", "answer"), CASES)
def test_the_text_is_split(text: str, thinking: str, answer: str) -> None:
    assert split(text) == (thinking, answer)
    assert split(*text) == (thinking, answer)


@pytest.mark.parametrize("text", [case[0] for case in CASES])
def test_no_cut_changes_the_split(text: str) -> None:
    for at in range(len(text)):
        assert split(text[:at], text[at:]) == split(text), at


PIECES = ["<think>", "</think>", "<thi", "</", "\n", "\n\n", "`", "```", "~~~", '"', "'", "“", "x", " ", "```\n", "é"]


@settings(deadline=None, max_examples=500)
@given(st.sampled_from(["", " \n", "<think>", "\n<think>"]), st.lists(st.sampled_from(PIECES)))
def test_thinking_and_answer_are_the_source_without_its_tags_however_it_is_cut(start: str, pieces: list[str]) -> None:
    source = start + "".join(pieces)
    thinking, answer = split(source)
    assert split(*source) == split(start, *pieces) == (thinking, answer)
    assert thinking + answer in without_tags(source)


def without_tags(source: str) -> set[str]:
    """The source, and what it may become when its opening tag and at most one end tag decide."""
    opening, closing = "<think>", "</think>"
    if not source.lstrip().startswith(opening):
        return {source}
    opened = source.replace(opening, "", 1)
    places = [at for at in range(len(opened)) if opened.startswith(closing, at)]
    return {opened, *(opened[:at] + opened[at + len(closing) :] for at in places)}


@pytest.mark.parametrize(
    "piece",
    ["<thinking", "</thinking>", "`</thinking>` ", '"</thinking>\n\n`', "`</thinking>\n\n", " ", "\n", "`", "~", "x"],
)
@pytest.mark.parametrize("start", ["", "<thinking>`", "<thinking>`</thinking>", "<thinking>a</thinking>\n"])
def test_thirty_thousand_near_tags_cost_linear_time(piece: str, start: str) -> None:
    """Quadratic work would take minutes here; the suite's time limit is the check."""
    source = start + piece * 30_000
    assert len("".join(split(start, *[piece] * 30_000))) >= len(source) - len("<thinking></thinking>")


QUOTED = "`</think>`"


@pytest.mark.parametrize("size", [1, 7, 4096, 200_000])
@pytest.mark.parametrize(
    ("behind", "thinking", "answer"),
    [
        ("x" * (MOST_HELD - 9), "a `", "`" + "x" * (MOST_HELD - 9)),
        ("x" * (MOST_HELD - 8), "a " + QUOTED + "x" * (MOST_HELD - 8), ""),
        ("x" * 70_000 + "</think>b", "a " + QUOTED + "x" * 70_000, "b"),
        ("x" * 70_000 + QUOTED + "b", "a " + QUOTED + "x" * 70_000 + "`", "`b"),
        ("x" * 60_000 + QUOTED + "y" * 60_000, "a " + QUOTED + "x" * 60_000 + "`", "`" + "y" * 60_000),
    ],
)
def test_a_quoted_end_tag_is_kept_open_for_so_many_characters(
    behind: str, thinking: str, answer: str, size: int
) -> None:
    source = "<think>a " + QUOTED + behind
    assert split(*(source[at : at + size] for at in range(0, len(source), size))) == (thinking, answer)


def test_no_more_is_held_than_the_limit() -> None:
    splitter = TagSplitter()
    given, seen = 0, 0
    for piece in ["<think>a " + QUOTED, *["y"] * (3 * MOST_HELD)]:
        given += len(piece)
        seen += sum(len(text) for _, text in splitter.feed(piece))
        assert given - seen <= MOST_HELD + len("<think>")
    assert seen > 2 * MOST_HELD


def test_text_is_held_only_while_it_may_be_a_tag() -> None:
    splitter = TagSplitter()
    assert splitter.feed("<thinking>") == []
    assert splitter.feed("now") == [(True, "now")]
    assert splitter.feed(" </thin") == [(True, " ")]
    assert splitter.feed("g") == [(True, "</thing")]
    assert not splitter.passing


def test_only_space_at_a_tool_call_leaves_the_splitter_looking() -> None:
    splitter = TagSplitter()
    assert splitter.feed("\n") == []
    assert splitter.finish() == [(False, "\n")]
    assert splitter.feed("<think>a") == [(True, "a")]


def test_a_finished_splitter_passes_everything() -> None:
    splitter = TagSplitter()
    splitter.feed("<think>a</think>")
    assert splitter.finish() == []
    assert splitter.passing
    assert splitter.feed("<think>b") == [(False, "<think>b")]
    assert splitter.finish() == []
