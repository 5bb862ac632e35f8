"""Errors that nobody foresaw, and what the log says of them."""

from collections.abc import Iterator
from contextlib import contextmanager

from structlog.testing import capture_logs

CEILING = 30.0


class Unforeseen(Exception):
    """An error that no code knows."""


@contextmanager
def failures() -> Iterator[list[str]]:
    """The names of the tasks whose failure was logged, each with a traceback."""
    names: list[str] = []
    with capture_logs() as lines:
        yield names
        for line in lines:
            if line["event"] == "background_task_failed":
                assert line["exc_info"]
                names.append(line["task"])
