"""Debug capture: complete, private, redacted, and never in a request's way."""

import stat
from pathlib import Path

import pytest

from gateway.errors import GatewayError, Kind
from gateway.jsontext import decode
from gateway.web.capture import MAX_BYTES, Captures, redact, tee

SECRETS = [
    b"authorization: Bearer aoaAAAAAinvented",
    b'{"refreshToken": "aorAAAAAinvented", "x": 1}',
    b'{"client_secret":"eyJinvented.abcdef.ghi"}',
    b"key ksk_invented0123456789 end",
    b"ANTHROPIC_API_KEY=kg-invented0123456789",
    b"eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.sig",
    b'{"x-api-key": "a-gateway-key-of-24-characters"}',
]


def folders(root: Path) -> list[Path]:
    return list(root.iterdir())


def only_folder(root: Path) -> Path:
    (folder,) = folders(root)
    return folder


@pytest.mark.parametrize("text", SECRETS)
def test_what_looks_like_a_login_is_taken_out(text: bytes) -> None:
    cleaned = redact(text)
    assert b"***" in cleaned
    assert not any(secret in cleaned for secret in (b"invented", b"a-gateway-key", b"eyJzdWIi"))


def test_ordinary_text_stays_as_it_is() -> None:
    text = 'the bearer of news wrote {"token_count": "7"} für 日本'.encode()
    assert redact(text).replace(b"***", b"of") == text


FAULT = GatewayError(Kind.UPSTREAM, "cut")
FILES = {
    "request_body.json",
    "kiro_request_body.json",
    "response_stream_raw.txt",
    "response_stream_modified.txt",
    "app_logs.txt",
    "error_info.json",
}


async def kept(captures: Captures, error: GatewayError | None = None, *attempts: bytes) -> None:
    """One request: a client's body, bodies of attempts, an answer, a line of the log, an end."""
    capture = captures.begin("req_1")
    capture.client_body(b'{"a":1}')
    for body in attempts:
        capture.kiro_body(body)
    capture.upstream_bytes(b"frame")
    capture.client_bytes(b"event: x\n\n")
    tee(None, "info", {"event": "request", "status": 200})
    captures.end(capture, error)
    await captures.close()


async def test_all_six_files_are_written_for_a_failed_request(tmp_path: Path) -> None:
    await kept(Captures("errors", tmp_path), FAULT, b'{"b":2}')
    folder = only_folder(tmp_path)
    assert {path.name for path in folder.iterdir()} == FILES
    assert (folder / "app_logs.txt").read_bytes() == b'{"event":"request","status":200}'
    assert decode((folder / "error_info.json").read_bytes())["message"] == "cut"


async def test_of_several_attempts_the_last_ones_body_is_kept_whole(tmp_path: Path) -> None:
    attempts = [b'"' + letter * (MAX_BYTES // 2) + b'"' for letter in (b"x", b"y", b"z")]
    await kept(Captures("all", tmp_path), None, *attempts)
    assert (only_folder(tmp_path) / "kiro_request_body.json").read_bytes() == attempts[-1]


async def test_what_is_too_much_is_left_out_and_that_is_said(tmp_path: Path) -> None:
    await kept(Captures("all", tmp_path), None, b"x" * (MAX_BYTES + 1))
    folder = only_folder(tmp_path)
    assert (folder / "kiro_request_body.json").stat().st_size == MAX_BYTES - len(b'{"a":1}')
    assert b"[cut" in (folder / "response_stream_raw.txt").read_bytes()


async def test_what_is_logged_after_the_end_belongs_to_nobody(tmp_path: Path) -> None:
    captures = Captures("all", tmp_path)
    await kept(captures)
    tee(None, "info", {"event": "another"})
    assert "another" not in (only_folder(tmp_path) / "app_logs.txt").read_text()


@pytest.mark.parametrize(
    ("mode", "error", "number"), [("off", FAULT, 0), ("errors", None, 0), ("errors", FAULT, 1), ("all", None, 1)]
)
async def test_the_mode_decides_what_is_kept(
    tmp_path: Path, mode: str, error: GatewayError | None, number: int
) -> None:
    await kept(Captures(mode, tmp_path), error)
    assert len(folders(tmp_path)) == number


async def test_only_the_owner_can_read_a_capture(tmp_path: Path) -> None:
    await kept(Captures("all", tmp_path / "debug"))
    folder = only_folder(tmp_path / "debug")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


async def test_a_folder_that_cannot_be_written_hurts_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    await kept(Captures("all", tmp_path / "file"))
    assert (tmp_path / "file").read_text() == "in the way"
