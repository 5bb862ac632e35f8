"""What is quoted in Markdown, wherever it is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kiro.quotation import Quotation

PLACE = "@"
"""Stands for a place that is asked about."""

CASES = [
    ("a @", "n"),
    ("`@` @", "qn"),
    ("``a ` @`` @", "qn"),
    ('"@" @', "qn"),
    ("“@” @ «@» @", "qnqn"),
    ('"a “b @ c" @', "qn"),
    ('`"` @', "n"),
    ("'@ it's @ ‘@ @", "qnqn"),
    ('5" @\n@', "qq"),
    ('5" a\n@', "n"),
    ("`@\n\n \n@` @\n@", "qqnn"),
    ("`@\na `b` @\n@", "qqq"),
    ('"@" b "c\n@', "qn"),
    ("```\n@\n```\n@", "qn"),
    ("  ```py\n@\n@\n  ```  \n@", "qqn"),
    ("```\n``\n@\n```py\n@\n````\n@", "qqn"),
    ("````\n```\n@\n````\n@", "qn"),
    ("~~~ `x`\n```\n@\n~~~\n@", "qn"),
    ("``` inline ``` @\n@", "nn"),
    ("a ```\n@", "n"),
    ("a ~~~\n@", "n"),
    ("```@", "q"),
    ("```\n`@\n```\n@", "qn"),
    ("```\nx ```\n@", "q"),
    ("~~\n@", "n"),
    ("` ~ @ ` @", "qn"),
]


def asked(*pieces: str) -> str:
    """``q`` for each place that is quoted, ``n`` for the others."""
    quotation = Quotation()
    found = ""
    for piece in pieces:
        before, *rest = piece.split(PLACE)
        quotation.feed(before)
        for text in rest:
            found += "q" if quotation.quoted() else "n"
            quotation.feed("x" + text)
    return found


@pytest.mark.parametrize(("text", "answers"), CASES)
def test_a_place_is_quoted(text: str, answers: str) -> None:
    assert asked(text) == asked(*text) == answers
    for at in range(len(text)):
        assert asked(text[:at], text[at:]) == answers, at


@given(st.lists(st.sampled_from(["`", "```", "~~~", '"', "“", "”", "'", "\n", "\n\n", " ", "a", "é", PLACE])))
def test_no_cut_changes_what_is_quoted(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert asked(text) == asked(*text) == asked(*pieces)
