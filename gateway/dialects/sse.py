"""One server-sent event as bytes. Data is one line: everything that goes in is JSON without line ends."""

from typing import Final

DONE: Final = b"data: [DONE]\n\n"
"""What ends a stream of the OpenAI kind."""

COMMENT_PING: Final = b": ping\n\n"
"""A comment: every client skips it, so it may stand between any two events."""


def named(event: str, data: bytes) -> bytes:
    """An event with its name, as the Anthropic API demands on every one."""
    return b"event: %b\ndata: %b\n\n" % (event.encode("ascii"), data)


def unnamed(data: bytes) -> bytes:
    """An event without a name, as OpenAI's chat API sends them."""
    return b"data: %b\n\n" % data
