"""``kiro-gateway lint``: the rules, offline, on a body that was captured."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from gateway.commands import lint
from gateway.kiro.rules import RULES
from gateway.web.capture import Captures, FolderCapture
from tests.commands.starting import command
from tests.kiro.breaches import BREACHES, breach, talk

NUMBER = {rule.name: rule.number for rule in RULES}


def linted(path: Path, window: int | None = 330_000) -> int:
    return lint.run(argparse.Namespace(file=str(path), window=window))


def written(folder: Path, body: Any) -> Path:
    path = folder / "body.json"
    path.write_bytes(body if isinstance(body, bytes) else json.dumps(body).encode())
    return path


@pytest.mark.parametrize(("name", "place", "change"), BREACHES)
def test_each_rule_is_found_in_a_file_alone_and_at_its_place(
    name: str, place: str, change: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert linted(written(tmp_path, breach(change))) == 1
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("rule ")]
    at = f" at {place}" if place else ""
    assert len(told) == 1 and told[0].startswith(f"rule {NUMBER[name]} ({name}){at}: ")


def test_a_sound_body_breaks_no_rule(tmp_path: Path) -> None:
    path = written(tmp_path, talk())
    done = command(tmp_path, "lint", str(path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "No known rule is broken" in done.stdout


def test_two_broken_rules_are_two_lines(tmp_path: Path) -> None:
    path = written(tmp_path, breach({"profileArn": None, "conversationState.chatTriggerType": "AUTO"}))
    done = command(tmp_path, "lint", str(path))
    assert done.returncode == 1
    assert [line.split(" (")[0] for line in done.stdout.splitlines()] == ["rule 1", "rule 34"]


async def test_a_captures_folder_is_read_as_it_was_written(tmp_path: Path) -> None:
    captures = Captures("all", tmp_path)
    capture = captures.begin("req_1")
    assert isinstance(capture, FolderCapture)
    capture.kiro_body(json.dumps(breach({"conversationState.chatTriggerType": "AUTO"})).encode())
    captures.end(capture, None)
    await captures.close()
    (folder,) = tmp_path.iterdir()  # noqa: ASYNC240 - a test waits for nobody else
    assert linted(folder) == 1 and linted(folder / lint.CAPTURED) == 1


def test_the_window_is_the_models_own_unless_it_is_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = "conversationState.currentMessage.userInputMessage.content"
    history = "conversationState.history[0].userInputMessage.content"
    path = written(tmp_path, breach({content: "a" * 400_000, history: "b" * 400_000}))  # about 229,000 tokens
    told = {}
    for window in (None, 300_000):
        linted(path, window)
        told[window] = capsys.readouterr().out
    assert "rule 31 (payload-tokens)" in told[None] and "window of 200000" in told[None]
    assert "payload-tokens" not in told[300_000]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "is not JSON"),
        (b"[]", "holds no JSON object"),
        (b'{"messages": []}', "is a client's request"),
        (b'{"model": "m", "input": "hi"}', "is a client's request"),
        (b'{"status": 400}', "holds no conversationState"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_body_is_told(content: bytes | None, words: str, tmp_path: Path) -> None:
    path = written(tmp_path, content) if content is not None else tmp_path / "missing"
    done = command(tmp_path, "lint", str(path))
    assert done.returncode == 1
    assert words in done.stderr and "Traceback" not in done.stderr


def test_a_folder_without_a_capture_names_the_file_that_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert linted(tmp_path) == 1
    assert f"{tmp_path / lint.CAPTURED} cannot be read" in capsys.readouterr().err


def test_the_mark_that_windows_editors_put_first_is_no_fault(tmp_path: Path) -> None:
    assert linted(written(tmp_path, b"\xef\xbb\xbf" + json.dumps(talk()).encode())) == 0


def test_a_sound_body_gets_no_advice_to_capture_what_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    linted(written(tmp_path, talk()))
    told = capsys.readouterr().out
    assert told.startswith("No known rule is broken.") and "DEBUG_MODE" not in told


def test_a_model_is_judged_by_the_built_in_list_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = "conversationState.currentMessage.userInputMessage.modelId"
    assert linted(written(tmp_path, breach({content: "claude-sonnet-9"}))) == 1
    assert "list built into this version" in capsys.readouterr().out
