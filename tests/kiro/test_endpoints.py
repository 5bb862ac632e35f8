"""Where a request goes, for whom, and with which words around it."""

import copy
from dataclasses import replace
from typing import Any

import pytest

from gateway import jsontext
from gateway.conversation import Conversation, Message, Text
from gateway.errors import GatewayError
from gateway.kiro.endpoints import ENDPOINTS, Endpoint, Identity, LoginKind, Sending, checked_region, finish, routes
from gateway.kiro.models import Resolved, describe
from gateway.kiro.payload import Layout, lay_out

ARN = "arn:aws:codewhisperer:eu-central-1:123456789012:profile/ABC"
GOV_ARN = "arn:aws-us-gov:codewhisperer:us-gov-west-1:123456789012:profile/ABC"
MACHINE = "a3" * 32
TURN = "11111111-2222-4333-8444-555555555552"
KIRO, CODEWHISPERER, AMAZONQ = ENDPOINTS
DRAFT = lay_out(
    Conversation("m", (Message("user", (Text("hi"),)),)),
    Resolved(describe("claude-sonnet-4.5", "upstream")),
    Layout(),
)


def identity(kind: LoginKind = "social", arn: str | None = ARN, region: str = "eu-central-1") -> Identity:
    return Identity("token-1", arn, kind, region, MACHINE)


def sending(endpoint: Endpoint, who: Identity, base_url: str | None = None) -> Sending:
    return finish(DRAFT, endpoint, who, continuation_id=TURN, invocation_id="inv-1", attempt=2, base_url=base_url)


def body(endpoint: Endpoint, who: Identity) -> Any:
    return jsontext.decode(sending(endpoint, who).body)


@pytest.mark.parametrize(
    ("preferred", "order"),
    [
        (None, ["kiro", "codewhisperer", "amazonq"]),
        ("", ["kiro", "codewhisperer", "amazonq"]),
        ("nonsense", ["kiro", "codewhisperer", "amazonq"]),
        (" IDE ", ["codewhisperer", "kiro", "amazonq"]),
        ("CodeWhisperer", ["codewhisperer", "kiro", "amazonq"]),
        ("q", ["amazonq", "kiro", "codewhisperer"]),
        ("cli", ["amazonq", "kiro", "codewhisperer"]),
        ("runtime", ["kiro", "codewhisperer", "amazonq"]),
    ],
)
def test_a_preferred_endpoint_goes_first(preferred: str | None, order: list[str]) -> None:
    assert [row.name for row in routes(identity(), preferred)] == order
    assert [row.name for row in ENDPOINTS] == ["kiro", "codewhisperer", "amazonq"]


@pytest.mark.parametrize("preferred", [None, "kiro"])
def test_without_an_arn_the_kiro_host_is_no_route(preferred: str | None) -> None:
    assert [row.name for row in routes(identity(arn=None), preferred)] == ["codewhisperer", "amazonq"]


def test_an_api_key_goes_to_the_kiro_host_without_an_arn_until_one_is_demanded() -> None:
    key = identity("api_key", None)
    assert [row.name for row in routes(key)] == ["kiro", "codewhisperer", "amazonq"]
    assert "profileArn" not in body(KIRO, key)
    assert [row.name for row in routes(replace(key, arn_demanded=True))] == ["codewhisperer", "amazonq"]


@pytest.mark.parametrize("region", ["us-gov-west-1", "us-gov-east-1"])
def test_govcloud_has_hosts_of_its_own_and_no_other(region: str) -> None:
    who = identity("idc", GOV_ARN, region)
    urls = [sending(row, who).url for row in routes(who)]
    assert urls == [f"https://runtime.{region}.kiro.dev/", f"https://q.{region}.amazonaws.com/"]


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        (KIRO, "https://runtime.eu-central-1.kiro.dev/"),
        (CODEWHISPERER, "https://codewhisperer.us-east-1.amazonaws.com/generateAssistantResponse"),
        (AMAZONQ, "https://q.eu-central-1.amazonaws.com/"),
    ],
)
def test_each_row_has_its_address(endpoint: Endpoint, url: str) -> None:
    assert sending(endpoint, identity()).url == url


@pytest.mark.parametrize(("endpoint", "path"), [(KIRO, "/"), (CODEWHISPERER, "/generateAssistantResponse")])
def test_a_base_url_takes_the_hosts_place(endpoint: Endpoint, path: str) -> None:
    for base in ("http://127.0.0.1:9", "http://127.0.0.1:9/"):
        assert sending(endpoint, identity(), base).url == f"http://127.0.0.1:9{path}"


