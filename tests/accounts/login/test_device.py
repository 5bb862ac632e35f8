"""The device flow's state machine: when it asks, what it makes of each answer, and how it ends."""

import pytest

from gateway.accounts.login.device import (
    Answer,
    DeviceLogin,
    Ending,
    LoginEnded,
    NewLogin,
    refused,
    seconds,
    told,
    web_address,
)
from gateway.accounts.login.oidc import OidcWay
from gateway.accounts.refresh.grant import TokenAnswer
from gateway.errors import Kind, UpstreamError
from tests.accounts.login.scripted import BEGUN, REGISTERED, TOKENS, Service, Time, answer, refusal, service

PENDING = refusal("authorization_pending")
DONE = answer(200, TOKENS)
GONE = UpstreamError(Kind.UPSTREAM, "The connection broke.")


async def login(
    *polls: TokenAnswer | UpstreamError, time: Time | None = None, left: list[float] | None = None
) -> NewLogin:
    """A login whose polls are answered so, from its beginning."""
    time = time or Time()
    machine = DeviceLogin(OidcWay(), begun(*polls), sleep=time.sleep, clock=time.clock, wall=time.wall)
    return await machine.finish(await machine.begin(), (left if left is not None else []).append)


def begun(*polls: TokenAnswer | UpstreamError) -> Service:
    return service(answer(200, REGISTERED), answer(200, BEGUN), polls)


async def test_it_asks_at_the_interval_until_the_user_has_agreed() -> None:
    time = Time()
    new = await login(PENDING, PENDING, DONE, time=time)
    assert time.slept == [1, 1, 1]
    assert new.credentials.tokens == ("aoaAAAAA", "aorAAAAA")
    assert new.credentials.expires_at == 1_000_003 + 3600


async def test_slow_down_adds_five_seconds_for_good() -> None:
    time = Time()
    await login(refusal("slow_down"), PENDING, refusal("slow_down"), DONE, time=time)
    assert time.slept == [1, 6, 6, 11]


async def test_a_network_that_is_gone_or_a_server_that_stumbles_only_slows_the_questions() -> None:
    time = Time()
    await login(GONE, answer(503, b"<html>"), answer(429, {}), DONE, time=time)
    assert time.slept == [1, 2, 4, 8]


async def test_the_seconds_left_are_told_before_each_question() -> None:
    left: list[float] = []
    await login(PENDING, DONE, left=left)
    assert left == [600, 599]


@pytest.mark.parametrize(
    ("poll", "ending"),
    [
        (refusal("access_denied"), Ending.DENIED),
        (refusal("expired_token"), Ending.EXPIRED),
        (refusal("invalid_grant"), Ending.FAILED),
        (answer(401, {"error": "invalid_client"}), Ending.FAILED),
        (answer(400, b"no json"), Ending.FAILED),
        (answer(200, {**TOKENS, "refreshToken": None}), Ending.FAILED),
    ],
)
async def test_it_ends_as_the_server_says(poll: TokenAnswer, ending: Ending) -> None:
    with pytest.raises(LoginEnded) as caught:
        await login(PENDING, poll)
    assert caught.value.ending is ending


async def test_a_code_nobody_uses_expires_by_the_clock() -> None:
    time = Time()
    with pytest.raises(LoginEnded) as caught:
        await login(*[PENDING] * 700, time=time)
    assert caught.value.ending is Ending.EXPIRED
    assert time.now == 600


async def test_a_token_refused_by_the_server_for_good_ends_it() -> None:
    final = UpstreamError(Kind.AUTHENTICATION, "refused")
    with pytest.raises(LoginEnded) as caught:
        await login(final)
    assert caught.value.ending is Ending.FAILED


@pytest.mark.parametrize("word", ["<script>" * 100, None, 7, ["slow_down"]])
def test_words_of_strangers_are_not_shown(word: object) -> None:
    with pytest.raises(LoginEnded, match="HTTP 400") as ended:
        refused(word, 400)
    assert "script" not in ended.value.message
    assert refused("anything", 500) is Answer.BUSY


@pytest.mark.parametrize("value", [None, "5", True, 0, -1, float("nan"), []])
def test_a_span_that_is_none_becomes_the_default(value: object) -> None:
    assert seconds(value, 5.0, 60.0) == 5.0


@pytest.mark.parametrize("value", [10_000, float("inf"), 10**400], ids=["long", "endless", "huge"])
def test_a_span_is_bounded(value: float) -> None:
    assert seconds(value, 5.0, 60.0) == 60.0


@pytest.mark.parametrize(
    "value", [None, "", 7, "javascript:alert(1)", "https://a b\n", "https://\x1b[31m", "file:///x"]
)
def test_a_link_that_could_harm_a_terminal_or_browser_is_not_shown(value: object) -> None:
    with pytest.raises(LoginEnded):
        web_address(value)


@pytest.mark.parametrize("value", [None, "", 7, "two words", "line\nbreak"])
def test_a_text_that_must_be_there_is_checked(value: object) -> None:
    with pytest.raises(LoginEnded):
        told({"userCode": value}, "userCode")
