"""Google and GitHub: the device flow in milliseconds, and the browser with PKCE."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.accounts.login.device import DeviceLogin, Ending, LoginEnded, NewLogin
from gateway.accounts.login.social import BrowserWay, SocialWay
from gateway.accounts.refresh.grant import TokenAnswer
from tests.accounts.login.scripted import TOKENS, Service, Time, answer, service

ARN = "arn:aws:codewhisperer:us-east-1:123456789012:profile/ABCDEFGHIJKL"
BEGUN = {
    "deviceCode": "invented",
    "userCode": "ABCD-EFGH",
    "verificationUri": "https://app.kiro.dev/device",
    "verificationUriComplete": "https://app.kiro.dev/device?user_code=ABCD-EFGH",
    "intervalInMilliseconds": 5000,
    "expiresInMilliseconds": 600000,
}
GIVEN = {"status": "authorized", "accessToken": "aoaA", "refreshToken": "aorA", "profileArn": ARN}


async def logged_in(asked: Service, time: Time | None = None) -> NewLogin:
    time = time or Time()
    machine = DeviceLogin(SocialWay("Google"), asked, sleep=time.sleep, clock=time.clock, wall=time.wall)
    return await machine.finish(await machine.begin(), [].append)


def polled(*polls: TokenAnswer) -> Service:
    return service(answer(200, BEGUN), polls)


async def test_the_device_flow_asks_kiros_own_service() -> None:
    asked = polled(answer(200, {"status": "authorization_pending"}), answer(200, GIVEN))
    new = await logged_in(asked, time := Time())
    assert asked.paths() == ["/oauth/device/authorization", "/oauth/device/poll", "/oauth/device/poll"]
    assert asked.body(0) == {"clientId": "kiro-cli", "loginProvider": "Google"}
    assert asked.body(1) == {"clientId": "kiro-cli", "deviceCode": "invented"}
    assert time.slept == [5, 5]
    assert (new.credentials.kind, new.credentials.profile_arn, new.name) == ("social", ARN, "google")
    assert new.credentials.expires_at == time.wall() + 3600


@pytest.mark.parametrize("spelled", ["status", "error"])
@pytest.mark.parametrize(("word", "ending"), [("access_denied", Ending.DENIED), ("expired_token", Ending.EXPIRED)])
async def test_denial_and_expiry_are_understood_in_both_places(spelled: str, word: str, ending: Ending) -> None:
    with pytest.raises(LoginEnded) as caught:
        await logged_in(polled(answer(200 if spelled == "status" else 400, {spelled: word})))
    assert caught.value.ending is ending


async def test_slow_down_is_obeyed() -> None:
    await logged_in(polled(answer(200, {"status": "slow_down"}), answer(200, GIVEN)), time := Time())
    assert time.slept == [5, 10]


async def test_a_service_that_does_not_begin_is_told() -> None:
    with pytest.raises(LoginEnded, match="403"):
        await logged_in(service(answer(403, b"<html>")))


def test_the_browser_gets_a_challenge_and_never_the_verifier() -> None:
    way = BrowserWay("Github", "http://127.0.0.1:3128/oauth/callback", "the-state")
    parts = urlsplit(way.url)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert (parts.scheme, parts.path, asked["idp"]) == ("https", "/login", "Github")
    challenge = urlsafe_b64encode(sha256(way.verifier.encode()).digest()).rstrip(b"=").decode()
    assert (asked["code_challenge"], asked["code_challenge_method"]) == (challenge, "S256")
    assert way.verifier not in way.url
    assert asked["state"] == way.state
    assert len(way.verifier) >= 43


def test_every_browser_login_has_its_own_secrets_and_shows_none() -> None:
    one, other = (BrowserWay("Google", "http://127.0.0.1:1/oauth/callback", "the-state") for _ in range(2))
    assert one.verifier != other.verifier
    assert one.verifier not in repr(one)


async def test_the_code_is_redeemed_with_the_verifier() -> None:
    way = BrowserWay("Google", "http://127.0.0.1:3128/oauth/callback", "the-state")
    asked = service(answer(200, {**TOKENS, "profileArn": ARN}))
    new = await way.redeem("the-code", asked, 1000.0)
    assert asked.paths() == ["/oauth/token"]
    assert asked.body(0) == {"code": "the-code", "code_verifier": way.verifier, "redirect_uri": way.redirect_uri}
    assert (new.credentials.profile_arn, new.credentials.expires_at) == (ARN, 4600)


@pytest.mark.parametrize("given", [answer(400, {"error": "invalid_grant"}), answer(200, {"accessToken": "a"})])
async def test_a_code_that_is_not_taken_ends_the_login(given: TokenAnswer) -> None:
    with pytest.raises(LoginEnded):
        await BrowserWay("Google", "http://127.0.0.1:1/oauth/callback", "the-state").redeem("x", service(given), 0)
