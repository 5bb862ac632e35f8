"""How much of unfinished frames all answers together may hold: one that is large and stalls must not take the rest."""

from typing import Final

MOST: Final = 128 * 1024 * 1024
"""Bytes: eight of the largest frames there may be, where a frame of Kiro's has some hundred bytes."""

SMALL: Final = 64 * 1024
"""Bytes of one answer that nobody counts: a thousand such answers stay below the limit."""


class Room:
    """Counts what is held. One for all answers of a process."""

    __slots__ = ("_free",)

    def __init__(self, most: int = MOST) -> None:
        self._free = most

    def change(self, held: int, now: int) -> bool:
        """An answer holds ``now`` bytes instead of ``held``; False, and nothing is counted, when they do not fit."""
        if now - held > self._free:
            return False
        self._free -= now - held
        return True
