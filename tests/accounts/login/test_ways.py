"""Which way a login takes, and what is refused before anybody is asked."""

import pytest

from gateway.accounts.login.oidc import OidcWay
from gateway.accounts.login.social import SocialWay
from gateway.accounts.login.ways import by_api_key, chosen, provider_of
from gateway.errors import GatewayError, Kind


def test_nothing_said_is_a_builder_id() -> None:
    assert chosen() == OidcWay("https://view.awsapps.com/start", "us-east-1")


@pytest.mark.parametrize(
    "url", ["https://acme.awsapps.com/start", "https://acme.awsapps.com/start/", " https://acme.awsapps.com/start/#/"]
)
def test_a_company_has_its_start_url_and_region(url: str) -> None:
    assert chosen(start_url=url, region="ap-southeast-1") == OidcWay("https://acme.awsapps.com/start", "ap-southeast-1")


def test_govcloud_has_identity_center_and_says_what_it_lacks() -> None:
    start = "https://acme.awsapps.com/start"
    assert chosen(start_url=start, region="us-gov-west-1") == OidcWay(start, "us-gov-west-1")
    for lacking, words in (({}, "no Builder ID"), ({"social": "google"}, "no login by Google or GitHub")):
        with pytest.raises(GatewayError, match=words):
            chosen(region="us-gov-west-1", **lacking)


def test_a_warning_goes_before_kiros_own_device_flow_alone() -> None:
    assert "sign the first one out" in (chosen(social="google").warning or "")
    assert chosen().warning is chosen(start_url="https://acme.awsapps.com/start").warning is None


def test_a_social_login_names_its_provider() -> None:
    assert chosen(social="GitHub", base_url="http://127.0.0.1:1") == SocialWay("Github", "http://127.0.0.1:1")
    assert provider_of("google") == "Google"


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"start_url": "http://acme.awsapps.com/start"}, "start_url"),
        ({"start_url": "https://"}, "start_url"),
        ({"start_url": "https://user:word@acme.awsapps.com/start"}, "start_url"),
        ({"start_url": "https://acme.awsapps.com:8443/start"}, "start_url"),
        ({"start_url": "https://acme.awsapps.com:x/start"}, "start_url"),
        ({"start_url": "https://acme\u0301.awsapps.com/start"}, "start_url"),
        ({"start_url": "https://a/" + "x" * 400}, "start_url"),
        ({"start_url": "https://acme.awsapps.com/start", "region": "evil.example"}, "region"),
        ({"start_url": "https://acme.awsapps.com/start", "region": "us-east-99"}, "region"),
        ({"region": "eu-west-1"}, "region"),
        ({"region": "us-gov-west-1"}, "region"),
        ({"start_url": "https://view.awsapps.com/start", "region": "us-gov-west-1"}, "region"),
        ({"social": "google", "region": "us-gov-west-1"}, "region"),
        ({"social": "facebook"}, "social"),
        ({"social": "google", "start_url": "https://acme.awsapps.com/start"}, "social"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(asked: dict[str, str], path: str) -> None:
    with pytest.raises(GatewayError) as caught:
        chosen(**asked)
    assert (caught.value.kind, caught.value.path) == (Kind.INVALID_REQUEST, path)


def test_an_api_key_is_a_login_that_is_never_refreshed() -> None:
    new = by_api_key(" ksk_0123456789abcdef \n")
    assert (new.credentials.kind, new.credentials.access_token) == ("api_key", "ksk_0123456789abcdef")
    assert (new.credentials.refresh_token, new.credentials.expires_at) == ("", None)


@pytest.mark.parametrize(
    "text", ["", "ksk_short", "sk-0123456789abcdefghi", "ksk_0123456789 abcdef", "ksk_01234567...89abcdef"]
)
def test_a_text_that_is_no_api_key_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(GatewayError) as caught:
        by_api_key(text)
    assert not text or text not in caught.value.message
