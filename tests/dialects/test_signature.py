"""Our own mark on thinking that Kiro did not sign."""

from gateway.dialects.signature import is_ours, mark


def test_a_mark_depends_on_text_and_key_and_is_known_again() -> None:
    assert mark("a", b"k") == mark("a", b"k")
    assert len({mark("a", b"k"), mark("b", b"k"), mark("a", b"q"), mark("", b"k")}) == 4
    assert is_ours(mark("half a pair \ud83d", b"k"))


def test_other_signatures_are_not_taken_for_ours() -> None:
    good = mark("a", b"k")
    assert not any(map(is_ours, ["", "EqRkiro==", good[5:], good + "A", good[:-1], good + "\n", "kgw1." + "=" * 43]))
