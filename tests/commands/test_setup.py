"""``setup`` and ``ask`` as a user runs them: a gateway that runs, an empty home, the client's own file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.commands.clients import CLIENTS
from gateway.commands.setup import BACKUP
from tests.commands.starting import Running, command, gateway

KEY = "kg-setup-0f1e2d3c4b5a69788796a5b4c3d2e1f0"
WITH_FILE = [client for client in CLIENTS if client.format]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with gateway(tmp_path_factory.mktemp("gateway"), PROXY_API_KEY=KEY) as found:
        yield found


def run(home: Path, running: Running, *arguments: str, key: str = KEY) -> tuple[int, str]:
    done = command(home, *arguments, KIRO_GATEWAY_URL=running.url, KIRO_GATEWAY_API_KEY=key)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("client", WITH_FILE, ids=lambda client: client.name)
def test_a_client_is_set_up_and_back_in_an_empty_home(client, running: Running, tmp_path: Path) -> None:
    path = client.path(tmp_path, {})
    status, words = run(tmp_path, running, "setup", client.name, "--model", "claude-haiku-4.5")
    assert status == 0, words
    assert "answers (request req_" in words
    written = path.read_text()
    assert all(text in written for text in (running.url, KEY, "claude-haiku-4.5"))
    assert path.stat().st_mode & 0o077 == 0
    assert run(tmp_path, running, "setup", client.name, "--undo")[0] == 0
    assert [file for file in path.parent.iterdir() if file.is_file()] == []


def test_a_file_that_was_there_is_kept_beside_it_and_comes_back(running: Running, tmp_path: Path) -> None:
    path = tmp_path / ".claude" / "settings.json"
    path.parent.mkdir()
    original = '{"theme": "dark",  "env": {"ANTHROPIC_MODEL": "opus"}}'
    path.write_text(original)
    for model in ("claude-haiku-4.5", "claude-sonnet-4.5"):
        assert run(tmp_path, running, "setup", "claude-code", "--model", model)[0] == 0
    assert path.with_name(path.name + BACKUP).read_text() == original
    assert run(tmp_path, running, "setup", "claude-code", "--undo")[0] == 0
    assert path.read_text() == original


def test_the_key_is_not_printed(running: Running, tmp_path: Path) -> None:
    for arguments in (["claude-code"], ["codex", "--print"], ["zed", "--print"], ["zed"]):
        status, words = run(tmp_path, running, "setup", *arguments)
        assert status == 0
        assert KEY not in words


def test_printing_writes_nothing(running: Running, tmp_path: Path) -> None:
    status, words = run(tmp_path, running, "setup", "codex", "--print")
    assert (status, list(tmp_path.iterdir())) == (0, [])
    assert f'base_url = "{running.url}/v1"' in words


@pytest.mark.parametrize(("key", "reason"), [("kg-wrong-key-0000000000000000", "key"), (KEY, "not plain JSON")])
def test_what_cannot_be_done_changes_nothing(key: str, reason: str, running: Running, tmp_path: Path) -> None:
    path = tmp_path / ".claude" / "settings.json"
    path.parent.mkdir()
    path.write_text("// mine\n{}" if key == KEY else "{}")
    before = path.read_text()
    status, words = run(tmp_path, running, "setup", "claude-code", key=key)
    assert (status, path.read_text()) == (1, before)
    assert reason in words


def test_without_a_gateway_nothing_is_written(tmp_path: Path) -> None:
    done = command(tmp_path, "setup", "codex", "--port", "1")
    assert (done.returncode, list(tmp_path.iterdir())) == (1, [])
    assert "no gateway runs" in done.stderr


def test_what_was_not_set_up_cannot_be_undone(running: Running, tmp_path: Path) -> None:
    status, words = run(tmp_path, running, "setup", "codex", "--undo")
    assert status == 1
    assert "was not set up" in words


@pytest.mark.parametrize("api", ["messages", "chat", "responses"])
def test_a_question_gets_answer_usage_and_request_id(api: str, running: Running, tmp_path: Path) -> None:
    status, words = run(tmp_path, running, "ask", "Say hello.", "--api", api, "--model", "claude-haiku-4.5")
    assert status == 0, words
    assert all(part in words for part in ("simulator", "tokens ", "request id  req_", "claude-haiku-4.5"))


def test_a_refused_question_is_told(running: Running, tmp_path: Path) -> None:
    status, words = run(tmp_path, running, "ask", "Say hello.", "--model", "no-such-model")
    assert status == 1
    assert "does not know this model" in words
