"""One tool call as Kiro tells it, piece by piece, and those that must wait because another one is still open."""

from collections import deque
from typing import Any, Final

from gateway import jsontext
from gateway.kiro.halves import Halves
from gateway.kiro.parts import ReasoningPart, TextPart, ToolPart

_NOTHING: Final = "{}"
"""Stands for a call without arguments; Kiro also sends it as the opening of one whose fragments follow."""


class Call:
    """The arguments of one call. What ``feed`` and ``finish`` return, joined, is their JSON text.

    complete: after ``finish``, whether the arguments are a whole JSON object.
    """

    __slots__ = ("_fragments", "_halves", "_object", "complete", "id")

    def __init__(self, id: str) -> None:
        self.id = id
        self.complete = False
        self._fragments: list[str] = []
        self._object: dict[str, Any] = {}
        self._halves = Halves()

    def feed(self, given: str | dict[str, Any] | None) -> str:
        """Take an ``input``; the text to pass on now.

        A whole object waits for the end: fragments may follow it and then hold the same arguments.
        """
        if not given:
            return ""
        if isinstance(given, dict):
            self._object = self._object if self._fragments else given
            return ""
        if given == _NOTHING and not self._fragments:
            return ""
        fragment = self._halves.join(given)
        self._fragments.append(fragment)
        return "" if self._object else fragment

    def finish(self, *, stopped: bool) -> str:
        """The rest of the text. ``stopped``: Kiro ended the call; only then does no input mean no arguments."""
        rest = self._halves.rest()
        told = "".join([*self._fragments, rest])
        self.complete = _is_object(told)
        if self._object:
            told = told if self.complete else jsontext.encode(self._object).decode()
            self.complete = True
            return told
        if stopped and not told.strip():
            self.complete = True
            return rest + _NOTHING
        return rest


def _is_object(text: str) -> bool:
    try:
        return isinstance(jsontext.decode(text), dict)
    except jsontext.JsonError:
        return False


Waiting = TextPart | ReasoningPart | ToolPart


class Queue:
    """Parts that came while another call was open, in runs: all of one call, or text and reasoning between calls.

    Blocks never interleave on their way out; a run goes on when the open call ends.
    """

    __slots__ = ("_calls", "_runs", "_told")

    def __init__(self) -> None:
        self._runs: deque[list[Waiting]] = deque()
        self._calls: dict[str, list[Waiting]] = {}
        self._told: list[Waiting] | None = None  # the last run, when it is text or reasoning

    def __bool__(self) -> bool:
        return bool(self._runs)

    def put(self, part: Waiting) -> None:
        """Add a part to its call's run, or to the text after the last one."""
        run = self._calls.get(part.id) if isinstance(part, ToolPart) else self._told
        if run is None:
            run = []
            self._runs.append(run)
            self._told = None
            if isinstance(part, ToolPart):
                self._calls[part.id] = run
            else:
                self._told = run
        run.append(part)

    def take(self) -> list[Waiting]:
        """The oldest run; only when there is one."""
        run = self._runs.popleft()
        if run is self._told:
            self._told = None
        elif isinstance(run[0], ToolPart):
            del self._calls[run[0].id]
        return run
