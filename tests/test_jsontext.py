"""The one JSON path: strict where it protects, lenient only where refusing would help nobody."""

import json

import pytest

from gateway import jsontext
from gateway.jsontext import JsonError


@pytest.mark.parametrize(
    "document",
    [b"", b"{", b"NaN", b"[1e400]", b'{"a": Infinity}', b"\xff", '{"a": 1}'.encode("utf-16"), b'"\xed\xa0\x80"'],
)
def test_what_is_not_json_is_refused(document: bytes) -> None:
    with pytest.raises(JsonError):
        jsontext.decode(document)


@pytest.mark.parametrize("opener", [b"[", b'{"a":'])
def test_bottomless_nesting_is_refused_and_not_a_crash(opener: bytes) -> None:
    with pytest.raises(JsonError):
        jsontext.decode(opener * 100_000)


def test_the_reason_shows_nothing_of_the_document() -> None:
    with pytest.raises(JsonError) as caught:
        jsontext.decode(b'{"a": "sk-canary-\xff"}')
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("document", "value"),
    [
        (rb'"\ud83d"', "\ufffd"),
        (rb'"\ude00\ud83d"', "\ufffd\ufffd"),
        (rb'"\ud83d\ude00"', "\U0001f600"),
        (rb'"\\ud83d"', r"\ud83d"),
        (rb'"\\\ud83d"', "\\\ufffd"),
    ],
)
def test_half_a_surrogate_pair_becomes_a_replacement_character(document: bytes, value: str) -> None:
    assert jsontext.decode(document) == value


def test_integers_stay_exact() -> None:
    assert jsontext.decode(b"18446744073709551617") == 2**64 + 1


def test_encode_replaces_half_pairs_wherever_they_stand() -> None:
    assert jsontext.decode(jsontext.encode({"\ud83d": ["a\ude00", 1]})) == {"\ufffd": ["a\ufffd", 1]}


@pytest.mark.parametrize("text", ["", 'a"\\\n\u2028\x00', "\U0001f600\ud83d", "\r\n\r\nevent: x"])
def test_quote_is_one_line_of_ascii_that_reads_back(text: str) -> None:
    literal = jsontext.quote(text)
    assert literal.isascii() and "\n" not in literal
    assert json.loads(literal) == text


@pytest.mark.parametrize(
    ("value", "within"), [([[[]]], True), ([[[[]]]], False), ({"a": {"b": {"c": {}}}}, False), (1, True)]
)
def test_depth_counts_lists_and_objects(value: object, within: bool) -> None:
    assert jsontext.depth_within(value, 3) is within
