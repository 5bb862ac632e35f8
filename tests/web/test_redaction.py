"""Redaction in windows: as by one pattern over the whole, whatever the windows cut."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.web.redaction import WINDOW, redact

WHOLE = re.compile(
    rb"(?i)(bearer\s+)[^\s\"',}]+"
    rb"|\b(?:aoa|aor|ksk_|kg-)[A-Za-z0-9+/=_.:-]{6,}"
    rb"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]+"
    rb"|(\"(?:access_?token|refresh_?token|client_?secret|api_?key|authorization|x-api-key)\"\s*:\s*\")[^\"]+"
)
"""What a secret looks like, in one pattern."""

_WORDS = [
    b"bearer",
    b"Bearer ",
    b" ",
    b"\n",
    b'"',
    b"'",
    b",",
    b"}",
    b"aoa",
    b"AOR",
    b"ksk_",
    b"kg-",
    b"eyJ",
    b"EyJ",
    b".",
]
_WORDS += [
    b"-",
    b"abcdefgh",
    b"x",
    b'"accessToken"',
    b'"api_key"',
    b":",
    b'"x-api-key":"',
    b"token",
    b"\xff\xc3",
    b"1234567",
]
TEXTS = st.lists(st.sampled_from(_WORDS), max_size=14).map(b"".join)
SECRETS = {
    "bearer": (b"Bearer ", b"x-", b" and more"),
    "key": (b"", b"aoaAAAAAA", b" and more"),
    "jwt": (b"", b"eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.sig", b'" and more'),
    "member": (b'"refreshToken": "', b"a, b } c", b'" and more'),
}


def by_one_pattern(text: bytes) -> bytes:
    return WHOLE.sub(lambda match: (match[1] or match[2] or b"") + b"***", text)


@given(TEXTS, st.integers(1, 40))
def test_windows_find_what_one_pattern_finds(text: bytes, window: int) -> None:
    assert redact(text, window) == by_one_pattern(text)


@pytest.mark.parametrize(("kept", "secret", "after"), SECRETS.values(), ids=SECRETS)
def test_a_secret_is_taken_out_wherever_a_window_cuts_it(kept: bytes, secret: bytes, after: bytes) -> None:
    for before in range(len(kept + secret) + 40):
        text = b"." * before + b" " + kept + secret + after
        assert redact(text, 40) == b"." * before + b" " + kept + b"***" + after


def test_a_secret_longer_than_a_window_is_taken_out_whole() -> None:
    secret = b"x" * (3 * WINDOW)
    assert redact(b"bearer " + secret + b" end") == b"bearer *** end"
    assert redact(b'"api_key" : "' + secret + b'"') == b'"api_key" : "***"'


def test_beginnings_of_tokens_without_an_end_are_not_measured_again_and_again() -> None:
    text = b"-eyJ" * 250_000  # by one pattern 250,000 times up to a megabyte: minutes
    assert redact(text) == text
