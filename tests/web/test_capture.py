"""Debug capture: complete, private, redacted, and never in a request's way."""

import stat
from pathlib import Path

import pytest

from gateway.errors import GatewayError, Kind
from gateway.web.capture import Captures, FolderCapture, redact

SECRETS = [
    b"authorization: Bearer aoaAAAAAinvented",
    b'{"refreshToken": "aorAAAAAinvented", "x": 1}',
    b'{"client_secret":"eyJinvented.abcdef.ghi"}',
    b"key ksk_invented0123456789 end",
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


async def test_all_six_files_are_written_for_a_failed_request(tmp_path: Path) -> None:
    captures = Captures("errors", tmp_path)
    capture = captures.begin("req_1")
    capture.client_body(b'{"a":1}')
    capture.kiro_body(b'{"b":2}')
    capture.upstream_bytes(b"frame")
    capture.client_bytes(b"event: x\n\n")
    capture.failed(GatewayError(Kind.UPSTREAM, "cut"))
    assert isinstance(capture, FolderCapture)
    capture._lines.append("event=request")
    captures.end(capture)
    await captures.close()
    files = {path.name for path in only_folder(tmp_path).iterdir()}
    assert files == {
        "request_body.json",
        "kiro_request_body.json",
        "response_stream_raw.txt",
        "response_stream_modified.txt",
        "app_logs.txt",
        "error_info.json",
    }


@pytest.mark.parametrize(
    ("mode", "failed", "kept"), [("off", True, 0), ("errors", False, 0), ("errors", True, 1), ("all", False, 1)]
)
async def test_the_mode_decides_what_is_kept(tmp_path: Path, mode: str, failed: bool, kept: int) -> None:
    captures = Captures(mode, tmp_path)
    capture = captures.begin("req_1")
    capture.client_body(b"{}")
    if failed:
        capture.failed(GatewayError(Kind.UPSTREAM, "cut"))
    captures.end(capture)
    await captures.close()
    assert len(folders(tmp_path)) == kept


async def test_only_the_owner_can_read_a_capture(tmp_path: Path) -> None:
    captures = Captures("all", tmp_path / "debug")
    capture = captures.begin("req_1")
    capture.client_body(b"{}")
    captures.end(capture)
    await captures.close()
    folder = only_folder(tmp_path / "debug")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_folder_that_cannot_be_written_hurts_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    FolderCapture("req_1", tmp_path / "file").write()
    assert (tmp_path / "file").read_text() == "in the way"
