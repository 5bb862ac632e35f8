"""Requests that are sent a second time under the ids of one that failed.

Seen in production (2026-09-30): 137 of 137 of them were answered 400 "Improperly formed request.".
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from gateway.simulator.record import Exchange

_KEPT: Final = 10_000
"""Pairs of ids that are remembered, the latest."""

_THROTTLED: Final = 429
_SERVER_ERROR: Final = 500

Pair = tuple[str, str]


class Resends:
    """The pairs of conversationId and agentContinuationId that were answered 429 or 5xx, or whose client timed out.

    Whether the real service forgets them after a while is not known; here they count until the simulator is reset.
    """

    def __init__(self) -> None:
        self._failed: OrderedDict[Pair, None] = OrderedDict()

    def note(self, exchange: Exchange) -> None:
        """A generation request is over."""
        if not _has_failed(exchange):
            return
        pair = _pair(exchange.json())
        if pair is not None:
            self._failed[pair] = None
            if len(self._failed) > _KEPT:
                self._failed.popitem(last=False)

    def repeats(self, body: Mapping[str, Any]) -> bool:
        """Whether a body has the ids of one that failed."""
        return _pair(body) in self._failed


def _has_failed(exchange: Exchange) -> bool:
    """A client that leaves before anything of the answer was sent has timed out."""
    if exchange.ending in ("client_fin", "client_rst"):
        return exchange.sent == 0
    return exchange.status is not None and (exchange.status == _THROTTLED or exchange.status >= _SERVER_ERROR)


def _pair(body: Mapping[str, Any]) -> Pair | None:
    """The ids, if the body has both."""
    state = body.get("conversationState")
    if not isinstance(state, dict):
        return None
    ids = (state.get("conversationId"), state.get("agentContinuationId"))
    return (str(ids[0]), str(ids[1])) if all(ids) else None