@pytest.mark.parametrize(
    ("endpoint", "origin", "target"),
    [
        (KIRO, "KIRO_CLI", "AmazonCodeWhispererStreamingService.GenerateAssistantResponse"),
        (CODEWHISPERER, "AI_EDITOR", "AmazonCodeWhispererStreamingService.GenerateAssistantResponse"),
        (AMAZONQ, "CLI", "AmazonQDeveloperStreamingService.SendMessage"),
    ],
)
def test_origin_and_target_belong_together(endpoint: Endpoint, origin: str, target: str) -> None:
    seen = body(endpoint, identity())
    assert seen["conversationState"]["currentMessage"]["userInputMessage"]["origin"] == origin
    assert sending(endpoint, identity()).headers["X-Amz-Target"] == target


@pytest.mark.parametrize(
    ("kind", "endpoint", "carried"),
    [
        ("social", KIRO, True),
        ("builder_id", KIRO, True),
        ("social", AMAZONQ, True),
        ("idc", CODEWHISPERER, True),
        ("external_idp", AMAZONQ, True),
        ("builder_id", CODEWHISPERER, False),
        ("api_key", AMAZONQ, False),
    ],
)
def test_older_hosts_get_the_arn_of_some_logins_only(kind: LoginKind, endpoint: Endpoint, carried: bool) -> None:
    assert body(endpoint, identity(kind)).get("profileArn") == (ARN if carried else None)


def test_an_unknown_arn_is_absent_not_null() -> None:
    assert "profileArn" not in body(CODEWHISPERER, identity(arn=None))


def test_a_draft_is_not_changed_by_an_attempt() -> None:
    before = copy.deepcopy(DRAFT.body)
    sending(KIRO, identity())
    assert DRAFT.body == before


def test_the_ide_row_speaks_like_the_ide() -> None:
    headers = sending(CODEWHISPERER, identity()).headers
    assert headers["User-Agent"].startswith("aws-sdk-js/")
    assert headers["User-Agent"].endswith(MACHINE)
    assert headers["x-amz-user-agent"].endswith(MACHINE)
    assert headers["x-amzn-kiro-agent-mode"] == "vibe"


@pytest.mark.parametrize("endpoint", [KIRO, AMAZONQ])
def test_the_other_rows_speak_like_the_cli(endpoint: Endpoint) -> None:
    headers = sending(endpoint, identity()).headers
    assert headers["User-Agent"].startswith("aws-sdk-rust/")
    assert " m/F " in headers["x-amz-user-agent"]
    assert headers["Content-Type"] == "application/x-amz-json-1.0"


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda row: row.name)
def test_every_attempt_says_who_and_which(endpoint: Endpoint) -> None:
    headers = sending(endpoint, identity()).headers
    assert headers["Authorization"] == "Bearer token-1"
    assert headers["amz-sdk-invocation-id"] == "inv-1"
    assert headers["amz-sdk-request"] == "attempt=2; max=3"
    assert headers["Accept-Encoding"] == "identity"
    assert headers["x-amzn-codewhisperer-optout"] == "true"


@pytest.mark.parametrize(
    ("kind", "marks"),
    [
        ("external_idp", {"TokenType": "EXTERNAL_IDP"}),
        ("api_key", {"tokentype": "API_KEY"}),
        ("social", {}),
        ("idc", {}),
        ("builder_id", {}),
    ],
)
def test_some_logins_mark_their_token(kind: LoginKind, marks: dict[str, str]) -> None:
    headers = sending(AMAZONQ, identity(kind)).headers
    assert {name: value for name, value in headers.items() if name.lower() == "tokentype"} == marks


def test_a_token_type_that_was_learned_is_sent_and_changes_no_other_kinds() -> None:
    for kind, value in (("idc", "SSO_OIDC"), ("external_idp", "EXTERNAL_IDP")):
        headers = sending(KIRO, replace(identity(kind), token_type="SSO_OIDC")).headers
        assert headers["TokenType"] == value


@pytest.mark.parametrize("region", ["ap-southeast-1", "us-east-1\n", "x.evil.example/", "US-EAST-1"])
def test_a_region_without_kiro_hosts_is_refused(region: str) -> None:
    with pytest.raises(GatewayError):
        checked_region(region)
    with pytest.raises(GatewayError):
        sending(AMAZONQ, identity(region=region))


def test_no_token_shows_in_a_representation() -> None:
    assert "token-1" not in f"{identity()!r} {sending(KIRO, identity())!r}"
