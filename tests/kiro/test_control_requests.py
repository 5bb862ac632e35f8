"""What the control plane is asked, and on which host first."""

import pytest

from gateway import jsontext
from gateway.kiro.control_requests import key_profile, list_models, list_profiles, usage_limits
from gateway.kiro.endpoints import Identity, LoginKind

ARN = "arn:aws:codewhisperer:eu-central-1:123456789012:profile/ABC"


def identity(kind: LoginKind = "social", arn: str | None = ARN) -> Identity:
    return Identity("token-1", arn, kind, "eu-central-1", "a3" * 32)


def test_models_are_asked_of_the_management_host_and_then_of_the_older_one() -> None:
    new, old = list_models(identity(), invocation_id="i")
    assert (new.method, new.url) == ("POST", "https://management.eu-central-1.kiro.dev/")
    assert new.headers["X-Amz-Target"] == "KiroControlPlaneBearerService.ListAvailableModels"
    assert jsontext.decode(new.body or b"") == {"origin": "KIRO_CLI", "profileArn": ARN}
    assert (old.method, old.body) == ("GET", None)
    assert old.url.startswith(
        "https://q.eu-central-1.amazonaws.com/ListAvailableModels?origin=AI_EDITOR&profileArn=arn%3A"
    )


def test_without_an_arn_only_the_older_host_is_asked() -> None:
    (old,) = list_models(identity("builder_id", None), invocation_id="i")
    assert old.url.endswith("/ListAvailableModels?origin=AI_EDITOR")


def test_an_api_key_is_asked_for_on_both_hosts_without_an_arn() -> None:
    requests = (
        *list_models(identity("api_key", None), invocation_id="i"),
        *usage_limits(identity("api_key", None), invocation_id="i"),
    )
    hosts = ["https://management.eu-central-1.kiro.dev/", "https://q.eu-central-1.amazonaws.com/"]
    assert [request.url.rpartition("/")[0] + "/" for request in requests] == hosts * 2
    assert not any("profileArn" in request.url or b"profileArn" in (request.body or b"") for request in requests)


def test_a_builder_ids_usage_is_asked_where_it_is_known() -> None:
    [asked] = usage_limits(identity("builder_id"), invocation_id="i")
    assert asked.url.startswith("https://q.us-east-1.amazonaws.com/getUsageLimits?")
    assert "profileArn" not in asked.url


def test_an_api_keys_region_is_asked_for_without_a_profile() -> None:
    asked = key_profile(identity("api_key", None), "us-east-1", invocation_id="i")
    assert (asked.url, asked.body) == ("https://management.us-east-1.kiro.dev/", b"{}")
    assert asked.headers["X-Amz-Target"] == "KiroControlPlaneBearerService.GetProfile"
    assert asked.headers["tokentype"] == "API_KEY"


def test_the_older_host_is_told_no_arn_of_a_builder_id() -> None:
    assert "profileArn" not in list_models(identity("builder_id"), invocation_id="i")[1].url


def test_the_next_page_is_asked_for_by_its_token() -> None:
    new, old = list_models(identity(), invocation_id="i", next_token="p 2")
    assert jsontext.decode(new.body or b"")["nextToken"] == "p 2"
    assert old.url.endswith("nextToken=p+2")


def test_profiles_are_asked_region_by_region() -> None:
    new, old = list_profiles(identity(arn=None), "us-east-1", invocation_id="i", next_token="t")
    assert (new.url, old.url) == ("https://management.us-east-1.kiro.dev/", "https://q.us-east-1.amazonaws.com/")
    assert old.headers["X-Amz-Target"] == "AmazonCodeWhispererService.ListAvailableProfiles"
    assert jsontext.decode(old.body or b"") == {"maxResults": 10, "nextToken": "t"}


@pytest.mark.parametrize("base", ["http://127.0.0.1:9", "http://127.0.0.1:9/"])
def test_a_base_url_takes_every_hosts_place(base: str) -> None:
    requests = [
        *list_models(identity(), invocation_id="i", base_url=base),
        *list_profiles(identity(), "us-east-1", invocation_id="i", base_url=base),
    ]
    assert all(request.url.startswith("http://127.0.0.1:9/") and "9//" not in request.url for request in requests)


def test_a_control_request_is_tried_once_and_hides_its_token() -> None:
    request = list_models(identity(), invocation_id="i")[0]
    assert request.headers["amz-sdk-request"] == "attempt=1; max=1"
    assert "token-1" not in repr(request)
