"""A gateway that is told to stop: answers end, late ones with an error in the client's protocol, none with a cut."""

import json
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anthropic
import openai
import pytest

from tests.e2e.conftest import Rig
from tests.processes import CEILING, KEY, Process, gateway_environment, running

HELLO = [{"role": "user", "content": "Say hello."}]
TEXT = {"event": "assistantResponseEvent", "payload": {"content": "first"}}
END = {"event": "contextUsageEvent", "payload": {"contextUsagePercentage": 1.5}}
GATED = {"frames": [TEXT, {**TEXT, "gate": "next"}, END]}
ENDLESS = {"frames": [TEXT], "stall": True}
SILENT = {"stall": "headers"}


@contextmanager
def stopping(rig: Rig, home: Path, drain: str = "60", **more: str) -> Iterator[Process]:
    """A gateway of the test's own, which may be stopped."""
    given = {"KIRO_GATEWAY_SERVER_DRAIN_TIMEOUT": drain, **more}
    environment = gateway_environment(home, rig.simulator.url, rig.authority, **given)
    with running("serve", "--port", "0", environment=environment, log=home / "log") as process:
        yield process


def claude(process: Process) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=process.url, api_key=KEY, max_retries=0)


def begin(process: Process, path: str, **body: Any) -> socket.socket:
    """A request on a raw socket: what it reads to its end is all that the client ever got."""
    payload = json.dumps({"model": "claude-sonnet-4.5", "max_tokens": 99, "messages": HELLO, **body}).encode()
    place = urlsplit(process.url)
    peer = socket.create_connection((place.hostname, place.port), timeout=CEILING)
    head = f"POST {path} HTTP/1.1\r\nHost: {place.netloc}\r\nx-api-key: {KEY}\r\nContent-Type: application/json\r\n"
    peer.sendall(f"{head}Content-Length: {len(payload)}\r\n\r\n".encode() + payload)
    return peer


def read_until(peer: socket.socket, words: bytes) -> bytes:
    seen = b""
    while words not in seen:
        piece = peer.recv(65536)
        assert piece, f"closed before {words!r}: {seen!r}"
        seen += piece
    return seen


def read_all(peer: socket.socket) -> bytes:
    """Everything up to a proper end; a reset would raise."""
    seen = b""
    while piece := peer.recv(65536):
        seen += piece
    peer.close()
    return seen


def refused(process: Process) -> bool:
    place = urlsplit(process.url)
    try:
        socket.create_connection((place.hostname, place.port), timeout=CEILING).close()
    except (ConnectionRefusedError, ConnectionResetError):  # reset: it waited to be accepted when the socket closed
        return True
    return False


def test_a_stream_finishes_while_nobody_new_is_let_in(rig: Rig, tmp_path: Path) -> None:
    rig.simulator.push(GATED)
    with stopping(rig, tmp_path) as process, claude(process) as client:
        options = {"model": "claude-sonnet-4.5", "max_tokens": 99, "messages": HELLO}
        with client.messages.stream(**options) as stream:
            pieces = iter(stream.text_stream)
            assert next(pieces) == "first"
            process.popen.send_signal(signal.SIGTERM)
            while not refused(process):
                pass
            rig.simulator.open("next")
            assert "".join(pieces) == "first"
            assert stream.get_final_message().stop_reason == "end_turn"
        assert process.popen.wait(CEILING) == 0


def test_requests_sent_before_the_signal_are_answered_though_nobody_had_looked_at_them(
    rig: Rig, tmp_path: Path
) -> None:
    with stopping(rig, tmp_path) as process:
        process.popen.send_signal(signal.SIGSTOP)  # a busy loop, as seen from outside
        peers = [begin(process, "/v1/messages", stream=number % 2 == 0) for number in range(20)]
        process.popen.send_signal(signal.SIGTERM)
        process.popen.send_signal(signal.SIGCONT)
        answers = [read_all(peer) for peer in peers]
        assert process.popen.wait(CEILING) == 0
    assert all(b"end_turn" in answer for answer in answers)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_begins_to_be_answered_now_says_that_its_connection_ends(
    rig: Rig, tmp_path: Path, number: signal.Signals, stream: bool
) -> None:
    rig.simulator.push({"frames": [{**TEXT, "gate": "first"}, END]})
    with stopping(rig, tmp_path) as process:
        peer = begin(process, "/v1/messages", stream=stream)
        rig.simulator.wait("generate")
        process.popen.send_signal(number)
        while not refused(process):
            pass
        rig.simulator.open("first")
        head, _, body = read_all(peer).partition(b"\r\n\r\n")
        assert process.popen.wait(CEILING) == 0
    assert b"\r\nconnection: close" in head.lower() and b"keep-alive" not in head and b"end_turn" in body


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/chat/completions"])
def test_what_does_not_finish_in_time_ends_with_an_error_event(rig: Rig, tmp_path: Path, path: str) -> None:
    rig.simulator.push(ENDLESS)
    with stopping(rig, tmp_path, drain="0") as process:
        peer = begin(process, path, stream=True)
        seen = read_until(peer, b"first")
        process.popen.send_signal(signal.SIGTERM)
        seen += read_all(peer)
        assert process.popen.wait(CEILING) == 0
    assert b"being stopped" in seen and seen.endswith(b"0\r\n\r\n")
    assert b"message_stop" not in seen and b"[DONE]" not in seen and b'"finish_reason":"' not in seen
    rig.simulator.wait("client_left")


