"""Debug capture of a real process: what each request that failed leaves behind, and what none may leave."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.processes import CEILING, KEY, Simulator, gateway_environment, running

HELLO = {"model": "claude-sonnet-4.5", "max_tokens": 50, "messages": [{"role": "user", "content": "Say hello."}]}
BUSY = {"status": 500, "body": {"message": "Bearer aoaUPSTREAMSECRET is busy"}, "times": 9}
TOKEN = "aorSECRETSECRETSECRET0123"

CASES: dict[str, tuple[bytes, int]] = {
    "json": (b'{"messages": [', 400),
    "schema": (json.dumps({**HELLO, "messages": 7}).encode(), 400),
    "meaning": (json.dumps({**HELLO, "thread": {"id": "t"}}).encode(), 400),
    "translation": (json.dumps({**HELLO, "system": "x" * 50_000}).encode(), 413),
    "upstream": (json.dumps({**HELLO, "system": f"my key is {TOKEN}"}).encode(), 502),
}


def ask(url: str, body: bytes, key: str = KEY) -> tuple[int, str]:
    """Status and request id."""
    headers = {"x-api-key": key, "content-type": "application/json"}
    try:
        with urlopen(Request(f"{url}/v1/messages", body, headers), timeout=CEILING) as answer:
            return answer.status, answer.headers["request-id"]
    except HTTPError as error:
        with error:
            return error.code, error.headers["request-id"]


@pytest.fixture(scope="module")
def captured(
    simulator: Simulator, authority: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Path]]:
    """The folder of each case; the process has ended, so all is written."""
    simulator.reset()
    home = tmp_path_factory.mktemp("captured")
    more = {"DEBUG_MODE": "errors", "DEBUG_DIR": str(home / "debug"), "KIRO_MAX_PAYLOAD_BYTES": "40000"}
    environment = gateway_environment(home, simulator.url, authority, **more)
    found: dict[str, Path] = {}
    with running("serve", "--port", "0", environment=environment, log=home / "log") as process:
        assert ask(process.url, CASES["json"][0], "a-wrong-key")[0] == 401
        assert ask(process.url, json.dumps(HELLO).encode())[0] == 200
        simulator.push(BUSY)
        for name, (body, status) in CASES.items():
            answered, request_id = ask(process.url, body)
            assert answered == status, name
            found[name] = home / "debug" / request_id
        process.stop()
    folders = {path.name.partition("_")[2]: path for path in (home / "debug").iterdir()}
    assert set(folders) == {path.name for path in found.values()}, "one a failed request, none for any other"
    yield {name: folders[path.name] for name, path in found.items()}
    simulator.reset()


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "app_logs.txt").read_text().splitlines()]


def test_a_request_that_failed_upstream_leaves_six_files(captured: dict[str, Path]) -> None:
    names = {path.name for path in captured["upstream"].iterdir()}
    assert names == {
        "request_body.json",
        "kiro_request_body.json",
        "response_stream_raw.txt",
        "response_stream_modified.txt",
        "app_logs.txt",
        "error_info.json",
    }


@pytest.mark.parametrize("case", ["json", "schema", "meaning", "translation"])
def test_one_that_failed_before_leaves_what_there_was(captured: dict[str, Path], case: str) -> None:
    folder = captured[case]
    names = {path.name for path in folder.iterdir()}
    assert names == {"request_body.json", "response_stream_modified.txt", "app_logs.txt", "error_info.json"}
    assert json.loads((folder / "error_info.json").read_text())["kind"] in {"invalid_request", "too_large"}
    assert json.loads((folder / "response_stream_modified.txt").read_text())["type"] == "error"


def test_the_body_for_kiro_is_the_real_one_of_the_last_attempt(captured: dict[str, Path], simulator: Simulator) -> None:
    body = json.loads((captured["upstream"] / "kiro_request_body.json").read_text())
    received = simulator.requests()[-1]["body"]
    assert body["conversationState"]["conversationId"] == received["conversationState"]["conversationId"]
    assert body["conversationState"].get("origin") == received["conversationState"].get("origin")


def test_its_lines_of_the_log_are_there_the_last_one_too(captured: dict[str, Path]) -> None:
    for folder in captured.values():
        told = lines(folder)
        assert {line["request_id"] for line in told} == {folder.name.partition("_")[2]}
        assert told[-1]["event"] == "request" and told[-1]["status"] >= 400
    attempts = [line for line in lines(captured["upstream"]) if line["event"] == "attempt_failed"]
    assert len(attempts) == lines(captured["upstream"])[-1]["attempts"]


def test_no_secret_stands_in_any_file(captured: dict[str, Path]) -> None:
    for path in (path for folder in captured.values() for path in folder.iterdir()):
        text = path.read_text()
        assert not [secret for secret in (TOKEN[:8], "aoaUPSTREAM", KEY, "simulator-access") if secret in text], path
