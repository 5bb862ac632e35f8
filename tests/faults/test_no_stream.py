"""R27, R28: a 200 that is no answer is an error; an error's body is read within 64 KiB and 5 s, whatever it is."""

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from gateway.simulator.server import Simulator
from tests.faults.forms import Form
from tests.faults.kiro import END, Received, encoded, gateway_to, left, raw_kiro
from tests.live import Live

TYPED = {"_type": "com.amazon.aws.codewhisperer#ValidationException", "message": "No."}
CORAL = {"Output": {"__type": "com.amazon.coral.service#UnknownOperationException"}, "Version": "1.0"}
NO_ANSWERS: dict[str, dict[str, Any]] = {
    "JSON": {"body": {"message": "No."}, "headers": {"Content-Type": "application/json"}},
    "a JSON error": {"body": TYPED, "headers": {"Content-Type": "application/x-amz-json-1.0"}},
    "Coral's error": {"body": CORAL, "headers": {"Content-Type": "application/json"}},
    "HTML": {"body": "<html><title>Sign in</title></html>"},
    "plain text": {"body": "hello", "headers": {"Content-Type": "text/plain"}},
    "JSON that says it is a stream": {"body": TYPED, "headers": {"Content-Type": "application/vnd.amazon.eventstream"}},
    "HTML that says it is bytes": {"body": "<html></html>", "headers": {"Content-Type": "application/octet-stream"}},
    "nothing": {"body": "", "headers": {"Content-Type": "application/vnd.amazon.eventstream"}},
    "nothing, without a type": {"status": 200},
    "a stream without frames": {"frames": []},
    "only an opening": {"frames": [{"event": "initial-response", "payload": {"conversationId": ""}}]},
    "only figures": {"frames": END},
    "only an unknown event": {"frames": [{"event": "novelEvent", "payload": {}}]},
}


@pytest.mark.parametrize("answer", NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
async def test_r27_a_200_that_is_no_answer_is_an_error(
    live: Live, simulator: Simulator, form: Form, answer: dict[str, Any]
) -> None:
    simulator.push(answer)
    outcome = await form.ask(live)
    begun = "frames" in answer and form.stream  # a frame came, so the answer had begun: an error event
    assert outcome.status in ((200, 502) if begun else (400, 502))
    assert outcome.message and "<" not in outcome.message
    assert outcome.headers.get("x-should-retry", "false") == "false"
    assert len(simulator.requests("generate")) == 1


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        ("JSON", 502, "not with an event stream. Check the region, the base URL and the proxy. Kiro says: No."),
        ("a JSON error", 400, "Kiro says: No."),
        ("Coral's error", 502, "does not know this call"),
        ("HTML", 502, "not with an event stream"),
        ("plain text", 502, "Kiro says: hello"),
    ],
)
async def test_r27_a_200_that_says_what_it_is_is_told_as_that(
    live: Live, simulator: Simulator, form: Form, answer: str, status: int, words: str
) -> None:
    simulator.push(NO_ANSWERS[answer])
    outcome = await form.ask(live)
    assert outcome.status == status and words in outcome.message


async def test_r27_a_stream_of_another_type_is_still_the_answer(live: Live, simulator: Simulator, form: Form) -> None:
    body = encoded({"event": "assistantResponseEvent", "payload": {"content": "Hello"}}, *END)
    simulator.push({"hex": body.hex(), "headers": {"content-type": "application/octet-stream"}})
    assert (await form.ask(live)).text == "Hello"


async def test_r27_a_204_and_a_redirect_are_no_answers(live: Live, simulator: Simulator, form: Form) -> None:
    for answer in ({"status": 204}, {"status": 307, "body": "x", "headers": {"Location": "http://127.0.0.1:1/"}}):
        simulator.push(answer)
        assert (await form.ask(live)).status == 502


FLOOD = b'{"message": "' + b"x" * 300_000_000 + b'"}'
"""300 MB, of which a good reader takes 64 KiB."""


