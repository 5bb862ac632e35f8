"""Models for which Kiro has asked for a longer wait: they are not asked for meanwhile, whatever the account."""

from typing import Final

from gateway.errors import GatewayError

SHORTEST: Final = 10.0
"""Seconds: a shorter wait is waited out inside the request that met it."""

_MOST: Final = 100
"""Models remembered: more than Kiro has, so that a client that makes names up fills no memory."""


class BusyModels:
    """Which models have no capacity left, and until when. Times are monotonic seconds, handed in."""

    def __init__(self) -> None:
        self._until: dict[str, tuple[float, GatewayError]] = {}

    def note(self, model: str, error: GatewayError, now: float) -> None:
        """Kiro had no capacity for the model; ``error`` says how long to wait, if it does."""
        asked = error.retry_after or 0.0
        if asked <= SHORTEST or now + asked <= self._until.get(model, (0.0, error))[0]:
            return
        self._until.pop(model, None)
        self._until[model] = now + asked, error
        if len(self._until) > _MOST:
            self._until.pop(next(iter(self._until)))

    def refusal(self, model: str, now: float) -> GatewayError | None:
        """The error that Kiro's answer was, with the rest of the wait; None when the model may be asked for."""
        if model not in self._until:
            return None
        until, error = self._until[model]
        if now >= until:
            del self._until[model]
            return None
        return error.replaced(retry_after=until - now)
