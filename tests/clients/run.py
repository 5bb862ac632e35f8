"""One run of a program: an empty home, nothing of the tester's environment, a time limit, and no process left over."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

QUIET = {
    "LANG": "C.UTF-8",
    "TERM": "dumb",
    "NO_COLOR": "1",
    "CI": "1",
    "DO_NOT_TRACK": "1",
    "DISABLE_TELEMETRY": "1",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "NO_PROXY": "127.0.0.1,localhost",
    "no_proxy": "127.0.0.1,localhost",
}
"""No telemetry; whatever wants to leave this machine by a proxy finds one that refuses."""

_ENDED = 10.0


class Run:
    """A program that runs now; what it writes, to whichever stream, is read as it comes."""

    def __init__(self, command: Sequence[str], folder: Path, home: Path, environment: Mapping[str, str]) -> None:
        temporary = home / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        places = {"HOME": str(home), "TMPDIR": str(temporary), "XDG_CONFIG_HOME": str(home / ".config")}
        self._home = home
        self._text = b""
        self._changed = threading.Condition()
        self._began = time.monotonic()
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env={**QUIET, **places, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert self._process.stdout
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    @property
    def output(self) -> str:
        """What it has written so far."""
        with self._changed:
            return self._text.decode("utf-8", "replace")

    def shows(self, words: str, within: float) -> bool:
        """Whether it writes these words in so many seconds; False as soon as it has ended without."""
        with self._changed:
            return bool(
                self._changed.wait_for(lambda: words.encode() in self._text or not self._reader.is_alive(), within)
                and words.encode() in self._text
            )

    def end(self, within: float) -> int | None:
        """Its exit status; None when it did not end in time. Nothing of it runs on afterwards."""
        try:
            status: int | None = self._process.wait(max(0.1, within - (time.monotonic() - self._began)))
        except subprocess.TimeoutExpired:
            status = None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            for pid in _living_in(self._home):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self._process.wait(_ENDED)
        self._reader.join(_ENDED)
        return status

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.end(0.0)

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            while piece := os.read(stream.fileno(), 65536):
                with self._changed:
                    self._text += piece
                    self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()


def _living_in(home: Path) -> Iterator[int]:
    """Processes with this home: a program's own services leave its session, but not its home. (Linux tells.)"""
    mark = f"\0HOME={home}\0".encode()
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if mark in b"\0" + environ.read_bytes():
                yield int(environ.parent.name)
