"""An open answer that is made to fit the client's demands as it is read."""

from collections.abc import Awaitable, Callable

from gateway.events import Event, Failure, Stop, StopReason, TextDelta, Usage
from gateway.honour.stage import Stages
from gateway.upstream.stream import OpenStream
from gateway.web.searching import Searching

Judge = Callable[[str], Awaitable[Failure | None]]
"""What a turn with this text ends with instead of its Stop, or None."""


class Honoured:
    """Reads as an OpenStream does, and may end before it: whoever reads then closes it, whatever is still to come.

    judge: looks at the whole text of a turn before its end is given. Only an answer that ended by itself is judged:
    one that was cut, refused or went on to a tool says so in its stop reason.
    """

    def __init__(self, upstream: OpenStream | Searching, stages: Stages, judge: Judge | None = None) -> None:
        self._upstream = upstream
        self._stages = stages
        self._judge = judge
        self._said: list[str] = []  # the text, if it is to be judged
        self._end: list[Event] = []  # what waits for the judgement: the turn's Usage and its Stop
        self.events = self._passed(upstream.events)

    @property
    def ended(self) -> bool:
        """Whether the turn is over: a Stop or a Failure was given."""
        return self._stages.ended and not self._end

    async def read(self) -> list[Event]:
        """The events of the next network chunk, possibly none; in the end those that waited for the judgement.

        Safe to cancel, as the upstream's own.
        """
        if not self._end:
            passed = self._passed(await self._upstream.read())
            if passed or not self._end:
                return passed
        return await self._judged()

    def _passed(self, events: list[Event]) -> list[Event]:
        """What may go out of the next events: all, or what comes before an end that is to be judged."""
        events = self._stages.feed(events)
        if self._judge is None or not events:
            return events
        self._said += [event.text for event in events if type(event) is TextDelta]
        if events[-1] != Stop(StopReason.END_TURN):
            return events
        place = next(number for number, event in enumerate(events) if type(event) in (Usage, Stop))
        self._end = events[place:]
        return events[:place]

    async def _judged(self) -> list[Event]:
        """The turn's end. Nothing more comes from Kiro, so its connection and account are free for others by now."""
        await self._upstream.close()
        failure = None if self._judge is None else await self._judge("".join(self._said))
        end, self._end = self._end, []
        return end if failure is None else [*end[:-1], failure]

    async def close(self) -> None:
        """Close the upstream. May be called twice."""
        await self._upstream.close()
