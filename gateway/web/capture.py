"""Debug capture: what one request was, in six files, for the user's own eyes.

The pieces are kept as they pass (bounded) and written by a worker thread when the request has ended, redacted: nothing
is searched, indented or written on the event loop. A request that ended before Kiro was asked has fewer files.
"""

import asyncio
from collections.abc import Callable, MutableMapping
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
import structlog

from gateway import jsontext
from gateway.errors import GatewayError
from gateway.supervision import log_failure
from gateway.threads import Threads
from gateway.web.redaction import redact

INDENTED_BYTES: Final = 512 * 1024
"""A larger body is written as it came: indenting it would hold up every stream for 10 ms a megabyte."""

log = structlog.get_logger("gateway.capture")

MAX_BYTES: Final = 48 * 1024 * 1024
"""Kept per request: the largest body (32 MiB) and room for its answer; what is over is left out, and said so."""

WRITERS: Final = 1
"""Threads that write captures: they are for one disk, and nobody waits for them."""

WAITING: Final = 8
"""Captures that may wait for the writer. Each holds up to ``MAX_BYTES``; further ones are dropped."""

CLOSE_WAIT: Final = 10.0
"""Seconds for captures that are being written when the gateway stops."""


class Capture(Protocol):
    """Where the pieces of a request go."""

    def client_body(self, body: bytes | bytearray) -> None:
        """The client's request body, as it came."""

    def kiro_body(self, body: bytes) -> None:
        """The body of an attempt; the last one stays."""

    def upstream_bytes(self, chunk: bytes) -> None:
        """Bytes of Kiro's answer."""

    def client_bytes(self, chunk: bytes) -> None:
        """Bytes of the gateway's answer."""


class NoCapture:
    """The capture of a request nobody wants to look at."""

    def client_body(self, body: bytes | bytearray) -> None:
        """Nothing is kept."""

    def kiro_body(self, body: bytes) -> None:
        """Nothing is kept."""

    def upstream_bytes(self, chunk: bytes) -> None:
        """Nothing is kept."""

    def client_bytes(self, chunk: bytes) -> None:
        """Nothing is kept."""


NO_CAPTURE: Final = NoCapture()


class FolderCapture:
    """Keeps the pieces of one request and writes them as a folder of six files."""

    def __init__(self, request_id: str, folder: Path) -> None:
        self._folder = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S}_{request_id}"
        self._client_body = b""
        self._kiro_body = b""
        self._upstream: list[bytes] = []
        self._answer: list[bytes] = []
        self._lines: list[bytes] = []
        self._room = MAX_BYTES

    def client_body(self, body: bytes | bytearray) -> None:
        """The client's request body, as it came."""
        self._client_body = self._fitting(bytes(body))

    def kiro_body(self, body: bytes) -> None:
        """The body of an attempt; the last one stays."""
        self._room += len(self._kiro_body)
        self._kiro_body = self._fitting(body)

    def upstream_bytes(self, chunk: bytes) -> None:
        """Bytes of Kiro's answer."""
        self._upstream.append(self._fitting(chunk))

    def client_bytes(self, chunk: bytes) -> None:
        """Bytes of the gateway's answer."""
        self._answer.append(self._fitting(chunk))

    def log_line(self, line: bytes) -> None:
        """A line of the log that belongs to the request."""
        self._lines.append(self._fitting(line))

    def _fitting(self, piece: bytes) -> bytes:
        kept = piece[: self._room]
        self._room -= len(kept)
        return kept

    def write(self, error: GatewayError | None) -> None:
        """Write the folder; blocking, for a thread. A full or read-only disk is logged and hurts no request."""
        try:
            self._folder.mkdir(parents=True, mode=0o700)
            for name, content in self._files(error).items():
                if content:
                    _write_private(self._folder / name, redact(content))
        except OSError as fault:
            log.warning("capture_not_written", reason=fault.strerror)

    def _files(self, error: GatewayError | None) -> dict[str, bytes]:
        cut = b"" if self._room else b"\n[cut: more than the capture's limit]\n"
        return {
            "request_body.json": _indented(self._client_body),
            "kiro_request_body.json": _indented(self._kiro_body),
            "response_stream_raw.txt": b"".join(self._upstream) + cut,
            "response_stream_modified.txt": b"".join(self._answer) + cut,
            "app_logs.txt": b"\n".join(self._lines),
            "error_info.json": _error_facts(error) if error else b"",
        }


def _write_private(path: Path, content: bytes) -> None:
    """Create a file only its owner can read; never follow or overwrite what is there."""
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(content)


def _indented(body: bytes) -> bytes:
    if len(body) > INDENTED_BYTES:
        return body
    try:
        return msgspec.json.format(body)
    except msgspec.DecodeError:
        return body


def _error_facts(error: GatewayError) -> bytes:
    return msgspec.json.format(
        jsontext.encode(
            {
                "kind": error.kind.label,
                "message": error.message,
                "path": error.path,
                "reason": getattr(error, "reason", None),
                "upstream_status": getattr(error, "upstream_status", None),
                "upstream_request_id": getattr(error, "request_id", None),
            }
        )
    )


_CURRENT: Final[ContextVar[FolderCapture | None]] = ContextVar("capture", default=None)


def tee(_logger: Any, _method: str, record: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor of the log, behind the one that masks secrets: the lines of a request go into its capture, too."""
    capture = _CURRENT.get()
    if capture is not None:
        capture.log_line(jsontext.encode(record))
    return record


class Captures:
    """Makes captures by the mode the user set (off, errors, all) and writes those worth keeping.

    dropped: those that were not written because too many waited for the disk.
    """

    def __init__(self, mode: str, folder: str | Path) -> None:
        self._mode = mode
        self._folder = Path(folder).expanduser()
        self.dropped = 0
        self._threads = Threads("captures", WRITERS, waiting=WAITING)
        self._writing: set[asyncio.Future[None]] = set()

    def begin(self, request_id: str) -> Capture:
        """The capture of a request that begins; what its task logs from now on belongs to it."""
        if self._mode == "off":
            return NO_CAPTURE
        capture = FolderCapture(request_id, self._folder)
        _CURRENT.set(capture)
        return capture

    def end(self, capture: Capture, error: GatewayError | None) -> None:
        """Keep or drop the capture of a request that has ended, with or without an error. Waits for no disk."""
        _CURRENT.set(None)
        if isinstance(capture, FolderCapture) and (self._mode == "all" or error is not None):
            self._in_thread(partial(capture.write, error))

    def _in_thread(self, write: Callable[[], None]) -> None:
        try:
            job = self._threads.submit(write)
        except GatewayError as full:
            self.dropped += 1
            log.warning("capture_dropped", reason=full.message, dropped=self.dropped)
            return
        self._writing.add(job)
        job.add_done_callback(self._written)

    def _written(self, job: "asyncio.Future[None]") -> None:
        self._writing.discard(job)
        if not job.cancelled() and (error := job.exception()) is not None:
            log_failure("capture", error)

    async def close(self) -> None:
        """Wait for what is being written, for ``CLOSE_WAIT`` seconds."""
        if self._writing:
            _, late = await asyncio.wait(set(self._writing), timeout=CLOSE_WAIT)
            if late:
                log.warning("captures_not_written", captures=len(late))
        self._threads.close()
