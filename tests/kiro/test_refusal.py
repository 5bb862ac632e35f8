"""Bytes of any kind become a refusal that is safe to show."""

import gzip
import json
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.kiro.refusal import AWS, EMPTY, HTML, OTHER, SHOWN, Refusal, read_exception, read_response


def response(body: Any, **headers: str) -> Refusal:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_response(400, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


@pytest.mark.parametrize("key", ["message", "Message", "errorMessage"])
def test_the_message_is_found_under_each_of_its_keys(key: str) -> None:
    assert response({key: "words"}).text == "words"


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        ({"code": "B", "__type": "C"}, {"x_amzn_errortype": "AException:http://internal.amazon.com/x"}, "a"),
        ({"code": "BException", "__type": "C"}, {}, "b"),
        ({"__type": "com.amazon.aws.codewhisperer#CException"}, {}, "c"),
        ({"_type": "com.amazon.aws.codewhisperer#DException"}, {}, "d"),
        ({"code": 7, "__type": "EError"}, {}, "e"),
        ({"type": "something"}, {}, ""),
        ({}, {}, ""),
    ],
)
def test_the_type_comes_from_header_then_code_then_type(body: Any, headers: dict[str, str], expected: str) -> None:
    assert response(body, **headers).type == expected


@pytest.mark.parametrize(
    ("body", "headers", "shape"),
    [
        (b"", {}, EMPTY),
        (b"[1]", {}, EMPTY),
        (b"plain words", {}, OTHER),
        (b'"a JSON string"', {}, OTHER),
        (b" <!DOCTYPE html><p>x", {}, HTML),
        (b"no angle brackets", {"content_type": "text/html"}, HTML),
        ({"message": "x"}, {}, AWS),
        ({"message": "x"}, {"content_type": "text/html"}, AWS),
        ({"reason": "X"}, {}, AWS),
        (b"", {"x_amzn_errortype": "X"}, AWS),
        ({"other": 1}, {}, EMPTY),
    ],
)
def test_the_shape_tells_the_service_from_what_stands_before_it(body: Any, headers: dict[str, str], shape: str) -> None:
    assert response(body, **headers).shape == shape


@pytest.mark.parametrize(
    "secret",
    [
        "aoaAAAAAGxyz0123:abc/def+g=",
        "aorAAAAAGxyz0123:abc/def",
        "ksk_0123456789",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig",
        "Bearer somethingopaque",
        "bearer  somethingopaque",
    ],
)
def test_a_token_in_the_message_is_never_shown(secret: str) -> None:
    text = response({"message": f"bad value {secret} here"}).text
    assert secret.rpartition(" ")[2][7:12] not in text
    assert text.startswith("bad value") and text.endswith("*** here")


@pytest.mark.parametrize(
    "address", ["10.0.31.7", "172.16.0.9:8443", "[2600:1f18::a:1]:443", "fe80::1ff:fe23:4567:890a"]
)
def test_the_addresses_of_servers_on_the_way_are_not_shown(address: str) -> None:
    told = read_response(503, {}, f"connect error at 12:30:59, remote address {address}, version 1.2.3".encode()).text
    assert told == "connect error at 12:30:59, remote address ***, version 1.2.3"


def test_words_about_the_bearer_token_stay() -> None:
    words = "The bearer token included in the request is invalid."
    assert response({"message": words}).text == words


def test_control_characters_and_line_ends_become_spaces() -> None:
    assert response({"message": "a\x00b\x1b[31mc\r\nd\u2028e\u202ef"}).text == "a b [31mc d e f"


def test_a_long_message_is_cut() -> None:
    text = response({"message": "é" * 60_000}).text
    assert len(text) == SHOWN and text.endswith("…")


def test_markup_is_not_shown() -> None:
    assert response(b"<html><body>Bad <b>gateway</b></body></html>").text == ""
    assert response({"message": "see <a href='x'>this</a> page"}).text == "see this page"


def test_a_compressed_body_is_not_shown() -> None:
    assert response(gzip.compress(os.urandom(2000))).text == ""


def test_bytes_that_are_not_utf8_do_not_hurt() -> None:
    assert "caf" in response("{'message': 'un café'}".encode("latin-1")).text


def test_a_reason_must_be_a_word() -> None:
    assert response({"reason": ["x"]}).reason is None
    assert response({"reason": "A\nB" + "C" * 99}).reason == ("A B" + "C" * 99)[:64]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("3", 3.0), (" 1.5 ", 1.5), ("", None), ("-1", None), ("nan", None), ("Fri, 31 Dec 1999 23:59:59 GMT", None)],
)
def test_a_wait_is_read_in_seconds(value: str, seconds: float | None) -> None:
    assert response(b"", retry_after=value).retry_after == seconds


@pytest.mark.parametrize(
    ("until", "sent", "seconds"),
    [
        ("Fri, 31 Dec 1999 23:59:59 GMT", "Fri, 31 Dec 1999 23:59:52 GMT", 7.0),
        ("Friday, 31-Dec-99 23:59:59 GMT", "Fri, 31 Dec 1999 23:59:52 GMT", 7.0),
        ("Fri, 31 Dec 1999 23:59:59 GMT", "Fri, 31 Dec 1999 23:59:59 GMT", None),
        ("Fri, 31 Dec 1999 23:59:59 GMT", "Sat, 01 Jan 2000 00:00:00 GMT", None),
        ("Fri, 31 Dec 2999 23:59:59 GMT", "Fri, 31 Dec 1999 23:59:52 GMT", None),
        ("Fri, 31 Dec 1999 23:59:59 GMT", "yesterday", None),
        ("Fri, 31 Dec 1999 23:59:59", "Fri, 31 Dec 1999 23:59:52 GMT", None),
        ("soon", "Fri, 31 Dec 1999 23:59:52 GMT", None),
    ],
)
def test_a_date_counts_from_the_answers_own(until: str, sent: str, seconds: float | None) -> None:
    assert response(b"", retry_after=until, date=sent).retry_after == seconds


def test_an_error_inside_a_200_has_the_status_of_its_name() -> None:
    assert read_exception("ThrottlingException", b"{}").status == 429
    assert read_exception("NeverSeenException", b"{}").status == 0
    assert read_exception("ThrottlingException", b"{}").sent_status == 200


@settings(deadline=None)
@given(st.integers(100, 599), st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=3), st.binary())
def test_no_bytes_make_it_raise(status: int, headers: dict[str, str], body: bytes) -> None:
    assert read_response(status, headers, body).sent_status == status


@settings(deadline=None)
@given(st.text(max_size=30), st.recursive(st.none() | st.integers() | st.text(), st.lists))
def test_no_payload_makes_it_raise(name: str, payload: Any) -> None:
    fields = {"message": payload, "reason": payload, "__type": payload, "error": payload, "Output": payload}
    assert read_exception(name, json.dumps(fields).encode()).sent_status == 200
