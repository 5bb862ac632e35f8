"""Lets one tool call of a turn through, for clients that can do no two at once."""

from gateway.conversation import ToolCall
from gateway.events import BlockStart, Event, Stop, StopReason


class OneCall:
    """Ends the turn where a second call begins; its id never reaches the client.

    A turn with a single call goes on to its own end: that is where Kiro tells the usage.
    """

    __slots__ = ("_called",)

    def __init__(self) -> None:
        self._called = False

    def feed(self, events: list[Event]) -> list[Event]:
        """The events up to the second call."""
        for number, event in enumerate(events):
            if isinstance(event, BlockStart) and isinstance(event.block, ToolCall):
                if self._called:
                    return [*events[:number], Stop(StopReason.TOOL_USE)]
                self._called = True
        return events
