"""Kiro's web search on the wire."""

from dataclasses import replace
from typing import Any

import pytest

from gateway import jsontext
from gateway.errors import Kind, UpstreamError
from gateway.kiro.endpoints import Identity
from gateway.kiro.web_search import LONGEST_SNIPPET, MOST_HITS, read, requests
from gateway.search.values import Hit

ARN = "arn:aws:codewhisperer:us-east-1:123456789012:profile/P"
SOCIAL = Identity("token", ARN, "social", "eu-central-1", "0" * 64)


def answered(*results: Any, **more: Any) -> bytes:
    text = jsontext.encode({"results": list(results), "totalResults": 1, "query": "q", "error": None, **more}).decode()
    return wrapped({"content": [{"type": "text", "text": text}], "isError": False})


def wrapped(result: Any, error: Any = None) -> bytes:
    return jsontext.encode({"error": error, "id": "i", "jsonrpc": "2.0", "result": result})


def test_the_request_is_the_one_that_was_seen() -> None:
    first, second = requests(SOCIAL, "aws event stream", call_id="id", invocation_id="uuid")
    assert (first.url, second.url) == (
        "https://runtime.eu-central-1.kiro.dev/mcp",
        "https://q.eu-central-1.amazonaws.com/mcp",
    )
    params = {"name": "web_search", "arguments": {"query": "aws event stream"}}
    assert jsontext.decode(first.body or b"") == {
        "id": "id",
        "jsonrpc": "2.0",
        "method": "tools/call",
        "params": params,
    }
    assert first.headers["Content-Type"] == "application/json"
    assert first.headers["x-amzn-kiro-profile-arn"] == second.headers["x-amzn-kiro-profile-arn"] == ARN
    assert "KiroIDE" in first.headers["User-Agent"] and "x-amzn-kiro-agent-mode" not in first.headers


def test_without_an_arn_the_older_host_alone_is_asked() -> None:
    nobody = replace(SOCIAL, kind="builder_id", profile_arn=None)
    [only] = requests(nobody, "q", call_id="id", invocation_id="uuid", base_url="http://127.0.0.1:1/")
    assert (only.url, "x-amzn-kiro-profile-arn" in only.headers) == ("http://127.0.0.1:1/mcp", False)


def test_an_api_key_searches_on_both_hosts_and_names_no_profile() -> None:
    key = replace(SOCIAL, kind="api_key", profile_arn=None)
    asked = requests(key, "q", call_id="id", invocation_id="uuid")
    assert [one.url.split("/")[2].split(".")[0] for one in asked] == ["runtime", "q"]
    assert [one.headers["tokentype"] for one in asked] == ["API_KEY"] * 2
    assert not any("x-amzn-kiro-profile-arn" in one.headers for one in asked)


def test_what_was_found() -> None:
    body = answered({"title": "T", "url": "https://example.org", "snippet": "s", "publishedDate": 1772323200000})
    assert read(200, {}, body) == (Hit("https://example.org", "T", "s", "March 1, 2026"),)


@pytest.mark.parametrize("day", [None, "soon", True, 10**30])
def test_a_day_that_is_none_is_left_out(day: Any) -> None:
    [hit] = read(200, {}, answered({"url": "u", "publishedDate": day}))
    assert (hit.title, hit.snippet, hit.published) == ("", "", None)


def test_much_is_bounded_and_what_has_no_address_left_out() -> None:
    [hit] = read(200, {}, answered({"title": "no address"}, 5, {"url": "u", "snippet": "x" * 9999}))
    assert len(hit.snippet) == LONGEST_SNIPPET
    assert len(read(200, {}, answered(*[{"url": "u"}] * 99))) == MOST_HITS


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        wrapped(None),
        wrapped(None, {"code": -32602, "message": "no"}),
        wrapped({"content": [], "isError": True}),
        wrapped({"content": []}),
        wrapped({"content": [{"type": "text", "text": "no JSON"}]}),
        answered(error="quota"),
        wrapped({"content": [{"type": "text", "text": '{"results": 5}'}]}),
    ],
)
def test_an_answer_of_another_form_is_a_fault(body: bytes) -> None:
    with pytest.raises(UpstreamError) as raised:
        read(200, {}, body)
    assert raised.value.kind is Kind.UPSTREAM


def test_a_refusal_is_the_fault_it_is_everywhere() -> None:
    with pytest.raises(UpstreamError) as raised:
        read(429, {}, b'{"message":"slow down"}')
    assert raised.value.kind is Kind.RATE_LIMIT
