"""Characters cut in half."""

import pytest

from gateway.kiro.halves import Halves


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        (["plain", "", "text"], "plaintext"),
        (["é漢", "😀"], "é漢😀"),
        (["a\ud83d", "\ude00b"], "a😀b"),
        (["\ud83d", "", "\ude00"], "😀"),
        (["\ud83d", "x"], "\ufffdx"),
        (["\ud83d", "\ud83d", "\ude00"], "\ufffd😀"),
        (["\ude00"], "\ufffd"),
        (["a\ud83d"], "a\ufffd"),
        (["\ud83dx\ude00"], "\ufffdx\ufffd"),
        (["\ufeff\ud83d"], "\ufeff\ufffd"),
    ],
)
def test_halves_are_joined_or_replaced(pieces: list[str], whole: str) -> None:
    halves = Halves()
    joined = "".join(halves.join(piece) for piece in pieces) + halves.rest()
    assert joined == whole
    joined.encode()
    assert halves.rest() == ""
