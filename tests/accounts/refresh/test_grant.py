from typing import Any

import pytest

from gateway import jsontext
from gateway.accounts.credentials import Credentials
from gateway.accounts.refresh import REFRESHERS
from gateway.accounts.refresh.grant import DEFAULT_LIFETIME, LONGEST_LIFETIME, TokenAnswer, granted
from gateway.errors import Kind, UpstreamError

ARN = "arn:aws:codewhisperer:us-east-1:699475941385:profile/EHGA3GRVQMUK"
LOGIN = Credentials("idc", "aorOld", "aoaOld", region="eu-west-1", client_id="client", client_secret="secret")


def answer(value: Any, status: int = 200) -> TokenAnswer:
    return TokenAnswer(status, value if isinstance(value, bytes) else jsontext.encode(value))


def test_a_desktop_refresh_carries_the_refresh_token_only() -> None:
    call = REFRESHERS["social"](LOGIN, None)
    assert call.url == "https://prod.us-east-1.auth.desktop.kiro.dev/refreshToken"
    assert jsontext.decode(call.body) == {"refreshToken": "aorOld"}


@pytest.mark.parametrize("kind", ["idc", "builder_id"])
def test_an_aws_refresh_is_camel_case_json_in_the_logins_region_without_scopes(kind: Any) -> None:
    call = REFRESHERS[kind](LOGIN, None)
    assert call.url == "https://oidc.eu-west-1.amazonaws.com/token"
    assert call.headers["Content-Type"] == "application/json"
    assert jsontext.decode(call.body) == {
        "clientId": "client",
        "clientSecret": "secret",
        "grantType": "refresh_token",
        "refreshToken": "aorOld",
    }


@pytest.mark.parametrize(("kind", "path"), [("social", "/refreshToken"), ("idc", "/token")])
def test_a_base_url_takes_the_place_of_the_host(kind: Any, path: str) -> None:
    assert REFRESHERS[kind](LOGIN, "http://127.0.0.1:1/").url == f"http://127.0.0.1:1{path}"


def test_an_answer_without_refresh_token_and_profile_keeps_the_old_ones() -> None:
    renewed, lifetime = granted(LOGIN, answer({"accessToken": "aoaNew", "expiresIn": 28800}), 1000.0, "")
    assert (renewed.access_token, renewed.refresh_token, renewed.expires_at) == ("aoaNew", "aorOld", 29800.0)
    assert lifetime == 28800


def test_an_answer_may_bring_a_new_refresh_token_and_the_profile() -> None:
    body = {"accessToken": "aoaNew", "refreshToken": "aorNew", "profileArn": ARN}
    renewed, _ = granted(LOGIN, answer(body), 0.0, "")
    assert (renewed.refresh_token, renewed.profile_arn) == ("aorNew", ARN)


@pytest.mark.parametrize(
    ("said", "believed"),
    [
        (60, 60),
        ("7200", 7200),
        (None, DEFAULT_LIFETIME),
        (-1, DEFAULT_LIFETIME),
        (0, DEFAULT_LIFETIME),
        ("soon", DEFAULT_LIFETIME),
        ("nan", DEFAULT_LIFETIME),
        (True, DEFAULT_LIFETIME),
        ([], DEFAULT_LIFETIME),
        (10**400, DEFAULT_LIFETIME),
        (1e12, LONGEST_LIFETIME),
    ],
)
def test_a_lifetime_is_read_and_never_assumed(said: Any, believed: float) -> None:
    _, lifetime = granted(LOGIN, answer({"accessToken": "a", "expiresIn": said}), 0.0, "")
    assert lifetime == believed


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": "invalid_grant"}, Kind.AUTHENTICATION),
        (401, b"re-login", Kind.AUTHENTICATION),
        (401, {"error": "invalid_client"}, Kind.AUTHENTICATION),
        (400, {"error": "invalid_request"}, Kind.UPSTREAM),
        (403, b"<html>blocked</html>", Kind.UPSTREAM),
        (429, {}, Kind.UPSTREAM),
        (500, b"", Kind.UPSTREAM),
        (302, b"", Kind.UPSTREAM),
        (200, b"<html>", Kind.UPSTREAM),
        (200, {"refreshToken": "aorNew"}, Kind.UPSTREAM),
        (200, {"accessToken": "a\r\nX: y"}, Kind.UPSTREAM),
        (200, [], Kind.UPSTREAM),
    ],
)
def test_only_the_servers_own_no_is_final(status: int, body: Any, kind: Kind) -> None:
    with pytest.raises(UpstreamError) as caught:
        granted(LOGIN, answer(body, status), 0.0, "Log in again.")
    assert caught.value.kind is kind
    assert ("Log in again." in caught.value.message) == (kind is Kind.AUTHENTICATION)
