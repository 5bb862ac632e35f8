"""An open answer that is made to fit the client's demands as it is read."""

from gateway.events import Event
from gateway.honour.stage import Stages
from gateway.upstream.stream import OpenStream
from gateway.web.searching import Searching


class Honoured:
    """Reads as an OpenStream does, and may end before it: whoever reads then closes it, whatever is still to come."""

    def __init__(self, upstream: OpenStream | Searching, stages: Stages) -> None:
        self._upstream = upstream
        self._stages = stages
        self.events = stages.feed(upstream.events)

    @property
    def ended(self) -> bool:
        """Whether the turn is over: a Stop or a Failure was given."""
        return self._stages.ended

    async def read(self) -> list[Event]:
        """The events of the next network chunk, possibly none. Safe to cancel, as the upstream's own."""
        return self._stages.feed(await self._upstream.read())

    async def close(self) -> None:
        """Close the upstream. May be called twice."""
        await self._upstream.close()
