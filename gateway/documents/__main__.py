"""Base64 of a PDF on standard input → its text on standard output, or why there is none, with an exit code."""

import binascii
import sys
from typing import Final

from gateway.documents import REFUSED
from gateway.documents.pdf import Unreadable, text

_MEMORY: Final = 1 << 30
"""Bytes of address space, so that a document that unfolds into more ends its reader and not the machine."""


def main() -> int:
    """Never shows a traceback: it could hold words of the document."""
    _limit_memory()
    sys.stderr = None  # Python's own way to say: nobody listens
    try:
        found, code = text(binascii.a2b_base64(sys.stdin.buffer.read())), 0
    except Unreadable as error:
        found, code = str(error), REFUSED
    sys.stdout.buffer.write(found.encode("utf-8", "replace"))
    return code


def _limit_memory() -> None:
    try:
        import resource  # noqa: PLC0415 - it does not exist on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


if __name__ == "__main__":
    sys.exit(main())
