"""An upstream in a process of its own, a thread for each connection: it reads whatever comes and answers by a mark.

It must keep its pace while 31 MB arrive on another connection, so nothing that arrives is parsed.
"""

import json
import re
import socketserver
import sys
import time
from collections.abc import Iterator
from typing import Final

from tests.corpus.frames import event

PACE: Final = 0.02
"""Seconds between two events of the paced stream."""

FRAME: Final = 1024
"""Characters of a frame of a long text."""

_END: Final = event("meteringEvent", {"unit": "credit", "unitPlural": "credits", "usage": 0.1})
_MARK: Final = re.compile(rb"\[\[(\w+) (\d+)\]\]")
_LENGTH: Final = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\nTransfer-Encoding: chunked\r\n\r\n"
)
_TOKENS: Final = b'{"accessToken":"a","refreshToken":"r","expiresIn":3600}'
_SEARCHED: Final = 256 * 1024
"""Bytes at the end of a body in which its mark is looked for."""


def said(text: str) -> bytes:
    """A frame of text."""
    return event("assistantResponseEvent", {"content": text})


class _Connection(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        try:
            while head := self._head():
                found = _LENGTH.search(head)
                self._answer(self._end_of_body(int(found[1]) if found else 0))
        except OSError:
            pass

    def _head(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b"", b"\r\n"):
            lines.append(line)
        return b"".join(lines)

    def _end_of_body(self, length: int) -> bytes:
        end = b""
        while length > 0:
            piece = self.rfile.read(min(length, 65536))
            if not piece:
                raise ConnectionError
            length -= len(piece)
            end = (end + piece)[-_SEARCHED:]
        return end

    def _answer(self, body: bytes) -> None:
        if b"conversationState" not in body and b"userInputMessage" not in body and b"modelId" not in body:
            content, status = (_TOKENS, b"200 OK") if b"refreshToken" in body else (b"{}", b"404 Not Found")
            head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            self.wfile.write(head % (status, len(content)) + content)
            return
        self.wfile.write(_HEAD)
        mark = _MARK.search(body)
        for frame in _frames(mark[1].decode(), int(mark[2])) if mark else [said("done")]:
            self._chunk(frame)
        self._chunk(_END)
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))


def _frames(name: str, number: int) -> Iterator[bytes]:
    match name:
        case "paced":
            due = time.perf_counter()
            for index in range(number):
                yield said(f"tick {index} ")
                due += PACE
                time.sleep(max(0.0, due - time.perf_counter()))
        case "long":
            for _ in range(number):
                yield said("A line of text that is of no use. " * 30)
        case "chunks":
            for index in range(number):
                yield said(f"{index} ")
        case "pattern":
            yield said(json.dumps({"a": "a" * number + "!"}))
        case "objects":
            text = json.dumps({"a": [{"n": index} for index in range(number)]})
            for start in range(0, len(text), FRAME):  # Kiro's frames are smaller still: some words
                yield said(text[start : start + FRAME])
        case _:
            yield said("{}")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    sys.setswitchinterval(0.0005)
    with _Server(("127.0.0.1", 0), _Connection) as server:
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
        server.serve_forever()
