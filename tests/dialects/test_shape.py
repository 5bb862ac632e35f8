"""The checks that schemas are made of."""

from typing import Any

import pytest

from gateway.dialects import shape

NAN = float("nan")


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (shape.string, ["", "a\x00"], [None, 1, [], {}]),
        (shape.word, ["a", "x" * 256, "日本"], ["", "x" * 257, "a\nb", "\x7f", None, 5]),
        (shape.boolean, [True, False], [1, 0, "yes", "true", None, 1.0]),
        (shape.integer, [0, -5, 2**63 - 1], [True, 5.0, "5", None, 2**63, 10**400, -(10**400), NAN]),
        (shape.positive, [1, 128_000], [0, -1, True, 1.0, "1"]),
        (shape.number, [0, 0.5, -3, 1e10], [True, "0.5", NAN, float("inf"), 10**400, None, 1e308]),
        (shape.mapping, [{}, {"a": 1}], [[], "", None]),
        (shape.one_of("a", "b"), ["a", "b"], ["c", "", None, 1, ["a"]]),
        (shape.nullable(shape.string), [None, "a"], [1]),
        (shape.text_or(shape.mapping), ["a", {}], [1, None, []]),
        (shape.list_of(shape.string, most=2, least=1), [["a"], ["a", "b"]], [[], ["a"] * 3, "a", {}, None]),
    ],
)
def test_a_check_passes_the_good_and_names_the_bad(check: shape.Check, good: list[Any], bad: list[Any]) -> None:
    assert [value for value in good if check(value) is not None] == []
    assert [value for value in bad if check(value) is None] == []


def test_a_record_names_each_wrong_field_and_lets_others_pass() -> None:
    check = shape.record({"a": shape.string, "b": shape.string}, {"c": shape.boolean, "d": shape.string})
    assert check({"a": "x", "b": "y", "c": None, "other": 1}) is None
    problem = check({"a": 1, "c": "yes"})
    assert problem == {
        "a": ["Input should be a valid string"],
        "b": ["Field required"],
        "c": ["Input should be a valid boolean"],
    }
    assert check([]) == ["Input should be an object"]


def test_a_list_names_problems_by_index_and_at_most_ten_of_them() -> None:
    assert shape.list_of(shape.string)(["a", 1, "b"]) == {1: ["Input should be a valid string"]}
    assert len(shape.list_of(shape.string)([1] * 1000) or ()) == 10


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"type": "x"}, "Input should be 'a' or 'b'"),
        ({"type": "known"}, "`known` is not supported by this gateway"),
        ({"type": ["a"]}, "Input should be 'a' or 'b'"),
        ({}, "Field required"),
    ],
)
def test_an_object_is_checked_by_its_type_and_only_known_types_are_named_back(value: Any, words: str) -> None:
    check = shape.tagged({"a": shape.mapping, "b": shape.mapping}, known=("known",))
    assert check({"type": "a"}) is None
    assert check(value) == {"type": [words]}


def test_a_tagged_value_that_is_no_object_says_so() -> None:
    assert shape.tagged({"a": shape.mapping})("a") == ["Input should be an object"]


def test_a_limit_is_named_in_its_refusal() -> None:
    assert shape.list_of(shape.string, most=3)(["a"] * 4) == ["List should have at most 3 items, this gateway's limit"]
