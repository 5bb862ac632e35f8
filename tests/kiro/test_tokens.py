"""Counts by the shipped vocabulary, and the estimate."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.kiro.tokens import TokenCounter, estimate

COUNT = TokenCounter()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("hello world", 2),
        ("Hello, world! How are you today?", 9),
        ("你好，世界", 6),
        ("😀", 2),
        ("    return x\n", 4),
        ("ﬁ", 1),  # NFKC makes "fi" of the ligature, as the vocabulary's own package does
    ],
)
def test_a_text_has_its_known_count(text: str, tokens: int) -> None:
    assert COUNT(text) == tokens


@pytest.mark.parametrize("name", ["<EOT>", "<META>", "<SOS>", "<META_START>"])
def test_the_name_of_a_special_token_is_plain_text(name: str) -> None:
    assert COUNT(name) > 1


def test_half_a_surrogate_pair_does_no_harm() -> None:
    assert COUNT("\ud83d half of an emoji \udc00") > 0


@pytest.mark.parametrize("text", ["a" * 300_000, " " * 300_000, "1" * 300_000, "\n" * 300_000])
def test_a_very_long_run_is_counted(text: str) -> None:
    assert 0 < COUNT(text) < len(text)


def test_a_cut_long_text_counts_as_its_parts() -> None:
    text = "word " * 40_000
    assert abs(COUNT(text) - 40_000) <= 10


def test_threads_share_one_vocabulary() -> None:
    count = TokenCounter()
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(count, ["hello world"] * 16)) == {2}


@pytest.mark.parametrize(
    ("size", "images", "tokens"), [(0, 0, 0), (1, 0, 1), (-5, 0, 0), (3500, 0, 1000), (0, 2, 3200), (7, 1, 1602)]
)
def test_an_estimate_is_a_size_in_tokens_and_never_nothing(size: int, images: int, tokens: int) -> None:
    assert estimate(size, images) == tokens


def test_a_process_loads_the_vocabulary_once() -> None:
    first, second = TokenCounter(), TokenCounter()
    first.load()
    second.load()
    assert first._loaded() is second._loaded()


def test_combining_characters_are_normalized_in_slices() -> None:
    text = "e\u0301" * 60_000
    assert abs(TokenCounter()(text) - TokenCounter()("é" * 60_000)) <= 8
