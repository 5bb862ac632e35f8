from urllib.parse import parse_qs

import pytest

from gateway import jsontext
from gateway.accounts.credentials import Credentials, IdentityProvider
from gateway.accounts.refresh import REFRESHERS
from gateway.accounts.refresh.grant import TokenAnswer, granted
from gateway.errors import GatewayError

ENDPOINT = "https://login.microsoftonline.com/t/oauth2/v2.0/token"
ISSUER = "https://login.microsoftonline.com/t/v2.0"


def login(endpoint: str = ENDPOINT, issuer: str = ISSUER, scopes: str = "api://x/c offline_access") -> Credentials:
    return Credentials("external_idp", "0.A", client_id="abc", idp=IdentityProvider(endpoint, issuer, scopes))


def test_the_refresh_is_a_form_to_the_providers_own_endpoint() -> None:
    call = REFRESHERS["external_idp"](login(), None)
    assert (call.url, call.headers["Content-Type"]) == (ENDPOINT, "application/x-www-form-urlencoded")
    assert parse_qs(call.body.decode()) == {
        "grant_type": ["refresh_token"],
        "client_id": ["abc"],
        "refresh_token": ["0.A"],
        "scope": ["api://x/c offline_access"],
    }


def test_no_scopes_are_asked_for_where_the_login_names_none() -> None:
    assert b"scope" not in REFRESHERS["external_idp"](login(scopes=""), None).body


@pytest.mark.parametrize(
    ("endpoint", "issuer"),
    [
        ("http://login.microsoftonline.com/t/token", ISSUER),
        ("https://elsewhere.example/token", ISSUER),
        ("https://login.microsoftonline.com:8443/t/token", ISSUER),
        ("https://me@login.microsoftonline.com/t/token", ISSUER),
        ("https://login.microsoftonline.com.evil.example/token", ISSUER),
        (ENDPOINT, ""),
        ("https://[broken/token", "https://[broken/"),
        ("/token", "/issuer"),
    ],
)
def test_a_refresh_token_goes_nowhere_but_to_its_issuers_host(endpoint: str, issuer: str) -> None:
    with pytest.raises(GatewayError, match="no other place"):
        REFRESHERS["external_idp"](login(endpoint, issuer), None)


@pytest.mark.parametrize("incomplete", [Credentials("external_idp", "0.A", client_id="abc"), login()])
def test_a_login_without_its_provider_says_what_it_needs(incomplete: Credentials) -> None:
    if incomplete.idp:
        incomplete = Credentials("external_idp", "0.A", idp=incomplete.idp)
    with pytest.raises(GatewayError, match="tokenEndpoint, issuerUrl and clientId"):
        REFRESHERS["external_idp"](incomplete, None)


def test_the_simulators_address_stands_for_every_host() -> None:
    assert REFRESHERS["external_idp"](login("x", "y"), "http://127.0.0.1:1/").url == "http://127.0.0.1:1/idp/token"


def test_the_answer_is_read_in_the_providers_spelling() -> None:
    answer = {"access_token": "eyJ", "refresh_token": "0.B", "expires_in": "3599", "token_type": "Bearer"}
    renewed, lifetime = granted(login(), TokenAnswer(200, jsontext.encode(answer)), 1000.0, "again")
    assert (renewed.access_token, renewed.refresh_token, lifetime) == ("eyJ", "0.B", 3599.0)
