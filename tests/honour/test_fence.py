"""The Markdown fence, at every split."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.honour.fence import Fence
from tests.honour.turns import split

CASES = [
    ('```json\n{"a": 1}\n```', '{"a": 1}'),
    ('\n\n```\n{"a": 1}\n```\n', '{"a": 1}'),
    ("```JSON \r\n[1]\r\n```", "[1]"),
    ('{"a": "```"}', '{"a": "```"}'),
    ('```json\n{"a": "``` \\n"}\n```', '{"a": "``` \\n"}'),
    ("", ""),
    ("  ", "  "),
    ("``", "``"),
    ("```", "```"),
    ("`x`", "`x`"),
    ('```json {"a": 1}```', '```json {"a": 1}```'),
    ("Here:\n```json\n{}\n```", "Here:\n```json\n{}\n```"),
    ("```json\n{}\n```\nThat is it.", "{}\n```\nThat is it."),
    ("```json\n{}\n", "{}\n"),
]


@pytest.mark.parametrize(("whole", "left"), CASES, ids=[repr(whole) for whole, _ in CASES])
@given(cuts=st.lists(st.integers(0, 99), max_size=8))
def test_only_a_fence_around_the_whole_text_is_taken_off(whole: str, left: str, cuts: list[int]) -> None:
    fence = Fence()
    assert "".join([*map(fence.feed, split(whole, cuts)), fence.close()]) == left


def test_text_is_not_held_back_without_need() -> None:
    fence = Fence()
    assert fence.feed('{"a": `') == '{"a": `'
    fenced = Fence()
    assert fenced.feed("```json\n[1, 2 \n") == "[1, 2"
    assert fenced.feed(", 3]") == " \n, 3]"
