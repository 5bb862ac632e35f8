"""The fuzzer itself: it runs, counts, and says by which seed something broke."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz import __main__ as fuzz


def test_every_target_has_its_turn(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.main(["--seconds", "0.01", "--seed", "7", "decoder", "turn"]) == 0
    told = capsys.readouterr().out
    assert "first seed 7" in told and told.count("500 examples") == 2


def test_what_breaks_is_told_with_its_seed_and_its_smallest_example(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @given(st.integers())
    def wrong(number: int) -> None:
        assert number < 1000

    assert fuzz.main(["--seconds", "5", "--seed", "3"], {"wrong": fuzz.CAMPAIGN(wrong)}) == 1
    told = capsys.readouterr().out
    assert "--seed 3 'wrong'" in told and "number=1000" in told
