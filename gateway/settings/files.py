"""Reading a settings file as text, and where in a TOML file a key stands."""

import re
from collections import Counter
from pathlib import Path
from typing import Final

MAX_BYTES: Final = 1024 * 1024
"""A settings file has a few KB; one of a megabyte is another file."""

_TABLE: Final = re.compile(r"\s*\[\s*([A-Za-z0-9_.\"'-]+)\s*\]")
_ARRAY: Final = re.compile(r"\s*\[\[\s*([A-Za-z0-9_.\"'-]+)\s*\]\]")
_KEY: Final = re.compile(r"\s*([A-Za-z0-9_.\"'-]+)\s*=")


class Unreadable(Exception):
    """The file is not text that can be read; the message completes "FILE …"."""


def read(path: Path) -> str:
    """The text of a regular file, in UTF-8 with or without a mark. Raises Unreadable, FileNotFoundError."""
    try:
        if path.exists() and not path.is_file():
            raise Unreadable("is not a regular file")
        content = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}") from None
    if len(content) > MAX_BYTES:
        raise Unreadable("is too large for a settings file")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("is UTF-16; save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"is not UTF-8 text (byte {error.start})") from None


def lines_of(text: str) -> dict[str, int]:
    """Full key or table name → its line, for messages; what this simple look misses has no line there.

    The tables of an array are counted from 0: ``accounts.0.name``.
    """
    found: dict[str, int] = {}
    arrays: Counter[str] = Counter()
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _ARRAY.match(line):
            name = _bare(header[1])
            table = f"{name}.{arrays[name]}"
            arrays[name] += 1
            found.setdefault(name, number)
            found.setdefault(table, number)
        elif header := _TABLE.match(line):
            table = _bare(header[1])
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault(f"{table}.{_bare(key[1])}".lstrip("."), number)
    return found


def _bare(name: str) -> str:
    return name.replace('"', "").replace("'", "")