@pytest.mark.parametrize(("path", "status"), [("/v1/messages", b"529"), ("/v1/chat/completions", b"503")])
@pytest.mark.parametrize("answer", [SILENT, ENDLESS])
def test_a_whole_answer_that_does_not_finish_is_a_status(
    rig: Rig, tmp_path: Path, path: str, status: bytes, answer: dict[str, Any]
) -> None:
    rig.simulator.push(answer)
    with stopping(rig, tmp_path, drain="0") as process:
        peer = begin(process, path)
        rig.simulator.wait("generate")
        process.popen.send_signal(signal.SIGTERM)
        head = read_all(peer).lower()
        assert process.popen.wait(CEILING) == 0
    assert head.startswith(b"http/1.1 " + status)
    assert b"\r\nretry-after: 2\r\n" in head and b"being stopped" in head


def test_a_second_signal_hurries(rig: Rig, tmp_path: Path) -> None:
    rig.simulator.push(ENDLESS)
    with stopping(rig, tmp_path, drain="3600") as process, claude(process) as client:
        options = {"model": "claude-sonnet-4.5", "max_tokens": 99, "messages": HELLO}
        with (
            pytest.raises(anthropic.APIStatusError, match="being stopped"),
            client.messages.stream(**options) as stream,
        ):
            for _ in stream.text_stream:
                process.popen.send_signal(signal.SIGTERM)
                while not refused(process):
                    pass
                process.popen.send_signal(signal.SIGTERM)
        assert process.popen.wait(CEILING) == 0


def test_an_idle_connection_does_not_hold_up_the_end(rig: Rig, tmp_path: Path) -> None:
    with (
        stopping(rig, tmp_path, drain="3600") as process,
        openai.OpenAI(base_url=f"{process.url}/v1", api_key=KEY) as gpt,
    ):
        gpt.models.list()  # its connection stays open
        assert process.stop() == 0


def test_an_idle_connection_is_closed_while_others_are_answered(rig: Rig, tmp_path: Path) -> None:
    rig.simulator.push(ENDLESS)
    with stopping(rig, tmp_path, drain="3600") as process:
        busy, idle = begin(process, "/v1/messages", stream=True), begin(process, "/nowhere")
        read_until(busy, b"first")
        read_until(idle, b"no such path")
        process.popen.send_signal(signal.SIGTERM)
        assert read_all(idle) == b""
        process.popen.send_signal(signal.SIGTERM)
        assert b"being stopped" in read_all(busy)
        assert process.popen.wait(CEILING) == 0


def test_a_client_that_takes_nothing_is_dropped_in_the_end(rig: Rig, tmp_path: Path) -> None:
    big = {"event": "assistantResponseEvent", "payload": {"content": "word " * 2_000_000}}
    rig.simulator.push({"frames": [big], "stall": True})
    with stopping(rig, tmp_path, drain="0") as process:
        peer = begin(process, "/v1/messages", stream=True, max_tokens=64_000)
        assert peer.recv(1) == b"H"  # the answer waits behind it
        process.popen.send_signal(signal.SIGTERM)
        assert process.popen.wait(CEILING) == 0
        peer.close()


def test_many_streams_all_end_by_themselves_or_with_an_error(rig: Rig, tmp_path: Path) -> None:
    rig.simulator.push(*([GATED] * 10), *([ENDLESS] * 10))
    no_queue = {"KIRO_GATEWAY_POOL_MAX_CONCURRENT_PER_ACCOUNT": "0"}  # all twenty are to be under way at Kiro
    with stopping(rig, tmp_path, drain="3600", **no_queue) as process:
        peers = []
        for number in range(20):
            peers.append(begin(process, "/v1/messages", stream=True))
            rig.simulator.wait("generate", number + 1)
        seen = [read_until(peer, b"first") for peer in peers]
        process.popen.send_signal(signal.SIGTERM)
        while not refused(process):
            pass
        for _ in range(10):
            rig.simulator.open("next")
        ended = [seen[number] + read_all(peers[number]) for number in range(10)]
        process.popen.send_signal(signal.SIGTERM)
        broken = [seen[number] + read_all(peers[number]) for number in range(10, 20)]
        assert process.popen.wait(CEILING) == 0
    assert all(b"message_stop" in one and b"event: error" not in one for one in ended)
    assert all(b"event: error" in one and b"message_stop" not in one for one in broken)


@pytest.mark.parametrize("hurried", [False, True])
def test_queued_requests_are_served_within_the_drain_time_and_else_may_be_sent_again(
    rig: Rig, tmp_path: Path, hurried: bool
) -> None:
    rig.simulator.push(*([ENDLESS if hurried else GATED] * 4))
    with stopping(rig, tmp_path, drain="3600") as process:
        peers = []
        for number in range(4):
            peers.append(begin(process, "/v1/messages", stream=True))
            rig.simulator.wait("generate", number + 1)
        queued = [begin(process, "/v1/messages", stream=stream) for stream in (True, False)]
        process.popen.send_signal(signal.SIGTERM)
        while not refused(process):
            pass
        if hurried:
            process.popen.send_signal(signal.SIGTERM)
        for _ in range(0 if hurried else 4):
            rig.simulator.open("next")
        answers = [read_all(peer) for peer in queued]
        for peer in peers:
            read_all(peer)
        assert process.popen.wait(CEILING) == 0
    if hurried:
        assert all(answer.startswith(b"HTTP/1.1 5") and b"x-should-retry: true" in answer for answer in answers)
    else:
        assert all(b"end_turn" in answer for answer in answers)
