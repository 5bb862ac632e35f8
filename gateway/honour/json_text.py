"""Makes the text of an answer that must be JSON bare JSON, as far as that can be seen without reading it."""

from gateway.events import BlockEnd, Event, Failure, TextDelta
from gateway.honour.fence import Fence


class JsonText:
    """Takes a Markdown fence off. All text blocks of a turn are one text; thinking is none of it.

    Whether the text is the JSON that was asked for is found out at the turn's end, by another process
    (``web/honoured.py``).
    """

    __slots__ = ("_fence", "_index")

    def __init__(self) -> None:
        self._fence = Fence()
        self._index = -1  # of the last text block

    def feed(self, events: list[Event]) -> list[Event]:
        """The events without the fence."""
        passed: list[Event] = []
        for event in events:
            match event:
                case TextDelta(index, text):
                    self._index = index
                    self._say(self._fence.feed(text), passed)
                case BlockEnd() | Failure():
                    self._say(self._fence.close(), passed)
                    passed.append(event)
                case _:
                    passed.append(event)
        return passed

    def _say(self, text: str, passed: list[Event]) -> None:
        if text:
            passed.append(TextDelta(self._index, text))
