"""The text of a freeform call out of its JSON, wherever the pieces are cut."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects.openai_responses.freeform import Unwrapper, unwrapped, wrapped

PATCH = '*** Begin Patch\n"quoted" \\ \t 😀 日本 \u2028 /\n*** End Patch'


def fed(pieces: list[str]) -> tuple[str, bool]:
    unwrapper = Unwrapper()
    return "".join(unwrapper.feed(piece) for piece in pieces), unwrapper.closed


@given(text=st.text(st.characters(exclude_categories=["Cs"])), ascii_only=st.booleans(), size=st.integers(1, 7))
def test_any_text_comes_out_whole_from_any_pieces(text: str, ascii_only: bool, size: int) -> None:
    arguments = json.dumps({"input": text}, ensure_ascii=ascii_only)
    pieces = [arguments[at : at + size] for at in range(0, len(arguments), size)]
    assert fed(pieces) == (text, True)
    assert unwrapped(arguments) == text


@pytest.mark.parametrize("ascii_only", [True, False])
def test_every_cut_in_two_gives_the_same_text(ascii_only: bool) -> None:
    arguments = json.dumps({"input": PATCH}, ensure_ascii=ascii_only)
    for at in range(len(arguments) + 1):
        assert fed([arguments[:at], arguments[at:]]) == (PATCH, True)


def test_the_text_comes_before_its_end_is_there() -> None:
    unwrapper = Unwrapper()
    assert [unwrapper.feed(piece) for piece in ('{"in', 'put": "Hel', "lo\\", 'n"', "}")] == ["", "Hel", "lo", "\n", ""]


def test_half_a_pair_of_surrogates_waits_for_the_other() -> None:
    unwrapper = Unwrapper()
    assert [unwrapper.feed(piece) for piece in ('{"input":"a\\ud83d', "\\ude0", '0b"}')] == ["a", "", "😀b"]


@pytest.mark.parametrize("lone", ['\\ud83d"}', '\\ud83dx"}', '\\ud83d\\n"}', '\\ud83d\\u0041"}', '\\ude00"}'])
def test_a_lone_half_is_replaced_in_the_stream_as_in_the_whole(lone: str) -> None:
    arguments = '{"input":"' + lone
    assert fed(list(arguments)) == (unwrapped(arguments), True)
    assert "\ufffd" in (unwrapped(arguments) or "")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ('{"input":"a"}', "a"),
        (' { "input" : "a" , "more": 1 } ', "a"),
        ('{"more": 1, "input": "a"}', "a"),
        ('{"input": "a", "input": "b"}', "a"),
        ('{"patch": "a"}', '{"patch": "a"}'),
        ('{"input": 5}', '{"input": 5}'),
        ("", ""),
    ],
)
def test_arguments_of_every_form_have_a_text(arguments: str, text: str) -> None:
    assert unwrapped(arguments) == text
    assert text.startswith(fed(list(arguments))[0])


@pytest.mark.parametrize("arguments", ['{"input":"a', '{"input":"a"', '{"input":"a\nb"}', '{"input":"\\x"}', '{"in'])
def test_arguments_that_were_cut_or_broken_have_none(arguments: str) -> None:
    assert unwrapped(arguments) is None
    assert fed(list(arguments))[0] in ("", "a")


def test_a_text_goes_in_as_it_comes_out() -> None:
    assert unwrapped(wrapped(PATCH)) == PATCH
