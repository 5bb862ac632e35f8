"""The retry budget: how often all requests together may repeat a send on the same route.

An outage must not be answered with several times the load. What goes to another route is not charged.
"""

from typing import Final

SHARE: Final = 0.2
"""Repeats, as a part of the requests: what finagle and Envoy allow by default."""

ONE_PLAN: Final = 5
"""Repeats that are always allowed: as many as the plan of one request has, so that a request that is alone is bound by
its plan only."""

REMEMBERED: Final = 1000
"""Requests after which the past counts half, so that an hour of good answers pays for no storm."""


class Budget:
    """Counts the requests that are being opened, and how often a send of theirs was repeated.

    It begins anew whenever none is being opened: requests that come one after another do not share it.
    """

    __slots__ = ("_again", "_opening", "_requests")

    def __init__(self) -> None:
        self._opening = 0
        self._requests = 0.0
        self._again = 0.0

    def enter(self) -> None:
        """A request begins to be opened."""
        if not self._opening:
            self._requests = self._again = 0.0
        self._opening += 1
        self._requests += 1
        if self._requests > REMEMBERED:
            self._requests, self._again = self._requests / 2, self._again / 2

    def leave(self) -> None:
        """It is open, has failed, or its client has left."""
        self._opening -= 1

    def take(self) -> bool:
        """Whether one of them may repeat a send; if so, that is counted."""
        if self._again + 1 > max(ONE_PLAN, SHARE * self._requests):
            return False
        self._again += 1
        return True
