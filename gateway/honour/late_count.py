"""Tokens of a text that comes in pieces, counted as late and in as small steps as possible."""

import unicodedata
from collections.abc import Callable
from typing import Final

_STEP: Final = 1024
"""Characters counted at once: 0.2 ms."""

_BACKLOG: Final = 16 * 1024
"""Characters that may wait uncounted: what is left to count at the end takes 3 ms."""

_WORD: Final = 32
"""Characters after which a text without white space is no unfinished word."""

_LONGEST_CLUSTER: Final = 32
"""Characters that a cut moves back so as not to take accents or joined emoji apart; longer clusters are no text."""

_JOINER: Final = "\u200d"


class LateCount:
    """A text goes uncounted while its bytes alone prove that it is within a limit: a token has one byte at least.

    It is counted in whole words, so that the count hardly depends on where the pieces end.
    """

    __slots__ = ("_count", "_counted", "_open", "_parted", "_size", "_weight")

    def __init__(self, count: Callable[[str], int]) -> None:
        """count: tokens of a text, never more than its bytes in NFKC."""
        self._count = count
        self._counted = 0  # tokens
        self._parted: list[str] = []  # uncounted texts that no further piece belongs to
        self._open: list[str] = []  # the uncounted end of the text
        self._size = 0  # characters of both
        self._weight = 0  # bytes of both

    def part(self) -> None:
        """The text ends here, and another one begins."""
        if self._open:
            self._parted.append("".join(self._open))
            self._open = []

    def take(self, text: str, most: float) -> int:
        """Take as much of the next piece as keeps the tokens within ``most``; how many characters that is."""
        weight = _weight(text)
        if self._counted + self._weight + weight > most:
            return self._take_counted(text, most)
        self._open.append(text)
        self._size += len(text)
        self._weight += weight
        if self._size > _BACKLOG:
            self._settle(_BACKLOG // 2)
        return len(text)

    def total(self) -> int:
        """Tokens of all that was taken."""
        self._settle(0)
        return self._counted

    def _take_counted(self, text: str, most: float) -> int:
        self._count_parted()
        before = "".join(self._open)
        whole = before + text
        place = 0
        while True:
            step = _step(whole, place)
            tokens = self._count(step)
            taken = max(0, len(before) - place)  # characters of the step that went out long ago
            if self._counted + tokens > most:
                end = self._fitting(step, min(taken, len(step)), most)
                kept = max(place + end, len(before))
                self._keep(whole[place:kept])
                return kept - len(before)
            if place + len(step) == len(whole):
                break
            self._counted += tokens
            place += len(step)
        words = _whole_words(step)
        if words:
            tokens = self._count(step[:words])
            if self._counted + tokens + self._count(step[words:]) <= most:  # else the step is more when taken apart
                self._counted += tokens
                step = step[words:]
        self._keep(step)
        return len(text)

    def _fitting(self, step: str, low: int, most: float) -> int:
        """Where the step passes ``most``, by halving: ``low`` characters are within it, all of them are not."""
        first, high = low, len(step)
        while high - low > 1:
            middle = (low + high) // 2
            if self._counted + self._count(step[:middle]) <= most:
                low = middle
            else:
                high = middle
        return _whole_characters(step, first, low)

    def _settle(self, keep: int) -> None:
        """Count all but the last ``keep`` characters or so."""
        self._count_parted()
        whole = "".join(self._open)
        place = 0
        while len(whole) - place > keep:
            step = _step(whole, place)
            self._counted += self._count(step)
            place += len(step)
        self._keep(whole[place:])

    def _count_parted(self) -> None:
        for text in self._parted:
            place = 0
            while place < len(text):
                step = _step(text, place)
                self._counted += self._count(step)
                place += len(step)
        self._parted.clear()

    def _keep(self, text: str) -> None:
        """All before ``text`` is counted."""
        self._open = [text] if text else []
        self._size, self._weight = len(text), _weight(text)


def _weight(text: str) -> int:
    """The most tokens that a text can have. NFKC, in which it is counted, may make it longer (``ﷺ``)."""
    if text.isascii():
        return len(text)
    return len(unicodedata.normalize("NFKC", text).encode("utf-8", "surrogatepass"))


def _step(text: str, place: int) -> str:
    """The next characters to be counted, up to and without white space where there is some."""
    if len(text) - place <= _STEP:
        return text[place:]
    step = text[place : place + _STEP]
    return step[: _last_space(step, 1) or _STEP]


def _whole_words(text: str) -> int:
    """Where the last word begins, which may go on; in a text without white space, near its end."""
    long = len(text) > 2 * _WORD
    return _last_space(text, len(text) - 2 * _WORD) or (len(text) - _WORD if long else 0)


def _last_space(text: str, lowest: int) -> int:
    """Where the last white space begins, which counts with what follows it; 0 where that is before ``lowest``."""
    found = max(text.rfind(" "), text.rfind("\n"))
    begins = len(text[: found + 1].rstrip())
    return begins if begins >= max(1, lowest) else 0


def _whole_characters(text: str, first: int, end: int) -> int:
    """``end``, or the beginning of what is read as one character with what stands there (``é``, a family's emoji)."""
    for place in range(end, max(first, end - _LONGEST_CLUSTER), -1):
        if not (_continues(text[place]) or text[place - 1] == _JOINER):
            return place
    return first if end - first <= _LONGEST_CLUSTER else end


def _continues(letter: str) -> bool:
    """Whether a letter is one with what stands before it: an accent, a joiner, a colour of skin."""
    return letter == _JOINER or unicodedata.category(letter)[0] == "M" or "\U0001f3fb" <= letter <= "\U0001f3ff"
