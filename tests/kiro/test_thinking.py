"""Thinking tags: which count, which do not, and that cuts do not matter."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.kiro.thinking import NAMES, TagSplitter


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
    assert split(f" \n<{name}>a</{name}>\n\nb") == ("a", "b")


CASES = [
    ("plain text", "", "plain text"),
    ("", "", ""),
    ("  \n ", "", "  \n "),
    ("<", "", "<"),
    ("<thinkin", "", "<thinkin"),
    (" <thinkin>", "", " <thinkin>"),
    ("<Thinking>a</Thinking>", "", "<Thinking>a</Thinking>"),
    ("a <think>b</think>\n\nc", "", "a <think>b</think>\n\nc"),
    ("<think></think>\n\nb", "", "b"),
    ("<think>a</think>", "a", ""),
    ("<think>a</think>\n", "a", ""),
    ("<think>a</think> \n ", "a", ""),
    ("<think>a</think>\n\n", "a", ""),
    ("<think>a</think>\n\n\n b", "a", "\n b"),
    ("<think>a</think>\nb", "a</think>\nb", ""),
    ("<think>a</think> b", "a</think> b", ""),
    ("<think>a</think", "a</think", ""),
    ("<think>a</thought>\n\nb", "a</thought>\n\nb", ""),
    ("<think>a `</think>\n\n` b</think>\n\nc", "a `</think>\n\n` b", "c"),
    ('<think>a "</think>\n\n" b</think>\n\nc', 'a "</think>\n\n" b', "c"),
    ("<think>a '</think>\n\n' b</think>\n\nc", "a '</think>\n\n' b", "c"),
    ("<think>the users'</think>\n\nc", "the users'", "c"),
    ("<think>use `f`</think>\n\nc", "use `f`", "c"),
    ('<think>say "x"</think>\n\nc', 'say "x"', "c"),
    ("<think>it's\n```py\n</think>\n\n```\nso</think>\n\nc", "it's\n```py\n</think>\n\n```\nso", "c"),
    ("<think>``` inline ```</think>\n\nc", "``` inline ```", "c"),
    ("<think>a `b\nc</think>\n\nd", "a `b\nc", "d"),
    ("<think>a `</think>", "a `</think>", ""),
    ("<think>a `</think>\n\nuse `f` b</think>\n\nc", "a `</think>\n\nuse `f` b", "c"),
    ("<think>a `</think>\n\n\n </think>` b\n</think>\n\nc", "a `</think>\n\n\n </think>` b\n", "c"),
    ("<think>a</think>\n\n<think>b</think>\n\nc", "a", "<think>b</think>\n\nc"),
    ("<think>a</think>" + " " * 65 + "\n\nb", "a</think>" + " " * 65 + "\n\nb", ""),
]


@pytest.mark.parametrize(("text", "thinking", "answer"), CASES)
def test_the_text_is_split(text: str, thinking: str, answer: str) -> None:
    assert split(text) == (thinking, answer)
    assert split(*text) == (thinking, answer)


@pytest.mark.parametrize("text", [case[0] for case in CASES])
def test_no_cut_changes_the_split(text: str) -> None:
    for at in range(len(text)):
        assert split(text[:at], text[at:]) == split(text), at


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(["<think>", "</think>", "<thi", "\n", "\n\n", "`", '"', "'", "x", " ", "```\n", "é"])))
def test_random_texts_split_alike_however_they_are_cut(pieces: list[str]) -> None:
    text = "<think>" + "".join(pieces)
    assert split(*text) == split("<think>", *pieces) == split(text)


@pytest.mark.parametrize("piece", ["<thinking", "</thinking>", "</thinking>\n\n`", "`</thinking>\n\n", " ", "\n"])
@pytest.mark.parametrize("start", ["", "<thinking>`"])
def test_a_hundred_thousand_near_tags_cost_linear_time(piece: str, start: str) -> None:
    thinking, answer = split(start, *[piece] * 100_000)
    assert len(thinking) + len(answer) <= 100_000 * len(piece) + len(start)


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
