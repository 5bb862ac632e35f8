"""When a token is renewed before anybody needs it."""

import base64

import pytest

from gateway import jsontext
from gateway.accounts.ahead import LEAST, UNKNOWN, earliest, expiry_of, next_look, worth_refreshing

NOW = 1_780_000_000.0


def jwt(payload: bytes, *, padded: bool = False) -> str:
    text = base64.urlsafe_b64encode(payload).decode()
    return f"eyJhbGciOiJub25lIn0.{text if padded else text.rstrip('=')}.c2ln"


@pytest.mark.parametrize(
    ("left", "threshold", "dice", "seconds"),
    [
        (3600, 600, 0.0, 3000),
        (3600, 600, 0.5, 2970),
        (3600, 0, 0.0, 3300),
        (3600, 60, 0.0, 3300),
        (700, 600, 0.0, 100),
        (610, 600, 0.0, LEAST),
        (-5, 600, 0.0, LEAST),
        (None, 600, 0.0, UNKNOWN * 0.9),
        (float("inf"), 600, 0.0, UNKNOWN * 0.9),
    ],
)
def test_a_login_is_looked_at_before_its_token_is_due(
    left: float | None, threshold: float, dice: float, seconds: float
) -> None:
    expires = None if left is None else NOW + left
    assert next_look(expires, NOW, threshold, dice) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("left", "since", "worth"),
    [
        (600, None, True),
        (600, 31, True),
        (600, 29, False),
        (-600, 29, False),
        (600, -9, True),
        (659, None, True),
        (661, None, False),
        (None, None, True),
        (None, 3, False),
    ],
)
def test_the_double_check_spares_fresh_tokens(left: float | None, since: float | None, worth: bool) -> None:
    last = None if since is None else NOW - since
    assert worth_refreshing(None if left is None else NOW + left, last, NOW, 600) is worth


@pytest.mark.parametrize("dice", [0.0, 0.3, 0.999])
def test_a_look_that_comes_in_time_finds_the_token_worth_refreshing(dice: float) -> None:
    expires = NOW + 3600
    then = NOW + next_look(expires, NOW, 600, dice)
    assert worth_refreshing(expires, NOW, then, 600)


@pytest.mark.parametrize("dice", [0.0, 0.999])
@pytest.mark.parametrize(
    ("left", "seconds"), [(3600, 3390), (211, 1), (210.25, 0.25), (210, LEAST), (-9, LEAST), (None, None)]
)
def test_login_that_kiro_cli_shares_is_looked_at_when_kiro_cli_would(
    left: float | None, seconds: float | None, dice: float
) -> None:
    expires = None if left is None else NOW + left
    found = next_look(expires, NOW, 210.0, dice, exact=True)
    assert found == (seconds if seconds is not None else UNKNOWN * (0.9 + 0.1 * dice))
    if expires is not None:
        assert worth_refreshing(expires, None, NOW + found, 210.0, exact=True)
        assert worth_refreshing(expires, None, NOW, 210.0, exact=True) is (expires <= NOW + 210)


@pytest.mark.parametrize("padded", [False, True])
def test_a_jwt_says_when_it_ends(padded: bool) -> None:
    assert expiry_of(jwt(jsontext.encode({"exp": 1_780_003_600, "sub": "ÿ?>"}), padded=padded)) == 1_780_003_600


NO_JWT = ("", "aoaAAAA", "a.b", "a.b.c.d", "a.!!.c")
NO_END = (b"no json", b"[1]", b"{}", b"\xff", b'{"exp": "x"}', b'{"exp": true}', b'{"exp": -1}')


@pytest.mark.parametrize("token", [*NO_JWT, *map(jwt, NO_END)])
def test_what_is_no_jwt_or_does_not_say_has_no_end_of_its_own(token: str) -> None:
    assert expiry_of(token) is None


@pytest.mark.parametrize(
    ("told", "own", "end"),
    [(None, None, None), (NOW, None, NOW), (None, NOW, NOW - 60), (NOW, NOW + 30, NOW - 30), (NOW, NOW + 90, NOW)],
)
def test_the_earlier_end_counts_and_a_jwt_ends_a_minute_early(
    told: float | None, own: float | None, end: float | None
) -> None:
    token = "opaque" if own is None else jwt(jsontext.encode({"exp": own}))
    assert earliest(told, token) == end
