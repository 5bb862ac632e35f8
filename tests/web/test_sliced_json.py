"""A large document in slices: the same value and the same refusals as in one go, whatever the slices are."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import jsontext
from gateway.jsontext import MAX_DEPTH, JsonError
from gateway.web.sliced_json import MAX_NODES, SlicedDecoder, TooDeep, TooManyNodes

TEXTS = st.text(st.sampled_from('ab"\\,:[]{}\n é日😀'), max_size=40)
SCALARS = st.none() | st.booleans() | st.integers(-99, 9999) | st.sampled_from([-1.5, 1e30]) | TEXTS
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=6) | st.dictionaries(TEXTS, inner, max_size=6))
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=8)
SIZES = st.integers(13, 70)


def sliced(document: bytes, size: int) -> Any:
    decoder = SlicedDecoder(document, "9f2c", size)
    for _ in decoder:
        pass
    return decoder.value


def outcome(decode: Any, *arguments: Any) -> Any:
    """The value, members in their order, or that it is refused."""
    try:
        return json.dumps(decode(*arguments))
    except JsonError:
        return JsonError


@given(OBJECTS, SIZES, st.booleans(), st.sampled_from([None, 1]))
def test_slices_give_the_value_of_the_whole(value: Any, size: int, ascii_only: bool, indent: int | None) -> None:
    document = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    assert outcome(sliced, document, size) == outcome(jsontext.decode, document) == json.dumps(value)


@given(OBJECTS, SIZES, st.data())
def test_damaged_documents_are_refused_as_the_whole_is(value: Any, size: int, data: st.DataObject) -> None:
    document = bytearray(json.dumps(value).encode())
    place = data.draw(st.integers(1, len(document)))
    document[place : place + data.draw(st.integers(0, 3))] = data.draw(st.sampled_from([b"", *map(bytes, _DAMAGE)]))
    assert outcome(sliced, bytes(document), size) == outcome(jsontext.decode, bytes(document))


_DAMAGE = (b"[", b"]", b"{", b"}", b",", b":", b'"', b"\\", b"1", b" ", b"\xff", b",,", b"[]", b"]}")


@given(
    st.lists(st.sampled_from(["\\ud800", "\\udc01", "\\ud83d\\ude00", "\\\\", '\\"', "x", "日"]), max_size=60), SIZES
)
def test_half_surrogate_pairs_are_replaced_and_whole_ones_are_never_cut(parts: list[str], size: int) -> None:
    document = f'{{"a": ["{"".join(parts)}"]}}'.encode()
    assert outcome(sliced, document, size) == outcome(jsontext.decode, document)


@given(st.lists(st.tuples(st.sampled_from("ab"), VALUES), max_size=8), SIZES)
def test_of_two_members_with_one_name_the_last_counts(members: list[tuple[str, Any]], size: int) -> None:
    document = ("{" + ", ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in members) + "}").encode()
    nested = b'{"x": [%s, %s]}' % (document, document)
    assert outcome(sliced, document, size) == outcome(jsontext.decode, document)
    assert outcome(sliced, nested, size) == outcome(jsontext.decode, nested)


def test_the_limit_of_nodes_is_exact_and_texts_do_not_count() -> None:
    head = b'{"text": "[,{,[,{", "list": ['  # one bracket for the object, a comma, one for the list
    assert len(sliced(head + b"1," * (MAX_NODES - 3) + b"1]}", 4096)["list"]) == MAX_NODES - 2
    with pytest.raises(TooManyNodes, match="200,000"):
        sliced(head + b"1," * (MAX_NODES - 2) + b"1]}", 4096)


@pytest.mark.parametrize("size", [13, 50, 4096])
def test_the_limit_of_depth_is_exact(size: int) -> None:
    deepest = b'{"a":' + b"[" * (MAX_DEPTH - 1) + b"1, 2" + b"]" * (MAX_DEPTH - 1) + b', "b": "' + b"x" * 99 + b'"}'
    assert outcome(sliced, deepest, size) == outcome(jsontext.decode, deepest)
    with pytest.raises(TooDeep):
        sliced(deepest.replace(b"1, 2", b"[1, 2]"), size)


def test_brackets_that_are_never_closed_are_refused_before_they_are_decoded() -> None:
    with pytest.raises(TooDeep):
        sliced(b'{"a":' + b"[" * 2_000_000, 4096)


def test_a_long_text_is_decoded_in_as_many_steps_as_it_has_slices() -> None:
    document = b'{"a": "' + b"x" * 1_000_000 + b'"}'
    assert len(list(SlicedDecoder(document, "9f2c", 10_000))) > 100


@pytest.mark.parametrize(
    "document", [b'{"a": "' + b" " * 3_000_000, b'{"' + b"x" * 3_000_000 + b'": 1}', b"{" + b" " * 3_000_000]
)
def test_what_cannot_be_cut_is_refused(document: bytes) -> None:
    with pytest.raises(JsonError):
        sliced(document, 4096)
