"""What is taken for a body: UTF-8 JSON, an object, not too deep, not too large."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.jsontext import MAX_DEPTH
from gateway.simulator.server import Simulator
from tests.live import HELLO, Live, gateway
from tests.web.raw import tell

BODY = json.dumps(HELLO).encode()
DEEP = json.dumps(HELLO)[:-1].encode() + b', "x": ' + b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1) + b"}"


@pytest.fixture
async def live(simulator: Simulator, tmp_path: Path) -> AsyncIterator[Live]:
    async with gateway(simulator, tmp_path, server__max_body_bytes=100_000) as running:
        yield running


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content_type": "application/json"},
        {"content_type": "application/json; charset=utf-8"},
        {"content_type": 'application/json; charset="UTF8"'},
        {"content_type": "application/json", "content_encoding": "identity"},
    ],
)
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens", "/v1/chat/completions"])
async def test_json_in_utf8_is_taken(live: Live, path: str, headers: dict[str, str]) -> None:
    assert (await tell(live, "POST", path, BODY, **headers)).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"content_type": "text/plain"},
        {"content_type": "application/x-www-form-urlencoded"},
        {"content_type": "multipart/form-data; boundary=x"},
        {"content_type": "application/json; charset=latin-1"},
        {"content_type": "application/json", "content_encoding": "gzip"},
        {"content_type": "application/json", "content_encoding": "br"},
        {"content_type": "application/json", "content_encoding": "deflate"},
    ],
)
async def test_any_other_kind_is_415(live: Live, headers: dict[str, str]) -> None:
    answer = await tell(live, "POST", "/v1/messages", BODY, **headers)
    assert (answer.status, answer.json()["error"]["type"]) == (415, "invalid_request_error")
    assert live.simulator.requests("generate") == []


BAD: dict[str, tuple[bytes, str]] = {
    "cut": (BODY[:-5], "not valid JSON"),
    "UTF-16": (BODY.decode().encode("utf-16"), "not valid JSON"),
    "bytes that are no text": (BODY.replace(b"Say", b"\xff\xfe"), "not valid JSON"),
    "a byte order mark": (b"\xef\xbb\xbf" + BODY, "not valid JSON"),
    "two values": (BODY + BODY, "not valid JSON"),
    "a list": (b"[]", "must be a JSON object"),
    "a text": (b'"hello"', "must be a JSON object"),
    "null": (b"null", "must be a JSON object"),
    "depth": (DEEP, "nested deeper"),
    "not a number": (b'{"a": NaN}', "not valid JSON"),
}


@pytest.mark.parametrize(("body", "words"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens", "/v1/chat/completions", "/v1/responses"])
async def test_a_body_that_is_no_object_is_a_400_that_says_why(live: Live, path: str, body: bytes, words: str) -> None:
    answer = await tell(live, "POST", path, body, content_type="application/json")
    assert answer.status == 400
    assert words in answer.json()["error"]["message"]


async def test_no_body_at_all_is_a_400(live: Live) -> None:
    answer = await tell(live, "POST", "/v1/messages", content_length=0)
    assert (answer.status, answer.json()["type"]) == (400, "error")


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_over_the_limit_is_413(live: Live, chunked: bool) -> None:
    body = json.dumps({**HELLO, "system": "x" * 200_000}).encode()
    if chunked:
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    framing: dict[str, Any] = {"transfer_encoding": "chunked"} if chunked else {}
    answer = await tell(live, "POST", "/v1/messages", body, measured=not chunked, **framing)
    assert (answer.status, answer.json()["error"]["type"]) == (413, "request_too_large")


async def test_a_wrong_field_is_told_by_its_path(live: Live) -> None:
    wrong = json.dumps({**HELLO, "messages": [{"role": "user", "content": 7}]}).encode()
    answer = await tell(live, "POST", "/v1/messages", wrong)
    assert answer.status == 400 and "messages.0.content" in answer.json()["error"]["message"]


LARGE = {
    "4 MB of code in one text": lambda: {
        "messages": [{"role": "user", "content": 'if (a[0], {b}) {\n\t"x";\n}\n' * 130_000}]
    },
    "a tool result of 2 MB of CSV": lambda: {
        "tools": [{"name": "read", "input_schema": {"type": "object", "properties": {}}}],
        "messages": [
            {"role": "user", "content": "Read it."},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "read", "input": {}}]},
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "1,2,3,name\n" * 190_000}],
            },
        ],
    },
    "6,001 messages": lambda: {
        "messages": [{"role": ("user", "assistant")[n % 2], "content": f"message {n}"} for n in range(6001)]
    },
}


@pytest.mark.parametrize("name", LARGE)
async def test_a_large_honest_body_is_sent_whole(simulator: Simulator, tmp_path: Path, name: str) -> None:
    body = {**HELLO, **LARGE[name]()}
    async with gateway(simulator, tmp_path) as live:
        await tell(live, "POST", "/v1/messages", json.dumps(body).encode())  # more than the simulator's models read
    last = body["messages"][-1]["content"]
    wanted = last if isinstance(last, str) else last[0]["content"]
    assert wanted in texts_of(live.sent()["conversationState"])


def texts_of(value: Any) -> list[str]:
    """Every text in a document."""
    if isinstance(value, str):
        return [value]
    return (
        [text for item in (value.values() if isinstance(value, dict) else value) for text in texts_of(item)]
        if isinstance(value, dict | list)
        else []
    )


@pytest.mark.parametrize(("values", "status"), [(150_000, 200), (200_001, 400)])
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens", "/v1/chat/completions", "/v1/responses"])
async def test_a_body_has_at_most_200000_values(
    simulator: Simulator, tmp_path: Path, path: str, values: int, status: int
) -> None:
    ask = {"model": HELLO["model"], "input": "hi"} if path == "/v1/responses" else HELLO
    async with gateway(simulator, tmp_path) as live:
        answer = await tell(live, "POST", path, json.dumps({**ask, "x": [1] * values}).encode())
    assert answer.status == status
    assert (status == 200) or "200,000 values" in answer.json()["error"]["message"]


@pytest.mark.parametrize("size", [100, 60_000, 400_000, 2_000_000])
async def test_half_surrogate_pairs_are_replaced_in_bodies_of_any_size(
    simulator: Simulator, tmp_path: Path, size: int
) -> None:
    text = rb"\ud800x\udfff" * (size // 13)
    body = json.dumps({**HELLO, "messages": [{"role": "user", "content": "TEXT"}]}).encode().replace(b"TEXT", text)
    async with gateway(simulator, tmp_path) as live:
        await tell(live, "POST", "/v1/messages", body)
    assert "\ufffdx\ufffd" * (size // 13) in texts_of(live.sent()["conversationState"])


@pytest.mark.parametrize("size", [100_000, 1_000_000])
async def test_large_bodies_are_refused_for_the_same_reasons(simulator: Simulator, tmp_path: Path, size: int) -> None:
    padding = json.dumps({**HELLO, "system": "x" * size})[:-1].encode()
    bad = {
        b', "x": ' + b"[" * 99 + b"1" + b"]" * 99 + b"}": "nested deeper than 64 levels",
        b', "x": ' + b"[" * size: "deep",
        b', "x": tru}': "not valid JSON",
        b', "x": "\xff"}': "not valid JSON",
        b"": "not valid JSON",
        b"}}": "not valid JSON",
    }
    async with gateway(simulator, tmp_path) as live:
        for ending, words in bad.items():
            answer = await tell(live, "POST", "/v1/messages", padding + ending)
            assert answer.status == 400 and words in answer.json()["error"]["message"]
        answer = await tell(live, "POST", "/v1/messages", b"[" + padding + b"}]")
        assert answer.status == 400 and "must be a JSON object" in answer.json()["error"]["message"]
