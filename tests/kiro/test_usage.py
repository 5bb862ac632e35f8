"""Counting in steps, and which figure wins."""

import pytest

from gateway.events import Usage
from gateway.kiro.parts import Metering, TokenUsage
from gateway.kiro.usage import Figures, Tally


def tally(text: str = "") -> Tally:
    counter = Tally(len)
    if text:
        counter.add(text)
    return counter


def test_nothing_is_counted_before_it_must_be() -> None:
    steps: list[str] = []

    def count(text: str) -> int:
        steps.append(text)
        return len(text)

    counter = Tally(count)
    for _ in range(50):
        counter.add("some words " * 20)
    assert steps == []
    assert counter.total() == 11_000
    assert max(map(len, steps)) <= 4096
    assert all(step.startswith(" ") for step in steps[1:])


def test_a_long_text_is_counted_as_it_comes_and_little_remains() -> None:
    sizes: list[int] = []
    counter = Tally(lambda text: sizes.append(len(text)) or len(text))
    for _ in range(50_000):
        counter.add("0123456789")
    assert sum(sizes) >= 500_000 - 16 * 1024
    assert counter.total() == 500_000
    assert max(sizes) <= 4096


@pytest.mark.parametrize("size", [1, 7, 1000, 5000, 300_000])
def test_the_count_does_not_depend_on_how_the_text_was_cut(size: int) -> None:
    text = ("some words, and\nlines. " * 20_000)[:200_000] + "x" * 10_000
    counter = Tally(lambda step: len(step.split()))
    for at in range(0, len(text), size):
        counter.add(text[at : at + size])
    whole = Tally(lambda step: len(step.split()))
    whole.add(text)
    assert counter.total() == whole.total()


def test_a_text_is_never_nothing_and_nothing_never_something() -> None:
    zero = Tally(lambda _: 0)
    assert zero.total() == 0
    zero.add("x")
    assert zero.total() == 1


@pytest.mark.parametrize(
    ("told", "percent", "output", "usage"),
    [
        ([TokenUsage(5, 6, 7, 8)], 50.0, "xx", Usage(5, 6, 7, 8)),
        ([TokenUsage(input=5), TokenUsage(output=6)], None, "xx", Usage(5, 6)),
        ([TokenUsage(5, 6), TokenUsage(input=9)], None, "xx", Usage(9, 6)),
        ([], 12.5, "x" * 1000, Usage(24_000, 1000, estimated=True)),
        ([TokenUsage(output=1000)], 12.5, "x", Usage(24_000, 1000)),
        (
            [TokenUsage(cache_read=10_000, cache_write=4000)],
            12.5,
            "x" * 1000,
            Usage(10_000, 1000, 10_000, 4000, None, True),
        ),
        ([], 0.0001, "x" * 1000, Usage(77, 1000, estimated=True)),
        ([], 0.001, "x" * 1000, Usage(77, 1000, estimated=True)),
        ([], 0.5005, "x" * 1000, Usage(1, 1000, estimated=True)),
        ([TokenUsage(output=1000)], 0.5, "x", Usage(77, 1000, estimated=True)),
        ([], 0.0, "x", Usage(77, 1, estimated=True)),
        ([], None, "", Usage(77, 0, estimated=True)),
        ([TokenUsage(0, 0)], None, "x", Usage(0, 0)),
    ],
)
def test_the_first_source_that_tells_wins(
    told: list[TokenUsage], percent: float | None, output: str, usage: Usage
) -> None:
    figures = Figures()
    figures.percent = percent
    for tokens in told:
        figures.add(tokens)
    assert figures.usage(tally(output), window=200_000, estimate=77) == usage


def test_an_output_that_kiro_told_is_not_counted() -> None:
    def count(text: str) -> int:
        raise AssertionError(text)

    counter = Tally(count)
    counter.add("text")
    figures = Figures()
    figures.meter(Metering(0.5))
    figures.add(TokenUsage(1, 2))
    assert figures.usage(counter, window=1, estimate=1) == Usage(1, 2, credits=0.5)


@pytest.mark.parametrize(
    ("told", "credits"),
    [
        ([], None),
        ([Metering(0.1), Metering(0.2)], 0.3),
        ([Metering(0.1), Metering(0.1)], 0.2),
        ([Metering(0.0)], 0.0),
        ([Metering(0.3, beside=True)], 0.3),
        ([Metering(0.3, beside=True), Metering(0.4, beside=True)], 0.4),
        ([Metering(0.3, beside=True), Metering(0.1), Metering(0.2), Metering(0.3, beside=True)], 0.3),
    ],
)
def test_metering_events_add_up_and_credits_on_other_events_do_not(told: list[Metering], credits: float | None) -> None:
    figures = Figures()
    for part in told:
        figures.meter(part)
    assert figures.credits == credits


def test_token_counts_given_twice_do_not_add_up() -> None:
    figures = Figures()
    figures.add(TokenUsage(5, 6, 7))
    figures.add(TokenUsage(5, 6, 7))
    assert figures.usage(tally("x"), window=1, estimate=1) == Usage(5, 6, 7)


def test_one_giant_piece_is_counted_in_part_and_estimated_by_that() -> None:
    counted: list[int] = []

    def count(text: str) -> int:
        counted.append(len(text))
        return len(text) // 4

    tally = Tally(count)
    tally.add("abc " * 4_000_000)
    with_the_piece = sum(counted)
    total = tally.total()
    assert with_the_piece <= 64 * 4096 and sum(counted) - with_the_piece <= 64 * 4096
    assert abs(total - 4_000_000) / 4_000_000 < 0.01


def test_steady_text_is_counted_to_the_last_character() -> None:
    tally = Tally(len)
    for _ in range(1000):
        tally.add("word " * 500)
    assert tally.total() == 2_500_000