def refusal(status: int, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status} Refused", *headers, "", ""]).encode()


async def refused(form: Form, tmp_path: Path, pieces: Any, *, stay: bool = False) -> tuple[Any, int]:
    """The outcome of an error answer made of these pieces, and how many bytes of it could be sent."""
    sent = 0

    async def talk(_received: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            sent += len(piece)
        if stay:
            await left(reader)
        writer.close()

    async with raw_kiro(talk) as kiro, gateway_to(kiro.url, tmp_path) as live:
        outcome = await form.ask(live)
        await kiro.until(lambda: kiro.open <= kiro.connections - len(kiro.requests))
    return outcome, sent


async def test_r28_a_huge_body_is_not_read_to_its_end(form: Form, tmp_path: Path) -> None:
    head = refusal(400, "Content-Type: application/json", f"Content-Length: {len(FLOOD)}")
    pieces = (head, *(FLOOD[at : at + 65_536] for at in range(0, len(FLOOD), 65_536)))
    outcome, sent = await refused(form, tmp_path, pieces)
    assert outcome.status == 400 and len(outcome.message) < 2000
    assert sent < 20_000_000, "what the kernel's buffers hold, and no more"


async def test_r28_a_body_that_does_not_come_is_given_up(tmp_path: Path) -> None:
    head = refusal(400, "Content-Type: application/json", "Content-Length: 99", "") + b'{"mess'
    forms = [Form(api, stream=stream) for api in ("anthropic", "openai") for stream in (True, False)]
    folders = [tmp_path / str(number) for number in range(4)]
    for folder in folders:
        folder.mkdir()
    async with asyncio.timeout(20):
        found = await asyncio.gather(
            *(refused(form, folder, [head], stay=True) for form, folder in zip(forms, folders, strict=True))
        )
    assert [outcome.status for outcome, _ in found] == [400] * 4


async def test_r28_a_gzip_bomb_stays_compressed(form: Form, tmp_path: Path) -> None:
    bomb = gzip.compress(b'{"message": "' + b"x" * 30_000_000 + b'"}')
    head = refusal(500, "Content-Encoding: gzip", "Content-Type: application/json", f"Content-Length: {len(bomb)}")
    outcome, _ = await refused(form, tmp_path, [head, bomb])
    assert outcome.status == 502 and "xxx" not in outcome.message


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe\x00\x01" * 500, "Zu groß".encode("latin-1"), '{"message": "übel"}'.encode("utf-16"), b"\x00" * 99],
    ids=["binary", "Latin-1", "UTF-16", "zeros"],
)
async def test_r28_a_body_that_is_no_utf8_shows_nothing_broken(form: Form, tmp_path: Path, body: bytes) -> None:
    head = refusal(400, "Content-Type: application/json", f"Content-Length: {len(body)}")
    outcome, _ = await refused(form, tmp_path, [head, body])
    assert outcome.status == 400 and outcome.message.isprintable()


async def test_r28_html_of_a_proxy_is_told_without_its_markup(form: Form, tmp_path: Path) -> None:
    body = b"<html><head><title>502 Bad Gateway</title></head><body>" + b"<p>nginx</p>" * 9000
    head = refusal(502, "Content-Type: text/html", f"Content-Length: {len(body)}")
    outcome, _ = await refused(form, tmp_path, [head, body])
    assert (outcome.status, outcome.headers["x-should-retry"]) == (502, "false")
    assert "<" not in outcome.message and "nginx" not in outcome.message


async def test_r28_a_secret_that_the_refusal_echoes_is_not_shown(live: Live, simulator: Simulator, form: Form) -> None:
    simulator.push({"status": 400, "body": json.dumps({"message": "Bad bearer aoaAAAAAGsecretsecret for eyJhbGciOi"})})
    message = (await form.ask(live)).message
    assert "secretsecret" not in message and "eyJhbGciOi" not in message
