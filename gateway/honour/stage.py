"""A stage: events of a turn in, events of a turn out; several stand in a row."""

from collections.abc import Sequence
from typing import Protocol

from gateway.events import ENDS, Event


class Stage(Protocol):
    """Changes one turn as it passes. May end it early with a Stop; it is not fed any more then."""

    def feed(self, events: list[Event]) -> list[Event]:
        """The next events, changed. What is held back comes with later ones, at the latest with the turn's end."""
        ...


class Stages:
    """Stages in a row. ``ended``: a Stop or Failure came out of the last one, nothing more of the turn is wanted."""

    __slots__ = ("_stages", "ended")

    def __init__(self, stages: Sequence[Stage]) -> None:
        self._stages = stages
        self.ended = False

    def feed(self, events: list[Event]) -> list[Event]:
        """The next events, through all stages; nothing once the turn has ended."""
        if self.ended:
            return []
        for stage in self._stages:
            events = stage.feed(events)
        self.ended = bool(events) and type(events[-1]) in ENDS
        return events
