"""Cuts a turn's text at the first stop sequence, however the text is cut into deltas."""

from bisect import bisect_left
from collections.abc import Sequence

from gateway.conversation import Text
from gateway.events import BlockEnd, BlockStart, Event, Failure, Stop, StopReason, TextDelta


class StopSequences:
    """Looks for the sequences in text blocks, each by itself; thinking and arguments pass unseen.

    The first sequence to be complete counts, the longer one where two are complete at once: what comes out does not
    depend on where the deltas end. Text that may be the beginning of a sequence waits (``_held``), and so does the
    start of a block that has said nothing yet (``_start``): a block that the cut leaves empty never existed.
    """

    __slots__ = ("_firsts", "_held", "_index", "_longest", "_sequences", "_start", "_stopped")

    def __init__(self, sequences: Sequence[str]) -> None:
        """``sequences``: one at least, none of them empty."""
        self._sequences = tuple(sorted(sequences))
        self._longest = max(map(len, sequences))
        self._firsts = {sequence[0] for sequence in sequences}
        self._start: BlockStart | None = None
        self._held = ""
        self._index = -1  # of the open text block
        self._stopped = False

    def feed(self, events: list[Event]) -> list[Event]:
        """The events up to the cut."""
        passed: list[Event] = []
        for event in events:
            if self._stopped:
                break
            self._pass(event, passed)
        return passed

    def _pass(self, event: Event, passed: list[Event]) -> None:
        match event:
            case TextDelta(_, text):
                self._text(self._held + text, passed)
            case BlockStart(index, Text()):
                self._start, self._index = event, index
            case BlockEnd() | Failure():
                self._release(passed)
                passed.append(event)
            case _:
                passed.append(event)

    def _text(self, text: str, passed: list[Event]) -> None:
        found = first_match(text, self._sequences)
        if found is None:
            self._held = text[len(text) - self._undecided(text) :]
            self._say(text[: len(text) - len(self._held)], passed)
            return
        at, sequence = found
        self._say(text[:at], passed)
        if self._start is None:
            passed.append(BlockEnd(self._index))
        passed.append(Stop(StopReason.STOP_SEQUENCE, sequence))
        self._stopped = True

    def _say(self, text: str, passed: list[Event]) -> None:
        if text:
            self._begin(passed)
            passed.append(TextDelta(self._index, text))

    def _begin(self, passed: list[Event]) -> None:
        if self._start is not None:
            passed.append(self._start)
            self._start = None

    def _release(self, passed: list[Event]) -> None:
        """The block is over: what waited is text, and a block that stayed empty was Kiro's."""
        self._begin(passed)
        self._say(self._held, passed)
        self._held = ""

    def _undecided(self, text: str) -> int:
        """How many characters at the end of ``text`` may be the beginning of a sequence: as many as possible."""
        tail = text[max(0, len(text) - self._longest + 1) :]
        for start, letter in enumerate(tail):
            if letter in self._firsts and self._begins(tail[start:]):
                return len(tail) - start
        return 0

    def _begins(self, text: str) -> bool:
        """Whether a sequence begins with ``text``: in sorted order the first that does is the next one behind it."""
        place = bisect_left(self._sequences, text)
        return place < len(self._sequences) and self._sequences[place].startswith(text)


def first_match(text: str, sequences: Sequence[str]) -> tuple[int, str] | None:
    """Where the sequence that is complete first begins, and which it is."""
    matches = [(at + len(sequence), at, sequence) for sequence in sequences if (at := text.find(sequence)) >= 0]
    return min(matches)[1:] if matches else None
